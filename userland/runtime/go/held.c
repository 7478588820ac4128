// SPDX-License-Identifier: GPL-2.0
/* Judges how much each root holds at three times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/held.h"
#include "runtime/go/holders.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"

enum {
	GROWN_MIN_BYTES = 1 << 20,
	SHARE = 32 /* what changes while it is read may be missed: less than one in so many bytes is not told */,
};

static bool walk(struct go_held *held, const struct go_process *p, struct go_holders *h)
{
	struct go_holders_options o = { .max_bytes = held->max_bytes ?: RUNTIME_HOLDERS_BYTES };

	return !go_holders_read(h, p, &o, held->error, sizeof(held->error));
}

/* What should hold something no longer than it needs; a pool and the runtime know what they do. */
static bool may_grow(const struct go_root *root)
{
	return root->kind == GO_ROOT_POOL || root->kind == GO_ROOT_RUNTIME;
}

/* The walk that leaves a good part of the time behind it; NULL: there were none but the first. */
static const struct go_past *middle_of(const struct go_held *held)
{
	const struct go_past *newest = &held->past[2];

	if (held->walks < 2)
		return NULL;
	return held->walks == 3 && held->window_s >= 1.5 * (newest->at_s - held->past[0].at_s) ? newest : &held->past[1];
}

/* As fast as before, or at least half as fast. */
static bool is_steady(const struct go_held *held, uint64_t first, uint64_t middle, uint64_t now)
{
	const struct go_past *past = middle_of(held);
	double before_s = past ? past->at_s - held->past[0].at_s : 0;
	double after_s = held->window_s - before_s;

	return before_s > 0 && after_s > 0 && middle > first && now > middle &&
	       (now - middle) / after_s >= (middle - first) / before_s / 2;
}

static bool is_more(const struct go_link *a, const struct go_link *b)
{
	return a->grown_bytes != b->grown_bytes ? a->grown_bytes > b->grown_bytes : a->bytes > b->bytes;
}

/* The chain of a root that has grown most, or is the largest. */
static char *chain_of(struct go_holders *h, uint32_t root)
{
	const struct go_chains *c = &h->reach.chains;
	struct go_chain chain = { 0 };
	uint32_t best = 0;

	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		if (c->link[i].root == root && (!best || is_more(&c->link[i], &c->link[best])))
			best = i;
	if (!best || !go_chain_say(&h->reach, best, &chain)) {
		free(chain.text);
		return NULL;
	}
	/* parts end where the next begins */
	for (char *p = chain.text; chain.parts > 1; chain.parts--) {
		p += strlen(p);
		*p = '\n';
	}
	return chain.text;
}

static void judge(struct go_held *held, struct go_held_growth *g)
{
	char grown[32], window[32];

	g->holder = (struct runtime_holder){ g->root, g->chain, g->grown_bytes };
	g->judgement = (struct judgement){
		.verdict = g->is_steady ? VERDICT_SUSPECT : VERDICT_OK, .confidence = g->is_steady ? 0.5 : 0,
	};
	if (!g->grown_bytes)
		return;
	g->judgement.evidence[0] = strdup_printf("holds %s more than %s ago%s", format_bytes(g->grown_bytes, grown),
						 format_seconds(held->window_s, window),
						 g->is_steady ? ", and has not slowed down" : "");
}

static bool add(struct go_held *held, struct go_holders *h, uint32_t root, const struct go_held_growth *what)
{
	const struct go_root *r = &h->reach.chains.root[root];
	struct go_held_growth *g;

	if (!array_reserve(held->growth, held->capacity, held->n, 1))
		return false;
	g = &held->growth[held->n];
	*g = *what;
	g->root = strdup_printf("%s", go_root_name(&h->reach, &h->variables, root));
	g->chain = chain_of(h, root);
	g->objects = r->objects;
	g->bytes = r->bytes;
	if (!g->root || !g->chain) {
		free(g->root);
		free(g->chain);
		return false;
	}
	judge(held, g);
	held->n++;
	return true;
}

struct amount {				/* that a root held before */
	uint64_t first, middle;
};

static bool add_grown(struct go_held *held, struct go_holders *h, uint32_t root, const struct amount *before)
{
	const struct go_root *r = &h->reach.chains.root[root];
	struct go_held_growth what = { .grown_bytes = r->bytes - before->first };

	if (may_grow(r) || r->bytes < before->first + GROWN_MIN_BYTES || what.grown_bytes < r->bytes / SHARE)
		return true;
	what.is_steady = is_steady(held, before->first, before->middle, r->bytes);
	return add(held, h, root, &what);
}

