// SPDX-License-Identifier: GPL-2.0
/* Access to the process: its mappings, its memory and which of its pages exist. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap/process.h"
#include "util/process.h"
#include "util/process_memory.h"
#include "util/units.h"

enum { PAGES_AT_ONCE = 512 };

/* Of a word of /proc/PID/pagemap. */
#define PAGE_PRESENT	(1ULL << 63)
#define PAGE_SWAPPED	(1ULL << 62)
#define PAGE_OF_FILE	(1ULL << 61)

/* Whether its memory may be read; tried with a word of the first readable mapping. */
static int try_memory(const struct heap_process *p)
{
	uint64_t word;
	int err = -EFAULT;

	for (size_t i = 0; i < p->maps.n && err == -EFAULT; i++)
		if (p->maps.map[i].read)
			err = memory_read(p->tid, p->maps.map[i].start, &word, sizeof(word));
	return err;
}

static int open_all(struct heap_process *p, char *err, size_t errlen)
{
	int error = process_open_memory(p->pid, &p->maps, &p->pagemap, err, errlen);

	if (error)
		return error;
	p->tid = p->maps.tid;
	error = try_memory(p);
	if (error) {
		process_explain_memory(p->pid, error, err, errlen);
		return error;
	}
	process_comm(p->tid, p->comm, sizeof(p->comm));
	p->rss_bytes = process_rss_bytes(p->tid);
	return 0;
}

/**
 * heap_process_open() - open a process to read its heap
 * @err: on failure, one line that says why
 *
 * Return: the process, or NULL.
 */
struct heap_process *heap_process_open(pid_t pid, char *err, size_t errlen)
{
	struct heap_process *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	p->pid = pid;
	p->pagemap = -1;
	if (!open_all(p, err, errlen))
		return p;
	heap_process_close(p);
	return NULL;
}

/** heap_process_close() - release it; NULL is fine */
void heap_process_close(struct heap_process *p)
{
	if (!p)
		return;
	maps_free(&p->maps);
	if (p->pagemap >= 0)
		close(p->pagemap);
	free(p);
}

/** heap_process_refresh() - read the mappings again; 0 or -errno, with the old ones kept */
int heap_process_refresh(struct heap_process *p)
{
	struct maps maps;
	int err = maps_read(p->pid, &maps);

	if (err)
		return err;
	maps_free(&p->maps);
	p->maps = maps;
	p->tid = maps.tid;
	return 0;
}

/** heap_is_alive() - false once the process has exited or called exec */
bool heap_is_alive(const struct heap_process *p)
{
	return memory_is_alive(p->pagemap);
}

/**
 * heap_read() - read memory of the process; false if not all of it is mapped
 *
 * Untouched memory reads as zeroes, and stays unpopulated.
 */
bool heap_read(const struct heap_process *p, uint64_t at, void *to, size_t bytes)
{
	const struct map *m = maps_find(&p->maps, at);

	/* what was never touched of a file has the file's content */
	if (m && m->inode)
		return !memory_read(p->tid, at, to, bytes);
	return !memory_read_populated(p->tid, p->pagemap, at, to, bytes);
}

/** heap_word() - read one word; 0 if it is not mapped */
uint64_t heap_word(const struct heap_process *p, uint64_t at)
{
	uint64_t word = 0;

	return at && !memory_read(p->tid, at, &word, sizeof(word)) ? word : 0;
}

static bool read_pagemap(const struct heap_process *p, uint64_t at, size_t n, uint64_t *entry)
{
	return p->pagemap >= 0 &&
	       pread(p->pagemap, entry, n * sizeof(*entry), at / PAGE_BYTES * sizeof(*entry)) ==
	       (ssize_t)(n * sizeof(*entry));
}

/** heap_pages() - which of n pages are populated, and which are not their file's */
void heap_pages(const struct heap_process *p, uint64_t at, size_t n, struct heap_pages *pages)
{
	uint64_t entry[PAGES_AT_ONCE];

	while (n) {
		size_t count = n < PAGES_AT_ONCE ? n : PAGES_AT_ONCE;
		bool known = read_pagemap(p, at, count, entry);

		for (size_t i = 0; i < count; i++)
			pages[i] = (struct heap_pages){
				.populated = !known || entry[i] & (PAGE_PRESENT | PAGE_SWAPPED),
				.own = !known || !(entry[i] & PAGE_OF_FILE),
			};
		at += count * PAGE_BYTES;
		pages += count;
		n -= count;
	}
}

/** heap_resident() - bytes in memory of the whole pages between two addresses */
uint64_t heap_resident(const struct heap_process *p, uint64_t start, uint64_t end)
{
	uint64_t entry[PAGES_AT_ONCE], bytes = 0;

	start = (start + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	end &= ~(uint64_t)(PAGE_BYTES - 1);
	while (start < end) {
		size_t n = (end - start) / PAGE_BYTES < PAGES_AT_ONCE ? (end - start) / PAGE_BYTES :
			   PAGES_AT_ONCE;
		bool known = read_pagemap(p, start, n, entry);

		for (size_t i = 0; i < n; i++)
			bytes += !known || entry[i] & PAGE_PRESENT ? PAGE_BYTES : 0;
		start += n * PAGE_BYTES;
	}
	return bytes;
}
