/* SPDX-License-Identifier: GPL-2.0 */
/* Writes records of a trace file; functions return 0 or -errno. */
#ifndef LEAKTRACE_TRACEFILE_WRITER_H
#define LEAKTRACE_TRACEFILE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct event_row;
struct file_writer;
struct model;
struct point;
struct target;

struct written_set {				/* what the file already has of a target */
	uint32_t *stack;
	uint64_t *pc;			/* pc * 2, plus 1 for a return address */
	size_t nstacks, npcs, nrests;
	uint64_t maps_hash;
};

void written_set_clear(struct written_set *k);

/*
 * Writes a snapshot of m->target: the kernel's tables, which are read into m as
 * well, and names that are not in the file yet. 0 or -errno.
 */
int trace_write_tables(struct client *c, struct model *m, struct file_writer *w, struct written_set *k);
int trace_write_names(struct model *m, struct file_writer *w, bool symbols, struct written_set *k);
int trace_write_edge(struct file_writer *w, unsigned int type, const struct target *t);
int trace_write_point(struct file_writer *w, const struct point *p);
int trace_write_events(struct file_writer *w, const struct event_row *e, size_t n);

/* Writes a file with one snapshot of m->target; err is the error message. */
int trace_write(struct client *c, struct model *m, const char *path, bool symbols,
		char *err, size_t errlen);

#endif
