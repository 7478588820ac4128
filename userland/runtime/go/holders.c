// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the heap of a Go program: first from what the program has (variables, stacks,
 * timers), then from stacks of goroutines that run, then from pools, then from what the
 * runtime has, then from finalizers, at last from the runtime's records of goroutines,
 * threads and processors. Which chains are told is decided by bytes; each is read a second
 * time before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/go/chain_check.h"
#include "runtime/go/finding.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "runtime/go/process.h"
#include "runtime/go/shared_spread.h"
#include "util/array.h"
#include "util/process.h"

enum { CHAINS_OF_ROOT = 3, CHAINS_OF_ROOT_ALL = 20, SHARE = 20 /* one in so many bytes of a root */ };

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int walk(struct go_holders *h)
{
	struct go_reach *r = &h->reach;
	struct go_running running = { 0 };
	struct go_pools pools;
	int error;

	if (!go_roots_close_pools(r, &h->variables, &pools)) {
		go_pools_free(&pools);
		return -ENOMEM;
	}
	go_roots_close_records(r);
	go_roots_variables(r, &h->variables, false);
	go_roots_timers(r);
	error = go_roots_goroutines(r, &h->counts, &running) ?: go_reach_run(r);
	go_roots_running(r, &running);
	go_running_free(&running);
	error = error ?: go_reach_run(r);
	go_roots_pools(r, &h->variables, &pools);
	error = error ?: go_reach_run(r);
	if (error)
		return error;
	go_roots_variables(r, &h->variables, true);
	error = go_reach_run(r) ?: go_shared_spread(r);
	if (error)
		return error;
	go_roots_queue(r);
	go_roots_specials(r);
	error = go_reach_run(r);
	if (error)
		return error;
	go_roots_records(r, &h->variables);
	return go_reach_run(r);
}

static int more_bytes(const void *a, const void *b, void *arg)
{
	const struct go_chains *c = arg;
	const struct go_root *x = &c->root[*(const uint32_t *)a], *y = &c->root[*(const uint32_t *)b];

	if (x->grown_bytes != y->grown_bytes)
		return x->grown_bytes > y->grown_bytes ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static int rank_roots(struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;

	h->root = malloc((c->roots + 1) * sizeof(*h->root));
	if (!h->root)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->roots; i++)
		if (c->root[i].bytes)
			h->root[h->roots++] = i;
	qsort_r(h->root, h->roots, sizeof(*h->root), more_bytes, (void *)c);
	return 0;
}

static int add_chain(struct go_holders *h, uint32_t link)
{
	struct go_reach *r = &h->reach;

	if (!go_chain_is_there(r, &h->variables, link)) {
		h->changed++;
		return 0;
	}
	if (!array_reserve(h->chain, h->capacity, h->chains, 1) || !go_chain_say(r, link, &h->chain[h->chains]))
		return -ENOMEM;
	h->chains++;
	return 0;
}

static int by_root(const void *a, const void *b, void *arg)
{
	const struct go_link *l = arg, *x = &l[*(const uint32_t *)a], *y = &l[*(const uint32_t *)b];

	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	if (x->grown_bytes != y->grown_bytes)
		return x->grown_bytes > y->grown_bytes ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

/* The chains with most bytes of each root, in the order of the roots. */
static int choose(struct go_holders *h, bool all)
{
	const struct go_chains *c = &h->reach.chains;
	uint32_t *link = malloc(c->n * sizeof(*link)), *first = malloc((c->roots + 1) * sizeof(*first));
	size_t n = 0, max = all ? CHAINS_OF_ROOT_ALL : CHAINS_OF_ROOT;
	int error = link && first ? 0 : -ENOMEM;

	for (uint32_t i = GO_LINK_FIRST; !error && i < c->n; i++)
		if (c->link[i].objects)
			link[n++] = i;
	if (!error) {
		qsort_r(link, n, sizeof(*link), by_root, c->link);
		memset(first, 0xff, (c->roots + 1) * sizeof(*first));
	}
	for (size_t i = n; !error && i-- > 0;)
		first[c->link[link[i]].root] = i;
	for (size_t k = 0; !error && k < h->roots; k++) {
		uint32_t root = h->root[k];

		for (size_t i = first[root], told = 0; !error && i < n && told < max &&
		     c->link[link[i]].root == root; i++, told++) {
			if (told && !all && c->link[link[i]].bytes < c->root[root].bytes / SHARE &&
			    !c->link[link[i]].grown_bytes)
				break;
			error = add_chain(h, link[i]);
		}
	}
	free(link);
	free(first);
	return error;
}

/**
 * go_holders_read() - find what keeps the objects of a program alive
 *
 * Return: 0, or -errno with one line in @err.
 */
int go_holders_read(struct go_holders *h, const struct go_process *p, const struct go_holders_options *o,
		    char *err, size_t errlen)
{
	double begun_s = cpu_s();
	int error;

	memset(h, 0, sizeof(*h));
	error = go_reach_open(&h->reach, p, o->max_bytes, err, errlen);
	if (error)
		return error;
	h->reach.progress = o->progress;
	h->memory_known = go_memory_read(p, &h->memory);
	h->rss_bytes = process_rss_bytes(p->tid);
	if (!go_variables_open(&h->variables, p)) {
		snprintf(err, errlen, "the variables of process %d cannot be read", p->pid);
		return -EFAULT;
	}
	error = walk(h);
	go_reach_forget_copies(&h->reach);
	if (!error) {
		go_chains_sum(&h->reach.chains);
		if (o->past)
			go_past_compare(o->past, h);
		error = rank_roots(h) ?: choose(h, o->all) ?: go_findings_judge(h) ? 0 : -ENOMEM;
	}
	h->cpu_s = cpu_s() - begun_s;
	if (error)
		snprintf(err, errlen, error == -ENOMEM ? "out of memory" : "the goroutines of process %d cannot be read",
			 p->pid);
	return error;
}

/** go_holders_free() - release it */
void go_holders_free(struct go_holders *h)
{
	for (size_t i = 0; i < h->chains; i++)
		free(h->chain[i].text);
	free(h->chain);
	free(h->finding);
	free(h->root);
	go_variables_close(&h->variables);
	go_reach_close(&h->reach);
	memset(h, 0, sizeof(*h));
}
