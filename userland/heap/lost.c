// SPDX-License-Identifier: GPL-2.0
/* Scans, and what all of them have. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/lost.h"
#include "heap/mark.h"
#include "heap/root.h"
#include "heap/snapshot.h"
#include "heap/thread.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/process_memory.h"
#include "util/string_table.h"

enum { AT_ONCE = 512 };

static void (*report)(unsigned int scan, unsigned int percent);
static unsigned int reported_scan;

static void report_percent(unsigned int percent)
{
	report(reported_scan, percent);
}

/*
 * Whether it is one that a thread has cached, although it was not found in that
 * thread's list, because the list changed meanwhile: its second word tells.
 */
static bool is_cached(const struct heap_snapshot *s, const uint64_t *words, uint64_t bytes)
{
	enum { CACHED_BYTES_MAX = 1032 };
	uint32_t cache;

	if (bytes > CACHED_BYTES_MAX)
		return false;
	if (s->glibc.cache_mark && words[1] == s->glibc.cache_mark)
		return true;
	cache = blocks_at(&s->blocks, words[1] - 16);
	return cache != BLOCK_NONE && s->blocks.flags[cache] & BLOCK_CACHE;
}

struct collector {
	struct heap_snapshot *snapshot;
	struct heap_lost *lost;		/* of this scan */
	struct memory_piece piece[AT_ONCE];
	uint64_t words[AT_ONCE][LOST_WORDS];
	struct lost_block block[AT_ONCE];
	size_t n;
};

/* Reads the beginnings of a batch of blocks, and adds them. */
static int flush(struct collector *c)
{
	struct heap_lost *l = c->lost;

	memory_read_pieces(c->snapshot->process->tid, c->piece, c->n);
	for (size_t i = 0; i < c->n; i++) {
		struct lost_block *b = &c->block[i];

		if (!c->piece[i].good || is_cached(c->snapshot, c->words[i], b->bytes))
			continue;
		if (l->n >= LOST_MAX) {
			l->uncompared_blocks++;
			continue;
		}
		if (!array_reserve(l->block, l->capacity, l->n, 1))
			return -ENOMEM;
		b->hash = hash_bytes(HASH_START, c->words[i], c->piece[i].bytes);
		l->block[l->n++] = *b;
	}
	c->n = 0;
	return 0;
}

static int collect_block(struct collector *c, const struct heap_area *a, size_t i)
{
	struct heap_blocks *b = &c->snapshot->blocks;
	uint64_t bytes = block_content_bytes(b, a, i), begin = bytes < sizeof(c->words[0]) ? bytes : sizeof(c->words[0]);

	if (block_state(b, i) != BLOCK_LIVE || b->flags[i] & BLOCK_REFERRED)
		return 0;
	memset(c->words[c->n], 0, sizeof(c->words[c->n]));
	c->block[c->n] = (struct lost_block){ .at = block_content(b, i), .bytes = bytes };
	c->piece[c->n] = (struct memory_piece){ .at = block_content(b, i), .to = c->words[c->n], .bytes = begin };
	return ++c->n == AT_ONCE ? flush(c) : 0;
}

/* The live blocks that are not marked. */
static int collect(struct heap_snapshot *s, struct heap_lost *l)
{
	struct collector *c = malloc(sizeof(*c));
	int err = c ? 0 : -ENOMEM;

	if (c)
		*c = (struct collector){ .snapshot = s, .lost = l };
	for (size_t k = 0; k < s->blocks.areas && !err; k++) {
		const struct heap_area *a = &s->blocks.area[k];

		if (a->arena == AREA_MAPPED && s->glibc.mapped_unread_bytes)
			continue;	/* it is not sure that these are blocks */
		for (size_t i = a->first; i < a->first + a->n && !err; i++)
			err = collect_block(c, a, i);
	}
	if (!err)
		err = flush(c);
	free(c);
	return err;
}

