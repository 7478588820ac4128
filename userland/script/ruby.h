/* SPDX-License-Identifier: GPL-2.0 */
/* Where Ruby keeps what: as measured, of each minor version. */
#ifndef LEAKTRACE_SCRIPT_RUBY_H
#define LEAKTRACE_SCRIPT_RUBY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct ruby_layout {
	int version;			/* major << 8 | minor */
	uint32_t frame_bytes;		/* of a control frame; they are an array, the outermost last */
	struct leaktrace_chain chain;	/* but for step 0's offset: of the thread's state from its base */
	/* of the code that a frame runs: its lines, how many they are, and their index */
	uint32_t lines, nlines, index;
	uint32_t embedded;		/* of a string: its characters, if they are in it */
	bool has_length;		/* an embedded string's is a word, else bits of its flags */
};

extern const struct ruby_layout ruby_layouts[];
extern const int ruby_nlayouts;

enum { RUBY_INDEX_PART_MAX = 80 };

/* Which part of an index tells the line of an instruction: from *at on, in bytes. */
size_t ruby_index_part(uint32_t instruction, uint64_t *at);
/* By that part, which may be anything, the line's number in the list, from 1; 0: it has none. */
uint32_t ruby_line_number(const void *part, uint32_t instruction);

#endif
