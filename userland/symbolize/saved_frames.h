/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that were resolved earlier: reports from a file do not need the target. */
#ifndef LEAKTRACE_SAVED_FRAMES_H
#define LEAKTRACE_SAVED_FRAMES_H

#include "symbolize/symbolizer.h"
#include "util/string_table.h"

struct saved_key {
	uint64_t pc;
	uint64_t inner;			/* tail calls between this pc and pc; 0: the frames of pc */
	bool is_return_address;		/* pc; of tail calls, inner */
};

struct saved_frames {				/* one pc's frames */
	struct saved_key key;
	int n;
	struct symbol_frame *frames;	/* NULL: a free slot */
};

struct saved_frame_table {
	struct saved_frames *slot;		/* open addressing, a power of two */
	size_t slots, used;
};

int saved_frames_add(struct saved_frame_table *table, struct string_table *names, const struct saved_key *key,
		     const struct symbol_frame *frames, int n);
const struct saved_frames *saved_frames_find(const struct saved_frame_table *table, const struct saved_key *key);
void saved_frames_free(struct saved_frame_table *table);

#endif
