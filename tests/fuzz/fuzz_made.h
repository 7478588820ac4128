/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables whose every field is a choice of the fuzzer's, but which are
 * valid: the loader has to take them.
 */
#ifndef FUZZ_MADE_H
#define FUZZ_MADE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace_unwind.h>

struct choices {
	const uint8_t *data;
	size_t size;
};

static inline uint8_t choice(struct choices *c)
{
	if (!c->size)
		return 0;
	c->size--;
	return *c->data++;
}

/* Mostly a few words away, at times anywhere. */
static inline int32_t chosen_offset(struct choices *c)
{
	uint8_t how = choice(c);
	uint32_t far = 0;

	if (how < 0xe0)
		return 8 * (how % 32 - 4);
	for (int i = 0; i < 4; i++)
		far = far << 8 | choice(c);
	return far;
}

static inline void make_rule(struct choices *c, struct leaktrace_unwind_rule *r)
{
	uint8_t ra;

	r->op = choice(c) % __LEAKTRACE_UNWIND_OP_MAX;
	r->reg = choice(c) % 16;
	r->bp = choice(c) % __LEAKTRACE_UNWIND_BP_MAX;
	ra = choice(c);
	r->ra = ra % 8 == 7;
	r->ra_off = r->ra ? ra >> 4 : ra < 0xc0 ? -8 : chosen_offset(c);
	r->cfa_off = chosen_offset(c);
	r->add = chosen_offset(c);
	r->bp_off = chosen_offset(c);
	ra = choice(c);
	for (int i = 0; i < LEAKTRACE_UNWIND_CALLEE_SAVED; i++)
		if (ra & 1 << i)
			r->saved[i] = ra & 0x80 ? LEAKTRACE_UNWIND_SAVED_UNKNOWN :
				      (int8_t)choice(c);
}

/* Rows of granule @g, ascending; at most four. */
static inline uint32_t make_rows(struct choices *c, uint32_t g, uint32_t nrules, uint32_t *row)
{
	uint32_t base = (g << LEAKTRACE_UNWIND_GRANULE_SHIFT) & 0xffff;
	uint32_t n = choice(c) % 5, at = 0, i;

	if (!g && !n)
		n = 1;
	for (i = 0; i < n; i++) {
		at += i ? 1 + choice(c) % 128 : g ? choice(c) % 128 : 0;
		row[i] = (base | at) | (choice(c) % nrules) << 16;
	}
	return n;
}

static inline void *make_table(const uint8_t *data, size_t size, int number, size_t *bytes)
{
	struct choices c = { data, size };
	uint8_t far = choice(&c);
	uint32_t ngranules = 1 + choice(&c) % 8, nrules = 1 + choice(&c) % 16, nrows = 0;
	uint32_t granule[1 + 200], row[4 * 200];
	struct leaktrace_unwind_header *h;

	if (far & 0x80)		/* beyond what a row's 16 bits tell */
		ngranules += 130;
	granule[0] = 0;
	for (uint32_t g = 0; g < ngranules; g++) {
		nrows += make_rows(&c, g, nrules, row + nrows);
		granule[g + 1] = nrows;
	}
	*bytes = sizeof(*h) + 4 * (ngranules + 1 + nrows) +
		 nrules * sizeof(struct leaktrace_unwind_rule);
	h = calloc(1, *bytes);
	h->magic = LEAKTRACE_UNWIND_MAGIC;
	h->base = (uint64_t)(far & 3) << LEAKTRACE_UNWIND_GRANULE_SHIFT;
	h->size_bytes = (ngranules << LEAKTRACE_UNWIND_GRANULE_SHIFT) - choice(&c);
	h->ngranules = ngranules;
	h->nrows = nrows;
	h->nrules = nrules;
	h->machine = 62 /* EM_X86_64 */;
	h->key[0] = far & 4 ? 0 : number;	/* the second may be the first's twin */
	memcpy(h + 1, granule, 4 * (ngranules + 1));
	memcpy((uint32_t *)(h + 1) + ngranules + 1, row, 4 * nrows);
	for (uint32_t i = 0; i < nrules; i++) {
		struct leaktrace_unwind_rule *r =
			(void *)((uint32_t *)(h + 1) + ngranules + 1 + nrows);

		make_rule(&c, r + i);
	}
	return h;
}

#endif
