// SPDX-License-Identifier: GPL-2.0
/*
 * The runtime's heap profile: a list of buckets, one for each stack and size. They
 * are only ever added, and do not change once they are in the list, but for their
 * counters. A flush between two of our reads would count twice: then again.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "go.h"

enum { BUCKETS_MAX = 1 << 20, TYPE_HEAP = 1, DEPTH_MAX = 1024, TRIES = 4 };

enum { NEXT, ALL_NEXT, TYPE, HASH, SIZE, DEPTH, HEAD_WORDS };

struct record {
	uint64_t allocs, frees;
};

/* Of the four (active, three of the future) those that are published by now. */
static struct record published(const struct go_process *p, const uint64_t *words, uint32_t cycle)
{
	unsigned int step = p->layout.record_bytes / 8, future = 1 + (cycle >> 1) % 3;
	struct record r = { words[0], words[1] };

	if (!(cycle & 1)) {
		r.allocs += words[future * step];
		r.frees += words[future * step + 1];
	}
	return r;
}

/* Counters may be anything, and scaled ones more than there are numbers. */
static uint64_t whole(double n)
{
	if (!(n > 0))
		return 0;
	/* which a double and a signed number still hold */
	return n < 0x1p62 ? (uint64_t)n : 1ULL << 62;
}

/* One in so many bytes was sampled: what there was in all, as pprof has it. */
static uint64_t scaled(uint64_t n, uint64_t size, uint64_t rate, uint64_t *bytes)
{
	double scale = rate > 1 ? 1 / (1 - exp(-(double)size / rate)) : 1;

	*bytes = 0;
	if (!n || !size)
		return 0;
	*bytes = whole((double)(n * size) * scale);
	return whole((double)n * scale);
}

static void account(struct go_view *v, const uint64_t *head, uint64_t *pcs, struct record r)
{
	struct go_site key = { .kind = GO_HEAP, .type = "heap", .size_bytes = head[SIZE], .pcs = pcs };
	uint64_t live = r.allocs > r.frees ? r.allocs - r.frees : 0, rate = v->counts.heap_rate;
	struct go_site *s;

	key.npcs = head[DEPTH] < GO_STACK_MAX ? head[DEPTH] : GO_STACK_MAX;
	s = r.allocs ? go_view_site(v, &key) : NULL;
	if (!s)
		return;
	s->allocs = scaled(r.allocs, head[SIZE], rate, &s->alloc_bytes);
	s->live = scaled(live, head[SIZE], rate, &s->bytes);
}

static int read_bucket(struct go_view *v, uint64_t at, uint32_t cycle, uint64_t *next)
{
	const struct go_process *p = v->process;
	uint64_t head[HEAD_WORDS], words[DEPTH_MAX + 16];
	size_t more;

	if (at & 7 || !go_read(p, at, head, sizeof(head)) || head[TYPE] != TYPE_HEAP ||
	    head[DEPTH] > DEPTH_MAX)
		return -EFAULT;
	more = 8 * head[DEPTH] + 4 * p->layout.record_bytes;
	if (!go_read(p, at + sizeof(head), words, more))
		return -EFAULT;
	account(v, head, words, published(p, words + head[DEPTH], cycle));
	*next = head[ALL_NEXT];
	return 0;
}

static uint32_t cycle_now(const struct go_process *p)
{
	uint32_t cycle = 0;

	if (p->places.profile_cycle)
		go_read(p, p->places.profile_cycle, &cycle, sizeof(cycle));
	return cycle;
}

/**
 * go_heap() - take a look at the heap profile
 *
 * A profile that the linker removed, or that nobody turned on, is no error.
 *
 * Return: 0, or -EFAULT when what is there makes no sense.
 */
int go_heap(struct go_view *v)
{
	struct go_process *p = v->process;
	int err = 0;

	v->counts.heap_unknown = !p->places.profile_rate || !p->places.profile_cycle ||
		(p->layout.record_bytes != 16 && p->layout.record_bytes != 32);
	if (v->counts.heap_unknown)
		return 0;
	v->counts.heap_rate = go_word(p, p->places.profile_rate);
	/* What was allocated before the runtime turned it off is no profile. */
	v->counts.heap_off = !v->counts.heap_rate;
	if (v->counts.heap_off)
		return 0;
	if (!p->places.mbuckets)
		go_scan(p);
	for (int i = 0; i < TRIES; i++) {
		uint32_t cycle = cycle_now(p);
		uint64_t at = go_word(p, p->places.mbuckets);

		v->counts.heap_cycle = cycle >> 1;
		err = 0;
		for (int n = 0; at && n < BUCKETS_MAX && !err; n++)
			err = read_bucket(v, at, cycle, &at);
		if (cycle_now(p) == cycle)
			break;
		v->counts.retried++;
	}
	return err;
}
