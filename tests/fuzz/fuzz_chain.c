// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's check of descriptions of a script's frames (module/chain_check.h), and its walks
 * by those that pass (chain.c), compiled here as they are, over hostile memory.
 *
 * Whatever comes: no value is used that has not been made (a sanitizer sees it), a walk ends
 * after a bounded number of reads, and no word can be taken for an address. Input: a byte that
 * says whether a description is made of what follows or is what follows, that, and memory.
 */
#include <string.h>

#include "../walk/kernel/kernel.h"
#undef max
#include "../../module/chain_check.h"
#include "../../module/chain.c"
#include "fuzz_chain.h"

enum {
	RAW = 1, SPARSE = 2,		/* bits of the first byte */
	MADE_BYTES = 128,		/* of choices */
	MEMORY = 0x10000,
	READS_MAX = 2048 + 2 * LEAKTRACE_CHAIN_STEPS,
	NATIVE = 3,			/* frames of machine code that stand before */
};

unsigned long walk_thread_base = MEMORY;

static const uint8_t *memory;
static size_t memory_bytes;
static bool sparse;
static unsigned int reads;

/* Addresses lead back into memory, so that walks are long. */
bool walk_peek(unsigned long at, unsigned long *value)
{
	uint64_t word = 0;

	reads++;
	if (!memory_bytes || (sparse && at % 7 == 0))
		return false;
	for (int i = 0; i < 8; i++)
		word |= (uint64_t)memory[(at + i) % memory_bytes] << 8 * i;
	*value = word & 1 ? word : MEMORY + (word & 0xffff);
	return true;
}

static void check(const struct lt_walk *w, const struct leaktrace_chain *chain)
{
	if (reads > READS_MAX || w->nwords > LT_WALK_WORDS || w->nwords % LEAKTRACE_CHAIN_FRAME_WORDS)
		abort();
	if (w->chain == LEAKTRACE_CHAIN_NONE || w->chain >= __LEAKTRACE_CHAIN_MAX)
		abort();
	if (w->chain == LEAKTRACE_CHAIN_NO_STATE && w->nwords)
		abort();
	if (w->missed && w->chain != LEAKTRACE_CHAIN_FAULT)
		abort();
	for (unsigned int i = 0; i < w->nwords; i++)
		if (!(w->pc[NATIVE + i] & LEAKTRACE_CHAIN_WORD) || !chain->nframe)
			abort();
	for (unsigned int i = 0; i < NATIVE; i++)
		if (w->pc[i] != 0x1000 + i)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leaktrace_chain *chain = calloc(1, sizeof(*chain));
	struct lt_walk *w = calloc(1, sizeof(*w) + (NATIVE + LT_WALK_WORDS) * sizeof(u64));
	struct lt_maps maps = { .chain = chain };
	uint8_t mode = size ? *data : 0;
	size_t used;

	data += !!size;
	size -= !!size;
	used = mode & RAW ? sizeof(*chain) : MADE_BYTES;
	used = used < size ? used : size;
	if (mode & RAW) {
		memcpy(chain, data, used);
	} else {
		struct choices c = { data, used };

		*chain = make_chain(&c);
		if (leaktrace_chain_check(chain))
			abort();
	}
	memory = data + used;
	memory_bytes = size - used;
	sparse = mode & SPARSE;
	reads = 0;
	w->maps = &maps;
	w->pc = (u64 *)(w + 1);
	for (w->n = 0; w->n < NATIVE; w->n++)
		w->pc[w->n] = 0x1000 + w->n;
	if (!leaktrace_chain_check(chain)) {
		lt_chain_walk(w);
		check(w, chain);
	}
	free(w);
	free(chain);
	return 0;
}
