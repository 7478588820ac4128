/* SPDX-License-Identifier: GPL-2.0 */
/* The executable mappings of a target, for the kernel's stack walker. */
#ifndef LEAKTRACE_CODE_MAPS_H
#define LEAKTRACE_CODE_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct nl_msg;
struct model;

struct code_mapping {
	uint64_t start, end, bias;	/* address in the process = ELF address + bias */
	uint32_t table, flags;		/* 0: none; LEAKTRACE_MAP_F_* */
};

struct code_map {
	struct code_mapping *piece;
	size_t n;
};

/*
 * Reads the executable mappings of pid, and loads an unwind table into the
 * kernel for each that can have one. NULL: the process has exited. Free with
 * code_map_free().
 */
struct code_map *code_map_read(struct client *c, pid_t pid);
void code_map_free(struct code_map *code);

/* Appends the mappings as nests of that type. 0 or -ENOMEM. */
int code_map_put(const struct code_map *code, struct nl_msg *msg, int type);

/*
 * Reads the mappings and sends them: after exec, dlopen or fork. 0, or a
 * negative errno; -ESTALE: they changed during every attempt.
 */
int code_map_send(struct client *c, struct model *m);

#endif
