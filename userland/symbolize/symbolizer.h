/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names for the code addresses of a process.
 *
 * A symbolizer keeps everything it has opened: addresses in mappings that have
 * vanished, in files that were deleted or replaced, and of a target that has
 * exited can still be named. It uses the network only after debuginfod_ask().
 * Not thread-safe: only one thread may use symbolizers.
 */
#ifndef LEAKTRACE_SYMBOLIZE_SYMBOLIZER_H
#define LEAKTRACE_SYMBOLIZE_SYMBOLIZER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbolize/frame.h"

struct symbolizer;			/* the mappings, open files and names of one process */

/*
 * Reads the mappings of pid and opens every executable file. NULL, with one
 * line in err, if the target is gone or its maps cannot be read; a file that
 * cannot be opened is not an error: its code stays unnamed.
 */
struct symbolizer *symbolizer_open(pid_t pid, char *err, size_t errlen);

/*
 * Opens one for a process that has exited, from a saved copy of its
 * /proc/PID/maps. Code of files that have changed since stays unnamed. NULL:
 * the text has no mappings.
 */
struct symbolizer *symbolizer_open_saved(const char *maps_text);

/*
 * Reads the mappings again: after exec or dlopen, or if a pc has no mapping.
 * Old mappings are kept: a pc is looked up in the newest mapping that covers
 * it. 0, or -errno (-ESRCH: the target is gone), with known mappings unchanged.
 */
int symbolizer_refresh(struct symbolizer *s);

/*
 * Names pc: the innermost inlined function first, the function that is not
 * inlined last. With is_return_address the call before pc is looked up. Returns
 * the number of frames, 1 to max, or -errno (-EINVAL: max < 1).
 */
int symbolizer_resolve(struct symbolizer *s, uint64_t pc, bool is_return_address,
		       struct symbol_frame *frames, int max);

struct stack_gap {			/* between two frames of a stack */
	uint64_t inner;
	uint64_t outer;			/* to which the inner one returns */
	bool inner_is_return_address;	/* false: the current instruction */
};

/*
 * Names the functions that are not on the stack because they ended by a tail call, as far as
 * that is certain; innermost first. Returns how many, up to max.
 */
int symbolizer_tail_calls(struct symbolizer *s, const struct stack_gap *gap, struct symbol_frame *frames, int max);

/* Whether the process has an interpreter whose frames can be named. */
bool symbolizer_has_script(const struct symbolizer *s);

/* As script_is_unknown(); false without a live process. */
bool symbolizer_script_is_unknown(const struct symbolizer *s, char *name, size_t bytes);

/*
 * Names a frame of a script, of which the kernel has kept these two words. That takes a live
 * target: once named, it stays so. What cannot be named any more is a frame without a file.
 */
void symbolizer_script(struct symbolizer *s, const uint64_t words[2], struct symbol_frame *frame);

/* Module, build id and offset of pc, without names. */
void symbolizer_place(struct symbolizer *s, uint64_t pc, bool is_return_address,
		      struct symbol_frame *frame);

/* Where in its file the code at pc is; false: it is in none. */
bool symbolizer_file_offset(struct symbolizer *s, uint64_t pc, uint64_t *offset_bytes);

/* One more who uses it, and will close it, too. */
struct symbolizer *symbolizer_share(struct symbolizer *s);

/* By the last who uses it: releases every string it returned. NULL is fine. */
void symbolizer_close(struct symbolizer *s);

/* A symbolizer without a target, which knows only saved frames; NULL: out of memory. */
struct symbolizer *symbolizer_offline(void);

/*
 * Adds saved frames of pc, as symbolizer_resolve() returned them earlier;
 * strings are copied, and frames added earlier for the same pc are replaced. 0
 * or -errno.
 */
int symbolizer_add_saved(struct symbolizer *s, uint64_t pc, bool is_return_address,
			 const struct symbol_frame *frames, int n);
int symbolizer_add_saved_tail_calls(struct symbolizer *s, const struct stack_gap *gap,
				    const struct symbol_frame *frames, int n);

#endif
