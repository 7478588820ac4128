/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process whose heap is read from outside. Data passes through these files:
 *
 *   glibc_find.c -> glibc_walk.c, glibc_mapped.c -> glibc_cached.c -> usage.c, trim.c
 *   (arenas)        (blocks of an area)             (free by lists)   (sums)
 *                -> root.c -> mark.c   -> lost.c       -> text.c, json.c
 *                             (refers)    (two scans)     (output)
 *
 * The process is neither stopped nor changed: whatever is read may be torn, stale
 * or hostile, and is checked before it is used.
 */
#ifndef LEAKTRACE_HEAP_PROCESS_H
#define LEAKTRACE_HEAP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/proc_maps.h"

struct heap_process {
	pid_t pid, tid;			/* tid: a live thread of the process */
	int pagemap;			/* -1: unknown which pages are populated */
	struct maps maps;
	char comm[64];
	uint64_t rss_bytes;
};

/* NULL with one line in err. */
struct heap_process *heap_process_open(pid_t pid, char *err, size_t errlen);
void heap_process_close(struct heap_process *p);
int heap_process_refresh(struct heap_process *p);	/* the mappings; 0 or -errno */
bool heap_is_alive(const struct heap_process *p);

/* False if not all of it is mapped. Memory that was never touched reads as zeroes. */
bool heap_read(const struct heap_process *p, uint64_t at, void *to, size_t bytes);
uint64_t heap_word(const struct heap_process *p, uint64_t at);	/* 0: unreadable */

/* How many bytes of whole pages in [start, end) are in memory. */
uint64_t heap_resident(const struct heap_process *p, uint64_t start, uint64_t end);

/* What pagemap says of a page. */
struct heap_pages {
	bool populated;			/* in memory, or swapped out */
	bool own;			/* no longer the file's: written to */
};

/* Of n pages from address on; all populated and own if pagemap cannot be read. */
void heap_pages(const struct heap_process *p, uint64_t at, size_t n, struct heap_pages *pages);

#endif
