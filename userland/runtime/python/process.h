/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process with a CPython interpreter, read from outside. Data passes through these files:
 *
 *   find.c, open.c, layout.c -> tracked.c  -> type.c, size.c -> objects.c -> text.c, json.c
 *   (interpreters)              (lists of     (names, bytes)    (sums)       (output)
 *                                the collector)
 *                            -> root.c, refer.c -> reach.c, link.c -> past.c, chain.c
 *                               (what leads       (the ways)          (growth, what is told)
 *                                where)
 *
 * The process is neither stopped nor changed: whatever is read may be torn, stale or
 * hostile, and is checked before it is used.
 */
#ifndef LEAKTRACE_RUNTIME_PYTHON_PROCESS_H
#define LEAKTRACE_RUNTIME_PYTHON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/python/layout.h"
#include "runtime/python/memory.h"
#include "util/proc_maps.h"

enum { PYTHON_INTERPRETERS_MAX = 256 };

struct python_process {
	pid_t pid, tid;			/* tid: a live thread of the process */
	int pagemap;
	struct maps maps;
	char comm[64];
	uint64_t rss_bytes;
	uint64_t runtime;		/* address of _PyRuntime */
	uint32_t hex_version;		/* 0: not told */
	struct python_layout layout;
	char version[16];		/* "3.11.2" */
	struct python_memory memory;
};

/* NULL with one line in err. max_bytes: of copies of its memory. */
struct python_process *python_open(pid_t pid, uint64_t max_bytes, char *err, size_t errlen);
void python_close(struct python_process *p);
int python_refresh(struct python_process *p);	/* its mappings, and no copies; 0 or -errno */
bool python_is_alive(const struct python_process *p);

/* Addresses of the interpreters; how many. */
size_t python_interpreters(struct python_process *p, uint64_t at[PYTHON_INTERPRETERS_MAX]);

/* find.c: where _PyRuntime is, and the version that its file tells; false: nowhere */
bool python_find(struct python_process *p);

#endif
