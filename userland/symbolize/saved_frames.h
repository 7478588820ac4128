/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that were resolved earlier: reports from a file do not need the target. */
#ifndef LEAKTRACE_SAVED_FRAMES_H
#define LEAKTRACE_SAVED_FRAMES_H

#include "symbolize/symbolizer.h"
#include "util/string_table.h"

struct saved_frames {				/* one pc's frames */
	uint64_t pc;
	bool is_return_address;
	int n;
	struct symbol_frame *frames;	/* NULL: a free slot */
};

struct saved_frame_table {
	struct saved_frames *slot;		/* open addressing, a power of two */
	size_t slots, used;
};

int saved_frames_add(struct saved_frame_table *table, struct string_table *names, uint64_t pc, bool is_return_address,
		     const struct symbol_frame *frames, int n);
const struct saved_frames *saved_frames_find(const struct saved_frame_table *table, uint64_t pc, bool is_return_address);
void saved_frames_free(struct saved_frame_table *table);

#endif
