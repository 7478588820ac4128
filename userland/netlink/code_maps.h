/* SPDX-License-Identifier: GPL-2.0 */
/* The executable mappings of a target, for the kernel's stack walker. */
#ifndef LEAKTRACE_NETLINK_CODE_MAPS_H
#define LEAKTRACE_NETLINK_CODE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct nl_msg;

struct code_mapping {
	uint64_t start, end, bias;	/* address in the process = ELF address + bias */
	uint32_t table, flags;		/* 0: none; LEAKTRACE_MAP_F_* */
};

struct code_map {
	struct code_mapping *piece;
	size_t n;
	bool has_chain, is_certain;	/* of a script's frames; it is not to be looked for again */
	struct leaktrace_chain chain;
};

/* Appends the mappings as nests of that type, and a chain as what it is. 0 or -ENOMEM. */
int code_map_put(const struct code_map *code, struct nl_msg *msg, int type, int chain_type);
void code_map_free(struct code_map *code);

#endif
