/* SPDX-License-Identifier: GPL-2.0 */
/* The executable mappings of a target, for the kernel's stack walker. */
#ifndef LEAKTRACE_NETLINK_CODE_MAPS_H
#define LEAKTRACE_NETLINK_CODE_MAPS_H

#include <stddef.h>
#include <stdint.h>

struct nl_msg;

struct code_mapping {
	uint64_t start, end, bias;	/* address in the process = ELF address + bias */
	uint32_t table, flags;		/* 0: none; LEAKTRACE_MAP_F_* */
};

struct code_map {
	struct code_mapping *piece;
	size_t n;
};

/* Appends the mappings as nests of that type. 0 or -ENOMEM. */
int code_map_put(const struct code_map *code, struct nl_msg *msg, int type);
void code_map_free(struct code_map *code);

#endif
