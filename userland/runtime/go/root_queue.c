// SPDX-License-Identifier: GPL-2.0
/*
 * Objects whose finalizer has to run: they are queued in blocks that are not in the heap.
 * The list of all blocks is found by content, in the variables that hold no pointers into
 * the heap.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "runtime/go/root.h"

enum {
	BLOCK_BYTES = 4096, HEAD_BYTES = 24, COUNT = 16, ENTRY_BYTES = 40, OBJECT = 8, TYPE = 24,
	ENTRIES_MAX = (BLOCK_BYTES - HEAD_BYTES) / ENTRY_BYTES, BLOCKS_MAX = 1 << 16,
	NO_POINTERS = 240 /* in moduledata */, PART_MAX_BYTES = 16 << 20, TRIES_MAX = 1 << 16,
};

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* How many objects are in a block; -1: it is none. */
static int entries_of(struct go_reach *r, const unsigned char *block)
{
	uint64_t n = word(block + COUNT);

	if (n > ENTRIES_MAX || word(block) & 7 || word(block + 8) & 7)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		const unsigned char *e = block + HEAD_BYTES + i * ENTRY_BYTES;

		if (go_spans_at(&r->spans, word(e + OBJECT)) == GO_SPAN_NONE ||
		    !go_types_find(&r->types, word(e + TYPE)) ||
		    !go_function(r->process, go_word(r->process, word(e))))
			return -1;
	}
	return n;
}

static void see_entries(struct go_reach *r, const unsigned char *block, int n)
{
	for (int i = 0; i < n; i++) {
		const unsigned char *e = block + HEAD_BYTES + i * ENTRY_BYTES;
		uint32_t link = go_chains_root(&r->chains, GO_ROOT_QUEUE, go_word(r->process, word(e)), 0);

		if (!link)
			continue;
		r->chains.root[r->chains.link[link].root].holders++;
		go_reach_see(r, link, 0, word(e + OBJECT), 0);
		go_reach_see(r, link, 8, word(e), 0);
	}
}

/* All blocks from one on: how many objects are in them; -1: they are none. */
static int64_t walk_blocks(struct go_reach *r, uint64_t at, bool see)
{
	unsigned char block[BLOCK_BYTES];
	int64_t all = 0;
	int n;

	for (int i = 0; at && i < BLOCKS_MAX; i++, at = word(block)) {
		if (!go_read(r->process, at, block, sizeof(block)))
			return -1;
		n = entries_of(r, block);
		if (n < 0)
			return -1;
		if (see)
			see_entries(r, block, n);
		all += n;
	}
	return all;
}

/* The list with most objects that a word of these leads to; 0: none. */
static uint64_t find_list(struct go_reach *r, const unsigned char *copy, uint64_t bytes)
{
	const struct go_spans *s = &r->spans;
	uint64_t best_at = 0;
	int64_t best = 0, n;

	for (uint64_t k = 0, tries = 0; k + 8 <= bytes && tries < TRIES_MAX; k += 8) {
		uint64_t w = word(copy + k);

		/* what the system gives a process that asks for memory anywhere */
		if (w & 7 || w < 1ULL << 32 || w >= 1ULL << 47 || w - s->low < s->high - s->low)
			continue;
		tries++;
		n = walk_blocks(r, w, false);
		if (n > best) {
			best = n;
			best_at = w;
		}
	}
	return best_at;
}

/** go_roots_queue() - objects that wait for their finalizer to be run */
void go_roots_queue(struct go_reach *r)
{
	const struct go_process *p = r->process;
	unsigned char *copy;
	uint64_t range[2];

	if (!go_read(p, p->table.module + p->bias + NO_POINTERS, range, sizeof(range)) || range[1] < range[0])
		return;
	if (range[1] - range[0] > PART_MAX_BYTES)
		range[1] = range[0] + PART_MAX_BYTES;
	copy = malloc(range[1] - range[0] + 1);
	if (copy && go_read(p, range[0], copy, range[1] - range[0]))
		walk_blocks(r, find_list(r, copy, range[1] - range[0]), true);
	free(copy);
}
