/* SPDX-License-Identifier: GPL-2.0 */
/* Functions generated at run time, as listed in perf-PID.map. */
#ifndef LEAKTRACE_PERF_MAP_H
#define LEAKTRACE_PERF_MAP_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "util/string_table.h"

struct perf_map_symbol {
	uint64_t start, end;
	uint64_t highest_end;		/* the greatest end of this entry and all before it */
	uint32_t line;			/* line number in the file; later lines are newer code */
	const char *name;
};

struct perf_map {
	struct perf_map_symbol *symbol;	/* by start */
	uint32_t n, capacity;
	ino_t inode;			/* these three identify the file that was read last */
	off_t size_bytes;
	struct timespec mtime;
};

void perf_map_refresh(struct perf_map *jit, struct string_table *names, pid_t pid, int root_fd);
void perf_map_parse(struct perf_map *jit, struct string_table *names, char *text);
const struct perf_map_symbol *perf_map_find(const struct perf_map *jit, uint64_t pc);
void perf_map_free(struct perf_map *jit);

#endif
