/* SPDX-License-Identifier: GPL-2.0 */
/* Functions generated at run time, as listed in perf-PID.map. */
#ifndef LEAKTRACE_SYMBOL_JIT_H
#define LEAKTRACE_SYMBOL_JIT_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "util/string_table.h"

struct jit_symbol {
	uint64_t start, end;
	uint64_t highest_end;		/* the greatest end of this entry and all before it */
	uint32_t line;			/* line number in the file; later lines are newer code */
	const char *name;
};

struct jit {
	struct jit_symbol *symbol;	/* by start */
	uint32_t n, room;
	ino_t inode;			/* these three identify the file that was read last */
	off_t size_bytes;
	struct timespec mtime;
};

void jit_refresh(struct jit *jit, struct string_table *names, pid_t pid, int root_fd);
void jit_parse(struct jit *jit, struct string_table *names, char *text);
const struct jit_symbol *jit_find(const struct jit *jit, uint64_t pc);
void jit_free(struct jit *jit);

#endif
