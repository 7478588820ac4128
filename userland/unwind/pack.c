// SPDX-License-Identifier: GPL-2.0
/*
 * Packs rows and rules into the format of leaktrace_unwind.h, and reads it. The
 * most frequent rules come first, so that hot rules share cache lines. If there
 * are more rules than a row can refer to, the rarest become UNSUP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../module/unwind_check.h"
#include "unwind/build.h"
#include "unwind/rule.h"
#include "unwind/unwind.h"

enum { MAX_PACKED_RULES = 1 << 16 };

struct use {
	uint32_t rule;
	uint32_t count;
};

static int by_count(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Renumbers the rules: to[old] = new. Returns their number; 0: out of memory. */
static uint32_t rank(struct unwind_build *b, uint32_t *to, uint32_t *from)
{
	struct use *use = calloc(b->rules.n, sizeof(*use));
	uint32_t n = 0;

	if (!use)
		return 0;
	for (uint32_t i = 0; i < b->rules.n; i++)
		use[i].rule = i;
	for (size_t i = 0; i < b->nrows; i++)
		use[b->row[i].rule].count++;
	/* UNSUP, which the rarest rules may become, must be among the first. */
	use[RULE_UNSUP].count += use[RULE_UNSUP].count || b->rules.n > MAX_PACKED_RULES ?
				 UINT32_MAX / 2 : 0;
	qsort(use, b->rules.n, sizeof(*use), by_count);
	while (n < b->rules.n && n < MAX_PACKED_RULES && use[n].count) {
		to[use[n].rule] = n;
		from[n] = use[n].rule;
		n++;
	}
	for (uint32_t i = n; i < b->rules.n; i++)
		to[use[i].rule] = use[i].count ? to[RULE_UNSUP] : 0;
	free(use);
	return n;
}

static void fill_rows(const struct unwind_build *b, const uint32_t *to, uint32_t *granule,
		      uint32_t ngranules, uint32_t *row)
{
	uint32_t g = 0;

	for (size_t i = 0; i < b->nrows; i++) {
		const struct unwind_row *r = &b->row[i];

		while (g <= r->at >> LEAKTRACE_UNWIND_GRANULE_SHIFT)
			granule[g++] = i;
		row[i] = (r->at & 0xffff) | to[r->rule] << 16;
	}
	while (g <= ngranules)
		granule[g++] = b->nrows;
}

static int fill(struct unwind_build *b, struct unwind_blob *out, const uint32_t *to,
		const uint32_t *from, uint32_t nrules)
{
	uint32_t ngranules = ((uint64_t)b->size_bytes + (1 << LEAKTRACE_UNWIND_GRANULE_SHIFT) - 1) >>
			     LEAKTRACE_UNWIND_GRANULE_SHIFT;
	struct leaktrace_unwind_header *h;
	struct leaktrace_unwind_rule *rule;
	uint32_t *granule, *row;
	size_t bytes = sizeof(*h) + (ngranules + 1 + b->nrows) * sizeof(uint32_t) +
		       nrules * sizeof(*rule);

	if (bytes > LEAKTRACE_UNWIND_MAX_BYTES)
		return -E2BIG;
	h = malloc(bytes);
	if (!h)
		return -ENOMEM;
	*h = (struct leaktrace_unwind_header){
		.magic = LEAKTRACE_UNWIND_MAGIC, .base = b->base, .size_bytes = b->size_bytes,
		.ngranules = ngranules, .nrows = b->nrows, .nrules = nrules,
		.machine = b->machine->elf_machine,
	};
	memcpy(h->key, out->key, sizeof(h->key));
	granule = (uint32_t *)(h + 1);
	row = granule + ngranules + 1;
	rule = (struct leaktrace_unwind_rule *)(row + b->nrows);
	fill_rows(b, to, granule, ngranules, row);
	for (uint32_t i = 0; i < nrules; i++)
		memcpy(&rule[i], &b->rules.rule[from[i]], sizeof(*rule));
	out->data = h;
	out->bytes = bytes;
	out->nrows = b->nrows;
	out->nrules = nrules;
	out->skipped_fdes = b->frames.skipped;
	return 0;
}

/**
 * unwind_pack() - make the blob
 * @out: its key is set already
 *
 * Return: 0, -E2BIG or -ENOMEM.
 */
int unwind_pack(struct unwind_build *b, struct unwind_blob *out)
{
	uint32_t *to = calloc(b->rules.n, sizeof(*to)), *from = calloc(b->rules.n, sizeof(*from));
	uint32_t nrules = to && from ? rank(b, to, from) : 0;
	int error = nrules ? fill(b, out, to, from, nrules) : -ENOMEM;

	free(to);
	free(from);
	if (!error && !unwind_blob_valid(out->data, out->bytes)) {
		unwind_blob_free(out);	/* a bug of ours: do not pass it on to the kernel */
		return -EINVAL;
	}
	return error;
}

/** unwind_blob_valid() - whether the kernel would accept it */
bool unwind_blob_valid(const void *data, size_t bytes)
{
	return bytes <= LEAKTRACE_UNWIND_MAX_BYTES && !leaktrace_unwind_check(data, bytes);
}
