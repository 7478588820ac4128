/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A trace file as a sequence of records, compressed in chunks with a checksum
 * each; described in docs/trace-format.md. format.h describes the records.
 *
 * Writers keep their first error: functions return 0 or -errno.
 */
#ifndef LEAKTRACE_TRACEFILE_CONTAINER_H
#define LEAKTRACE_TRACEFILE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_writer;
struct file_reader;

/*
 * NULL with one line in err. file_create(): the file appears complete when
 * file_finish() returns 0, or not at all. file_record(): the file can be read
 * up to the last file_flush().
 */
struct file_writer *file_create(const char *path, char *err, size_t errlen);
struct file_writer *file_record(const char *path, char *err, size_t errlen);
int file_append(struct file_writer *w, unsigned int type, const void *data, size_t len);
int file_flush(struct file_writer *w);		/* ends a chunk */
uint64_t file_bytes(const struct file_writer *w);	/* readable by a reader */
int file_move(struct file_writer *w, const char *other, uint64_t from_bytes);
int file_finish(struct file_writer *w);		/* 0 or -errno; frees w */
void file_abandon(struct file_writer *w);	/* without an end; frees w */
void file_discard(struct file_writer *w);	/* removes the file; frees w */

struct file_reader *file_open(const char *path, char *err, size_t errlen);
/* 1: a record, 0: the end, -errno: err says what; data is valid until the next. */
int file_next(struct file_reader *r, unsigned int *type, void **data, size_t *len,
	      char *err, size_t errlen);
bool file_complete(const struct file_reader *r);	/* the end was reached */
void file_limit(struct file_reader *r, uint64_t bytes);	/* do not read beyond */
void file_close(struct file_reader *r);

#endif
