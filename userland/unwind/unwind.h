/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables: the call frame information of an ELF file, compiled into the
 * tables by which leaktrace.ko walks stacks (linux/leaktrace_unwind.h).
 *
 *   .eh_frame, .debug_frame -> eh_frame.c -> cfi.c  -> rule.c
 *   (bytes)                    (coverage)    (rows)    (dictionary)
 *   plt.c ----------------------^
 *   go.c -----------------------^
 *   prologue.c -----------------^
 *     -> compile.c  -> pack.c -> sandbox.c      -> cache.c
 *        (in order)    (blob)    (unprivileged)    (cache, memfd)
 */
#ifndef LEAKTRACE_UNWIND_H
#define LEAKTRACE_UNWIND_H

#include <linux/leaktrace_unwind.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In rule.saved: the register was saved, but the format cannot represent where. */
enum { UNWIND_SAVED_UNKNOWN = INT16_MIN };

struct unwind_blob {
	void *data;		/* struct leaktrace_unwind_header and what follows it */
	size_t bytes;
	uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	uint32_t nrows, nrules;
	uint64_t skipped_fdes;	/* not understood: their code has no rule */
};

int unwind_compile_fd(int fd, struct unwind_blob *out);
int unwind_compile_sandboxed(int fd, struct unwind_blob *out);
int unwind_compile_image(const void *image, size_t bytes, struct unwind_blob *out);
void unwind_blob_free(struct unwind_blob *b);
bool unwind_blob_valid(const void *data, size_t bytes);

int unwind_key_fd(int fd, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES]);
int unwind_cached_fd(int fd, struct unwind_blob *out);
int unwind_blob_memfd(const struct unwind_blob *b);

#endif
