// SPDX-License-Identifier: GPL-2.0
/*
 * Which line an instruction of Ruby has. The code has a list of lines, in the order of its
 * instructions, and an index with one bit for each instruction: it is set where the next line
 * of the list begins. Before the bits are counts, so that the ones of one word are all that
 * must be counted; of the first 54 instructions there are only counts.
 */
#include <string.h>

#include "script/ruby.h"

enum {
	HEAD = 54,			/* instructions that have counts only */
	COUNTS = 9,			/* in a word, of 7 bits */
	HEAD_BYTES = HEAD / COUNTS * 8,
	WORDS = 8,			/* of bits in a block */
	INSTRUCTIONS = WORDS * 64,
};

struct block {
	uint32_t before;		/* bits that are set in all blocks before */
	uint64_t counts;		/* of 9 bits: in this one's words up to each but the last */
	uint64_t bits[WORDS];
};

_Static_assert(sizeof(struct block) == RUBY_INDEX_PART_MAX, "size of the buffer");

size_t ruby_index_part(uint32_t instruction, uint64_t *at)
{
	if (instruction < HEAD) {
		*at = instruction / COUNTS * sizeof(uint64_t);
		return sizeof(uint64_t);
	}
	*at = HEAD_BYTES + (uint64_t)((instruction - HEAD) / INSTRUCTIONS) * sizeof(struct block);
	return sizeof(struct block);
}

uint32_t ruby_line_number(const void *part, uint32_t instruction)
{
	struct block block;
	uint64_t word;
	uint32_t n;

	if (instruction < HEAD) {
		memcpy(&word, part, sizeof(word));
		return word >> instruction % COUNTS * 7 & 0x7f;
	}
	memcpy(&block, part, sizeof(block));
	instruction = (instruction - HEAD) % INSTRUCTIONS;
	n = instruction / 64;
	return block.before + (n ? block.counts >> (n - 1) * 9 & 0x1ff : 0) +
		__builtin_popcountll(block.bits[n] << (63 - instruction % 64));
}