/* Keeps those of l that the other scan has, too; both ascend. Returns whether any went. */
static bool intersect(struct heap_lost *l, const struct heap_lost *other)
{
	size_t n = 0, k = 0, before = l->n;

	for (size_t i = 0; i < l->n; i++) {
		const struct lost_block *b = &l->block[i], *o;

		while (k < other->n && other->block[k].at < b->at)
			k++;
		o = k < other->n ? &other->block[k] : NULL;
		if (o && o->at == b->at && o->bytes == b->bytes && o->hash == b->hash)
			l->block[n++] = *b;
	}
	l->n = n;
	return n < before;
}

/* Marks, and collects what is not marked. */
static int scan(struct heap_snapshot *s, struct heap_lost *l, struct heap_lost *found)
{
	struct roots roots = { 0 };
	struct mark m;
	int err = roots_find(s->process, &s->glibc, &s->blocks, &roots);

	if (!mark_begin(&m, s->process, &s->blocks))
		err = -ENOMEM;
	m.progress = report ? report_percent : NULL;
	reported_scan = ++l->scans;
	if (!err)
		err = mark_roots(&m, &roots);
	if (!err && !heap_is_alive(s->process))
		err = -ESRCH;
	if (!err)
		err = collect(s, found);
	l->read_bytes += m.read_bytes;
	l->unread_bytes += m.unread_bytes;
	mark_end(&m);
	roots_free(&roots);
	return err;
}

static int say_why(const struct heap_snapshot *s, int error, char *err, size_t errlen)
{
	snprintf(err, errlen, "cannot read the heap of process %d: %s", s->process->pid,
		 error == -ESRCH ? "it has exited" : strerror(-error));
	return error;
}

/* Another scan of what is there now; *less: it had fewer of those before. */
static int scan_again(struct heap_snapshot *s, struct heap_lost *l, bool *less, char *err, size_t errlen)
{
	struct heap_lost found = { 0 };
	int error = heap_snapshot_read(s, err, errlen);

	if (error)
		return error;
	error = scan(s, l, &found);
	if (error)
		say_why(s, error, err, errlen);
	else
		*less = intersect(l, &found);
	free(found.block);
	return error;
}

/*
 * Scans until nothing goes any more. If the process runs, twice: a block that is
 * allocated and freed all the time may be missed by one scan.
 */
static int scan_until_calm(struct heap_snapshot *s, struct heap_lost *l, char *err, size_t errlen)
{
	enum { CALM = 1, CALM_RUNNING = 2 };
	struct heap_threads threads = { 0 };
	unsigned int calm = 0, wanted = CALM;
	bool less = false;
	int error = 0;

	while (l->n && calm < wanted && l->scans < LOST_SCANS_MAX && !error) {
		if (!threads_read(s->process, &threads))
			error = say_why(s, -ENOMEM, err, errlen);
		else if (threads_wait(s->process, &threads))
			wanted = CALM_RUNNING;
		if (!error)
			error = scan_again(s, l, &less, err, errlen);
		calm = less ? 0 : calm + 1;
	}
	threads_free(&threads);
	return error;
}

/**
 * heap_lost_find() - find blocks to which nothing refers
 * @s: has been read
 *
 * Return: 0, or -errno with one line in err.
 */
int heap_lost_find(struct heap_snapshot *s, struct heap_lost *l, void (*progress)(unsigned int scan, unsigned int percent),
		   char *err, size_t errlen)
{
	int error;

	report = progress;
	l->names = string_table_open();
	error = l->names ? scan(s, l, l) : -ENOMEM;
	if (error)
		return say_why(s, error, err, errlen);
	l->single_blocks = l->n;
	error = scan_until_calm(s, l, err, errlen);
	if (error)
		return error;
	l->single_blocks -= l->n;
	error = heap_lost_group(s, l);
	return error ? say_why(s, error, err, errlen) : 0;
}

/** heap_lost_free() - release what it holds, and empty it */
void heap_lost_free(struct heap_lost *l)
{
	string_table_close(l->names);
	free(l->block);
	free(l->group);
	memset(l, 0, sizeof(*l));
}