/* Of one look, what holds most. */
static bool tell_most(struct go_held *held, struct go_holders *h)
{
	struct go_held_growth what = { 0 };
	bool good = true;

	for (size_t i = 0; good && i < h->roots; i++) {
		const struct go_root *r = &h->reach.chains.root[h->root[i]];

		if (r->bytes >= GROWN_MIN_BYTES && r->bytes >= h->reach.bytes / SHARE && !may_grow(r))
			good = add(held, h, h->root[i], &what);
	}
	return good;
}

static int most_grown(const void *a, const void *b)
{
	const struct go_held_growth *x = a, *y = b;

	return x->grown_bytes > y->grown_bytes ? -1 : x->grown_bytes < y->grown_bytes;
}

static bool compare(struct go_held *held, struct go_past *first, struct go_holders *h)
{
	const struct go_past *middle = middle_of(held);
	uint32_t roots = h->reach.chains.roots;
	struct amount *before = calloc(roots + 1, sizeof(*before));
	bool good = before;

	for (uint32_t i = 0; good && i < roots; i++) {
		before[i].first = go_past_root(first, h, i);
		before[i].middle = middle ? go_past_root(middle, h, i) : 0;
	}
	if (good)
		go_past_compare(first, h);
	for (uint32_t i = 0; good && i < roots; i++)
		good = add_grown(held, h, i, &before[i]);
	free(before);
	return good;
}

static void forget_growth(struct go_held *held)
{
	for (size_t i = 0; i < held->n; i++) {
		free(held->growth[i].root);
		free(held->growth[i].chain);
		judgement_clear(&held->growth[i].judgement);
	}
	held->n = 0;
}

/* The first walk has to be there for the next comparison. */
static bool tell_growth(struct go_held *held, struct go_holders *h)
{
	struct go_past first = { 0 };
	bool good = go_past_copy(&first, &held->past[0]);

	forget_growth(held);
	held->window_s = monotonic_ns() / 1e9 - first.at_s;
	good = good && compare(held, &first, h);
	if (held->n)
		qsort(held->growth, held->n, sizeof(*held->growth), most_grown);
	go_past_free(&first);
	return good;
}

static bool keep(struct go_held *held, struct go_holders *h)
{
	if (held->walks == ARRAY_SIZE(held->past)) {
		go_past_free(&held->past[1]);
		held->past[1] = held->past[2];
		held->past[2] = (struct go_past){ 0 };
		held->walks--;
	}
	if (!go_past_keep(&held->past[held->walks], h))
		return false;
	held->walks++;
	return true;
}

static void fail_for_memory(struct go_held *held)
{
	snprintf(held->error, sizeof(held->error), "out of memory");
}

/** go_held_keep() - walk, and keep what holds how much */
void go_held_keep(struct go_held *held, const struct go_process *p)
{
	struct go_holders h;

	if (held->error[0])
		return;
	if (walk(held, p, &h) && !keep(held, &h))
		fail_for_memory(held);
	go_holders_free(&h);
}

/** go_held_compare() - walk once more, and say what has grown */
void go_held_compare(struct go_held *held, const struct go_process *p)
{
	struct go_holders h;

	if (!held->walks || held->error[0] || held->compared)
		return;
	held->compared = true;
	if (walk(held, p, &h) && !tell_growth(held, &h))
		fail_for_memory(held);
	go_holders_free(&h);
}

/* In between, so that a recording that is cut off has it. */
static void look_again(struct go_held *held, const struct go_process *p)
{
	struct go_holders h;

	if (walk(held, p, &h) && (!(held->walks ? tell_growth(held, &h) : tell_most(held, &h)) || !keep(held, &h)))
		fail_for_memory(held);
	go_holders_free(&h);
}

/** go_held_look() - walk if it is time, and compare if this may be the last sample */
void go_held_look(struct go_held *held, const struct go_process *p, bool may_be_last)
{
	double now_s = monotonic_ns() / 1e9, first_s = held->past[0].at_s;

	if (held->error[0] || held->compared)
		return;
	if (held->walks && may_be_last)
		go_held_compare(held, p);
	else if (held->walks < 2 || now_s - first_s >= 2 * (held->past[held->walks - 1].at_s - first_s))
		look_again(held, p);
	if (held->error[0])
		fail("what holds the heap is not told: %s", held->error);
}

/** go_held_free() - release it */
void go_held_free(struct go_held *held)
{
	forget_growth(held);
	free(held->growth);
	for (size_t i = 0; i < ARRAY_SIZE(held->past); i++)
		go_past_free(&held->past[i]);
	memset(held, 0, sizeof(*held));
}
