/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Is a blob a valid unwind table? The kernel asks before it uses one, the CLI
 * before it sends one; both compile this file, and the fuzzer runs it.
 */
#ifndef _LEAKTRACE_UNWIND_CHECK_H
#define _LEAKTRACE_UNWIND_CHECK_H

#include <linux/leaktrace_unwind.h>

enum { LEAKTRACE_UNWIND_X86_64 = 62 };

static inline int leaktrace_unwind_check_rule(const struct leaktrace_unwind_rule *r)
{
	return r->op >= __LEAKTRACE_UNWIND_OP_MAX || r->bp >= __LEAKTRACE_UNWIND_BP_MAX ||
	       r->ra >= __LEAKTRACE_UNWIND_RA_MAX || r->reg > 15 || r->reserved ||
	       (r->ra == LEAKTRACE_UNWIND_RA_REG && (r->ra_off < 0 || r->ra_off > 15));
}

/* Rows [first, end) begin inside granule @g and are sorted. */
static inline int leaktrace_unwind_check_rows(const __u32 *row, __u32 first, __u32 end,
					      __u32 g, __u32 nrules)
{
	__u32 base = (g << LEAKTRACE_UNWIND_GRANULE_SHIFT) & 0xffff;
	__u32 i, at, last = 0;

	for (i = first; i < end; i++) {
		at = row[i] & 0xffff;
		if (at < base || at - base >= 1U << LEAKTRACE_UNWIND_GRANULE_SHIFT)
			return 1;
		if (i > first && at <= last)
			return 1;
		if (row[i] >> 16 >= nrules)
			return 1;
		last = at;
	}
	return 0;
}

static inline int leaktrace_unwind_check_sizes(const struct leaktrace_unwind_header *h,
					       __u64 bytes)
{
	__u64 want;

	if (bytes < sizeof(*h) || h->magic != LEAKTRACE_UNWIND_MAGIC ||
	    h->machine != LEAKTRACE_UNWIND_X86_64)
		return 1;
	if (!h->ngranules || !h->nrows || !h->nrules || h->nrules > 65536)
		return 1;
	if (h->base & ((1U << LEAKTRACE_UNWIND_GRANULE_SHIFT) - 1))
		return 1;
	if (!h->size_bytes || h->size_bytes >> 32 ||
	    h->size_bytes > (__u64)h->ngranules << LEAKTRACE_UNWIND_GRANULE_SHIFT)
		return 1;
	want = sizeof(*h) + ((__u64)h->ngranules + 1) * sizeof(__u32) +
	       (__u64)h->nrows * sizeof(__u32) +
	       (__u64)h->nrules * sizeof(struct leaktrace_unwind_rule);
	return want != bytes;
}

/* 0: every access that a walker makes through this table stays inside it. */
static inline int leaktrace_unwind_check(const struct leaktrace_unwind_header *h, __u64 bytes)
{
	const struct leaktrace_unwind_rule *rule;
	const __u32 *granule, *row;
	__u32 i;

	if (leaktrace_unwind_check_sizes(h, bytes))
		return 1;
	granule = (const __u32 *)(h + 1);
	row = granule + h->ngranules + 1;
	rule = (const struct leaktrace_unwind_rule *)(row + h->nrows);
	if (granule[0] || granule[h->ngranules] != h->nrows)
		return 1;
	for (i = 0; i < h->ngranules; i++)
		if (granule[i] > granule[i + 1] || granule[i + 1] > h->nrows ||
		    leaktrace_unwind_check_rows(row, granule[i], granule[i + 1], i, h->nrules))
			return 1;
	if (!granule[1] || row[0] & 0xffff)	/* row 0 begins at address 0 */
		return 1;
	for (i = 0; i < h->nrules; i++)
		if (leaktrace_unwind_check_rule(&rule[i]))
			return 1;
	return 0;
}

#endif /* _LEAKTRACE_UNWIND_CHECK_H */
