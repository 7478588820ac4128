/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that a runtime made up, as it lists them in perf-PID.map. */
#ifndef LEAKTRACE_SYMBOL_JIT_H
#define LEAKTRACE_SYMBOL_JIT_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "util/string_table.h"

struct jit_symbol {
	uint64_t start, end;
	uint64_t highest_end;		/* of this one and all that start below */
	uint32_t line;			/* of the map; later ones are newer code */
	const char *name;
};

struct jit {
	struct jit_symbol *symbol;	/* by start */
	uint32_t n, room;
	ino_t inode;			/* these three: the file read last */
	off_t size_bytes;
	struct timespec mtime;
};

void jit_refresh(struct jit *jit, struct names *names, pid_t pid, int root_fd);
void jit_parse(struct jit *jit, struct names *names, char *text);
const struct jit_symbol *jit_find(const struct jit *jit, uint64_t pc);
void jit_free(struct jit *jit);

#endif
