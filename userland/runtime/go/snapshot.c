// SPDX-License-Identifier: GPL-2.0
/*
 * Takes samples of a running Go program, and converts them to what all
 * languages share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "model/runtime.h"
#include "runtime/go/judge.h"
#include "runtime/go/memstats.h"
#include "runtime/go/process.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/view.h"
#include "util/process_memory.h"

struct runtime_reader {
	struct go_view view;
	bool finds_holders;
};

/* The collector's totals, if they can be found. */
static void read_memory(struct go_view *v)
{
	struct go_counts *c = &v->counts;
	struct go_memory m = { 0 };

	c->memory_known = go_memory_read(v->process, &m);
	c->gc_live = m.live;
	c->gc_marked = m.marked;
	c->gc_goal = m.goal;
	c->gc_in_use = m.in_use;
	c->gc_free = m.idle;
}

/**
 * go_sample() - take a sample
 *
 * Return: 0, or a negative errno: nothing was read, and go_view_undo() drops the sample.
 */
int go_sample(struct go_view *v)
{
	int err;

	go_view_begin(v);
	err = go_goroutines(v);
	if (!err)
		err = go_timers(v) ?: go_heap(v);
	read_memory(v);
	/* memory of a process that has exited reads as zeroes */
	if (!err && (!memory_is_alive(v->process->pagemap) ||
		     !go_word(v->process, v->process->table.module + v->process->bias)))
		err = -ESRCH;
	go_view_end(v);
	return err;
}

static struct runtime_reader *reader_open(pid_t pid, char *err, size_t errlen)
{
	struct runtime_reader *l = calloc(1, sizeof(*l));
	int why = 0;

	if (l)
		l->view.process = go_open(pid, &why, err, errlen);
	if (l && l->view.process)
		return l;
	/* most programs are written in another language, and some have exited */
	if (why == -ENOEXEC || why == -ESRCH)
		*err = '\0';
	free(l);
	return NULL;
}

/* After an error the previous samples are kept. */
static int sample_again(struct runtime_reader *l, bool may_be_last)
{
	int err = go_sample(&l->view);

	if (err)
		go_view_undo(&l->view);
	go_judge(&l->view);
	if (!err && l->finds_holders)
		go_held_look(&l->view.held, l->view.process, may_be_last);
	return err;
}

static void find_holders(struct runtime_reader *l, uint64_t max_bytes)
{
	l->finds_holders = true;
	l->view.held.max_bytes = max_bytes;
}

static struct runtime_site holder_of(struct go_view *v, struct go_held_growth *g)
{
	return (struct runtime_site){
		.id = v->nsites + 1 + (g - v->held.growth), .kind = "goholder", .type = g->root,
		.live = g->objects, .baseline = g->objects, .bytes = g->bytes,
		.baseline_bytes = g->bytes - g->grown_bytes, .judgement = &g->judgement, .holder = &g->holder,
	};
}

static struct runtime_site site_of(struct go_view *v, struct go_site *s)
{
	double first = v->snapshots ? s->series[0] : 0;
	bool heap = s->kind == GO_HEAP;
	struct runtime_site to = {
		.id = s - v->sites + 1, .kind = go_kind_name(s->kind), .type = s->type,
		.live = s->live, .bytes = s->bytes, .in_thread = s->in_thread, .own = s->system,
		.baseline = heap ? s->size_bytes ? first / s->size_bytes : 0 : first,
		.baseline_bytes = heap ? first : 0, .age_max_s = s->age_max_ns / 1e9,
		.judgement = &s->judgement, .by = go_site_creator(v, s),
	};

	to.nframes = go_site_frames(v, s, &to.frames);
	return to;
}

static size_t sites_of(struct runtime_reader *l, struct runtime_site **sites)
{
	struct go_view *v = &l->view;
	size_t n = 0;

	*sites = calloc(v->nsites + v->held.n + 1, sizeof(**sites));
	for (size_t i = 0; *sites && i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];

		if (s->live || s->judgement.verdict > VERDICT_OK)
			(*sites)[n++] = site_of(v, s);
	}
	for (size_t i = 0; *sites && i < v->held.n; i++)
		(*sites)[n++] = holder_of(v, &v->held.growth[i]);
	return n;
}

static void reader_close(struct runtime_reader *l)
{
	struct go_process *process = l->view.process;

	go_held_free(&l->view.held);
	go_view_free(&l->view);
	go_close(process);
	free(l);
}

static const struct runtime_ops runtime = {
	.open = reader_open, .sample = sample_again, .find_holders = find_holders, .sites = sites_of,
	.close = reader_close,
};

__attribute__((constructor)) static void register_runtime(void)
{
	runtime_register(&runtime);
}
