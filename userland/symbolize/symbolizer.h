/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names for code addresses of a process.
 *
 * A symboliser keeps what it once opened: mappings that vanished, files that
 * were deleted or replaced, a target that exited can still be named. It asks the
 * network only after debuginfod_ask(). Not thread-safe: one thread at a time uses symbolisers.
 */
#ifndef LEAKTRACE_SYMBOL_H
#define LEAKTRACE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct symboliser;			/* one process's code: its maps, opened files, names */

struct symbol_frame {			/* strings belong to the symboliser, valid until close */
	const char *function;		/* demangled; NULL: no symbol covers the address */
	const char *file;		/* NULL: no line information */
	int line;			/* 0: no line information */
	const char *module;		/* path, [vdso], [jit], [anon]; NULL: no mapping */
	const char *build_id;		/* hex, NULL: none */
	uint64_t offset;		/* function: pc - its start; else the ELF vaddr in module,
					 * the pc itself without one */
	bool inlined;			/* into the next frame */
};

/*
 * Read the maps of pid and open every executable file. NULL with one line in
 * err (what failed and why) when the target is gone or its maps are closed to
 * us; a single file that cannot be opened is no error, its code stays unnamed.
 */
struct symboliser *symboliser_open(pid_t pid, char *err, size_t errlen);

/*
 * Open one for a process that is gone, whose /proc/PID/maps somebody has kept.
 * A file that is not the mapped one any more leaves its code unnamed. NULL:
 * these are no maps.
 */
struct symboliser *symboliser_open_saved(const char *maps_text);

/*
 * Read the maps again: after exec or dlopen, or when a pc has no mapping. Old
 * mappings stay known: a pc is looked up in the newest one that covers it.
 * 0, or -errno (-ESRCH: the target is gone); what is known stays known.
 */
int symboliser_refresh(struct symboliser *s);

/*
 * Name pc: the innermost inlined function first, the function that really was
 * called last. With is_return_address the call before pc is what is looked up.
 * Returns the number of frames, 1 to max, or -errno (-EINVAL: max < 1).
 */
int symboliser_resolve(struct symboliser *s, uint64_t pc, bool is_return_address,
		       struct symbol_frame *frames, int max);

/* Only module, build id and offset of pc: what a place is without its names. */
void symboliser_place(struct symboliser *s, uint64_t pc, bool is_return_address,
		      struct symbol_frame *frame);

/* Ends the life of every string it gave out. NULL is fine. */
void symboliser_close(struct symboliser *s);

/* One without a target, which knows what it is fed; NULL: no memory. */
struct symboliser *symboliser_offline(void);

/*
 * Teach it the frames of pc, as symboliser_resolve() gave them elsewhere; the
 * strings are copied. Later frames for the same pc replace earlier ones.
 * 0 or -errno.
 */
int symboliser_feed(struct symboliser *s, uint64_t pc, bool is_return_address,
		    const struct symbol_frame *frames, int n);

#endif
