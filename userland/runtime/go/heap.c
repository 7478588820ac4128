// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the runtime's heap profile: a list of buckets, one for each stack and
 * size. Buckets are only ever added, and only their counters change. A flush of
 * counters between two of our reads would count twice: then everything is read
 * again.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "elf/go_pclntab.h"
#include "runtime/go/process.h"
#include "runtime/go/scan.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/unwind.h"
#include "runtime/go/view.h"

enum { BUCKETS_MAX = 1 << 20, TYPE_HEAP = 1, DEPTH_MAX = 1024, TRIES = 4 };

enum { NEXT, ALL_NEXT, TYPE, HASH, SIZE, DEPTH, HEAD_WORDS };

struct record {
	uint64_t allocs, frees;
};

/*
 * The sum of those of a bucket's four records (active, and three future cycles)
 * that are published by now; before the first collection, when none is active,
 * of all.
 */
static struct record published(const struct go_process *p, const uint64_t *words, uint32_t cycle,
			       bool collected)
{
	unsigned int step = p->layout.record_bytes / 8, future = 1 + (cycle >> 1) % 3;
	struct record r = { words[0], words[1] };

	for (unsigned int i = 1; !collected && i <= 3; i++) {
		r.allocs += words[i * step];
		r.frees += words[i * step + 1];
	}
	if (collected && !(cycle & 1)) {
		r.allocs += words[future * step];
		r.frees += words[future * step + 1];
	}
	return r;
}

/* Converts to an integer: counters are untrusted, and may be out of range once scaled. */
static uint64_t whole(double n)
{
	if (!(n > 0))
		return 0;
	/* still representable as double and as signed integer */
	return n < 0x1p62 ? (uint64_t)n : 1ULL << 62;
}

/* Scales a sampled count to an estimate of the total, as pprof does. */
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
	if (!s) {
		v->counts.unplaced += !!live;
		return;
	}
	s->allocs = scaled(r.allocs, head[SIZE], rate, &s->alloc_bytes);
	s->live = scaled(live, head[SIZE], rate, &s->bytes);
}

struct bucket {
	uint64_t head[HEAD_WORDS], words[DEPTH_MAX + 16];
};

static const uint64_t *records_of(const struct bucket *b)
{
	return b->words + b->head[DEPTH];
}

static int read_bucket(const struct go_process *p, uint64_t at, struct bucket *b)
{
	if (at & 7 || !go_read(p, at, b->head, sizeof(b->head)) || b->head[TYPE] != TYPE_HEAP ||
	    b->head[DEPTH] > DEPTH_MAX ||
	    !go_read(p, at + sizeof(b->head), b->words, 8 * b->head[DEPTH] + 4 * p->layout.record_bytes))
		return -EFAULT;
	return 0;
}

/*
 * Whether there was a collection: then some bucket, usually one of the first,
 * has an active record.
 */
static bool is_collected(const struct go_process *p)
{
	uint64_t at = go_word(p, p->globals.mbuckets);
	struct bucket b;

	for (int n = 0; at && n < BUCKETS_MAX && !read_bucket(p, at, &b); n++, at = b.head[ALL_NEXT])
		if (records_of(&b)[0] || records_of(&b)[1])
			return true;
	return false;
}

static int read_buckets(struct go_view *v, uint32_t cycle, bool collected)
{
	const struct go_process *p = v->process;
	uint64_t at = go_word(p, p->globals.mbuckets);
	struct bucket b;

	for (int n = 0; at && n < BUCKETS_MAX; n++, at = b.head[ALL_NEXT]) {
		if (read_bucket(p, at, &b))
			return -EFAULT;
		account(v, b.head, b.words, published(p, records_of(&b), cycle, collected));
	}
	return 0;
}

static uint32_t cycle_now(const struct go_process *p)
{
	uint32_t cycle = 0;

	if (p->globals.profile_cycle)
		go_read(p, p->globals.profile_cycle, &cycle, sizeof(cycle));
	return cycle;
}

/** go_heap_is_removed() - whether the linker has removed heap profiling */
bool go_heap_is_removed(const struct go_process *p)
{
	struct go_func f;

	return !go_table_named(&p->table, "runtime.memProfileInternal", &f) &&
		!go_table_named(&p->table, "runtime.MemProfile", &f);
}

/**
 * go_heap() - sample the heap profile
 *
 * A profile that is turned off, or was removed by the linker, is not an error.
 *
 * Return: 0, or -EFAULT if its data is inconsistent.
 */
int go_heap(struct go_view *v)
{
	struct go_process *p = v->process;
	int err = 0;

	v->counts.heap_unknown = !p->globals.profile_rate || !p->globals.profile_cycle ||
		(p->layout.record_bytes != 16 && p->layout.record_bytes != 32);
	if (v->counts.heap_unknown)
		return 0;
	v->counts.heap_rate = go_word(p, p->globals.profile_rate);
	/* Allocations before profiling was turned off do not count. */
	v->counts.heap_off = !v->counts.heap_rate;
	if (v->counts.heap_off)
		return 0;
	if (!p->globals.mbuckets)
		go_scan(p);
	for (int i = 0; i < TRIES; i++) {
		uint32_t cycle = cycle_now(p);

		v->counts.heap_cycle = cycle >> 1;
		err = read_buckets(v, cycle, is_collected(p));
		if (cycle_now(p) == cycle)
			break;
		v->counts.retried++;
	}
	return err;
}
