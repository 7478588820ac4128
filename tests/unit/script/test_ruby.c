// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of Ruby are such as the kernel takes, and the index of lines gives each
 * instruction its line, against a list that is looked through. On real interpreters: live.c.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/chain_check.h"

#include "check.h"
#include "script/ruby.h"

enum {
	INSTRUCTIONS = 1 << 12,
	HEAD = 54,
	BLOCK_BYTES = 80,
	BLOCKS = INSTRUCTIONS / 512 + 1,
};

static bool begins[INSTRUCTIONS];	/* a line does, there */
static uint64_t table[(48 + BLOCKS * BLOCK_BYTES) / 8];

static unsigned int lines_up_to(unsigned int instruction)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i <= instruction; i++)
		n += begins[i];
	return n;
}

/* As Ruby computes it: counts up to each instruction, then bits with counts before them. */
static void make_table(void)
{
	memset(table, 0, sizeof(table));
	for (unsigned int i = 0; i < HEAD; i++)
		table[i / 9] |= (uint64_t)lines_up_to(i) << i % 9 * 7;
	for (unsigned int b = 0; HEAD + b * 512 < INSTRUCTIONS; b++) {
		unsigned int first = HEAD + b * 512;
		uint64_t *block = table + 6 + b * BLOCK_BYTES / 8;

		block[0] = lines_up_to(first - 1);
		for (unsigned int i = 0; i < 512 && first + i < INSTRUCTIONS; i++)
			block[2 + i / 64] |= (uint64_t)begins[first + i] << i % 64;
		for (unsigned int w = 1; w < 8 && first + w * 64 < INSTRUCTIONS; w++)
			block[1] |= (uint64_t)(lines_up_to(first + w * 64 - 1) - block[0]) << (w - 1) * 9;
	}
}

static void test_lines(unsigned int one_in)
{
	unsigned int wrong = 0;

	begins[0] = true;
	for (unsigned int i = 1; i < INSTRUCTIONS; i++)
		begins[i] = !(rand() % one_in);
	make_table();
	for (unsigned int i = 0; i < INSTRUCTIONS; i++) {
		uint64_t at;
		size_t bytes = ruby_index_part(i, &at);

		CHECK(bytes <= RUBY_INDEX_PART_MAX && at + bytes <= sizeof(table));
		wrong += ruby_line_number((char *)table + at, i) != lines_up_to(i);
	}
	CHECK(!wrong);
}

static void test_any_bytes(void)
{
	uint8_t part[RUBY_INDEX_PART_MAX];

	for (unsigned int n = 0; n < 10000; n++) {
		for (size_t i = 0; i < sizeof(part); i++)
			part[i] = rand();
		ruby_line_number(part, rand());
	}
}

static void test_layouts(void)
{
	for (int i = 0; i < ruby_nlayouts; i++) {
		struct leaktrace_chain chain = ruby_layouts[i].chain;

		chain.step[0].off = -8;
		CHECK(!leaktrace_chain_check(&chain));
		CHECK(!i || ruby_layouts[i].version > ruby_layouts[i - 1].version);
	}
}

int main(void)
{
	srand(1);
	test_layouts();
	test_lines(1);
	test_lines(2);
	test_lines(40);
	test_any_bytes();
	return verdict("ruby");
}
