// SPDX-License-Identifier: GPL-2.0
/*
 * Which source explains which part of an object's code. Sources are consulted
 * in order of trustworthiness; each fills the gaps left by those before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/coverage.h"
#include "util/array.h"

int unwind_pieces_add(struct unwind_pieces *pieces, struct unwind_piece piece)
{
	if (!array_reserve(pieces->piece, pieces->capacity, pieces->n, 1))
		return -ENOMEM;
	pieces->piece[pieces->n++] = piece;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct unwind_piece *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->fde < y->fde ? -1 : x->fde > y->fde;
}

static bool is_sorted(const struct unwind_pieces *pieces)
{
	for (size_t i = 1; i < pieces->n; i++)
		if (by_start(&pieces->piece[i - 1], &pieces->piece[i]) > 0)
			return false;
	return true;
}

/*
 * Where pieces of one source overlap, the one that starts last wins, as it does
 * for everyone who searches .eh_frame_hdr; of equal ones the first in the file.
 */
static void cut_overlaps(struct unwind_pieces *pieces)
{
	size_t kept = 0;

	if (!is_sorted(pieces))
		qsort(pieces->piece, pieces->n, sizeof(*pieces->piece), by_start);
	for (size_t i = 0; i < pieces->n; i++) {
		struct unwind_piece *p = &pieces->piece[i];

		if (kept && pieces->piece[kept - 1].start == p->start)
			continue;
		if (kept && pieces->piece[kept - 1].end > p->start)
			pieces->piece[kept - 1].end = p->start;
		pieces->piece[kept++] = *p;
	}
	pieces->n = kept;
}

/* Adds the parts of p that lie in gaps of cover from *i on. */
static int add_uncovered(struct unwind_pieces *out, const struct unwind_pieces *cover, size_t *i,
			 struct unwind_piece p)
{
	while (p.start < p.end) {
		const struct unwind_piece *c = *i < cover->n ? &cover->piece[*i] : NULL;
		struct unwind_piece part = p;

		if (c && c->start <= p.start) {
			if (p.start < c->end)
				p.start = c->end;
			if (p.start >= p.end && p.end < c->end)
				break;		/* c may extend over the next piece too */
			if (unwind_pieces_add(out, *c))
				return -ENOMEM;
			++*i;
			continue;
		}
		if (c && part.end > c->start)
			part.end = c->start;
		if (unwind_pieces_add(out, part))
			return -ENOMEM;
		p.start = part.end;
	}
	return 0;
}

/**
 * unwind_pieces_fill() - let a source fill the gaps
 * @more: its pieces, in any order; consumed
 *
 * Return: 0 or -ENOMEM.
 */
int unwind_pieces_fill(struct unwind_pieces *cover, struct unwind_pieces *more)
{
	struct unwind_pieces out = { 0 };
	size_t i = 0;
	int error = 0;

	cut_overlaps(more);
	for (size_t j = 0; !error && j < more->n; j++)
		error = add_uncovered(&out, cover, &i, more->piece[j]);
	for (; !error && i < cover->n; i++)
		error = unwind_pieces_add(&out, cover->piece[i]);
	unwind_pieces_free(more);
	if (error) {
		unwind_pieces_free(&out);
		return error;
	}
	unwind_pieces_free(cover);
	*cover = out;
	return 0;
}

/* The first piece that ends after at. */
static size_t first_behind(const struct unwind_pieces *cover, uint32_t at)
{
	size_t lo = 0, hi = cover->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cover->piece[mid].end <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/**
 * unwind_pieces_next_gap() - the first uncovered code in [*start, limit)
 * @start, @end: set to its range
 *
 * Return: whether there is any.
 */
bool unwind_pieces_next_gap(const struct unwind_pieces *cover, uint32_t limit, uint32_t *start,
			    uint32_t *end)
{
	size_t i = first_behind(cover, *start);

	while (i < cover->n && cover->piece[i].start <= *start)
		*start = cover->piece[i++].end;
	*end = i < cover->n && cover->piece[i].start < limit ? cover->piece[i].start : limit;
	return *start < *end;
}

bool unwind_pieces_has(const struct unwind_pieces *cover, uint32_t at)
{
	size_t i = first_behind(cover, at);

	return i < cover->n && cover->piece[i].start <= at;
}

void unwind_pieces_free(struct unwind_pieces *pieces)
{
	free(pieces->piece);
	memset(pieces, 0, sizeof(*pieces));
}
