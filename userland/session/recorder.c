// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a recording: at each interval a point, that is the totals and the
 * counters of the sites that changed; as often as it is cheap, a snapshot;
 * between them events. Everything is appended. When the file has used a given
 * part of its limit, a child process writes a compacted copy next to it while
 * we continue; if both together would exceed the limit, we wait for it.
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/event.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "session/recorder.h"
#include "tracefile/compact.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/writer.h"
#include "util/clock.h"
#include "util/format.h"

enum { SNAPSHOTS_SHARE = 20 };	/* snapshots take at most this part of the time */
#define COMPACT_AT		0.4375	/* of the limit: two files fit */
#define COMPACT_AGAIN	0.125	/* growth after which it is compacted again */
#define SNAPSHOTS_FILL_S	86400.0	/* time in which snapshots alone may fill half of the file */

struct recorded {
	struct recorded *next;
	uint32_t target;
	struct written_set known;
	struct site_row *row;		/* as last written, by site */
	size_t nrows;
	uint64_t sample_next_ns;
};

struct recorder {
	struct record_plan plan;
	struct file_writer *w;
	struct recorded *targets;
	struct event_row event[EVENT_ROWS_MAX];
	size_t nevents;
	uint64_t opened_ns;
	char *aside;
	pid_t compactor;			/* 0: none */
	uint64_t compacted_bytes;		/* offset up to which it reads */
	uint64_t compact_at_bytes;
	uint64_t first_bytes;		/* size of the snapshots at the start of the file; 0: not yet known */
	int err;
};

/* A file is rotated before it is compacted. */
static uint64_t compact_at_bytes(const struct record_plan *p)
{
	uint64_t usual = p->max_bytes * COMPACT_AT;

	return p->rotate_bytes > usual ? p->rotate_bytes : usual;
}

struct recorder *recorder_open(const struct record_plan *plan, char *err, size_t errlen)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (r) {
		r->plan = *plan;
		r->aside = strdup_printf("%s.thinned", plan->path);
		r->opened_ns = monotonic_ns();
		r->compact_at_bytes = compact_at_bytes(plan);
	}
	if (!r || !r->aside) {
		snprintf(err, errlen, "out of memory");
		free(r);
		return NULL;
	}
	r->w = file_record(plan->path, err, errlen);
	if (r->w)
		return r;
	free(r->aside);
	free(r);
	return NULL;
}

static int broke(struct recorder *r, int err)
{
	if (err && !r->err)
		r->err = err;
	return r->err;
}

static struct recorded *recorded(struct recorder *r, uint32_t target)
{
	struct recorded *t;

	for (t = r->targets; t; t = t->next)
		if (t->target == target)
			return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->target = target;
	t->next = r->targets;
	r->targets = t;
	return t;
}

static int put_events(struct recorder *r)
{
	int err = r->nevents ? trace_write_events(r->w, r->event, r->nevents) : 0;

	r->nevents = 0;
	return err;
}

int recorder_event(struct recorder *r, const struct event *e)
{
	if (!r->err && r->nevents == EVENT_ROWS_MAX && broke(r, put_events(r)))
		return r->err;
	if (r->err)
		return r->err;
	r->event[r->nevents++] = (struct event_row){
		.time_ns = htole64(e->time_ns), .id = htole64(e->id), .target = htole32(e->target),
		.site = htole32(e->site), .stack = htole32(e->stack), .tid = htole32(e->tid),
		.count = htole32(e->count), .op = e->op, .kind = e->kind,
	};
	return 0;
}

/* Rows of all sites, and in front of them, those that changed. */
static struct site_row *changed_rows(struct recorded *t, const struct model *m, size_t *n)
{
	struct site_row *all = calloc(m->nsites ?: 1, sizeof(*all));
	struct site_row *changed = calloc(m->nsites ?: 1, sizeof(*changed));
	size_t old = 0;

	*n = 0;
	if (!all || !changed) {
		free(all);
		free(changed);
		return NULL;
	}
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];

		all[i] = (struct site_row){ s->id, s->kind, s->born, s->died };
		while (old < t->nrows && t->row[old].site < s->id)
			old++;
		if (old == t->nrows || memcmp(&t->row[old], &all[i], sizeof(all[i])))
			changed[(*n)++] = all[i];
	}
	free(t->row);
	t->row = all;
	t->nrows = m->nsites;
	return changed;
}

int recorder_point(struct recorder *r, const struct model *m)
{
	struct point p = { .target = m->target.id, .time_ns = m->target.now_ns, .load = m->load };
	struct recorded *t = recorded(r, m->target.id);
	int err;

	if (r->err)
		return r->err;
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &m->target.kind[k];

		if (n->present && m->target.kinds & 1U << k)
			p.kinds[p.nkinds++] = (struct kind_row){ k, 0, n->born, n->died, n->live };
	}
	p.sites = t ? changed_rows(t, m, &p.nsites) : NULL;
	if (!p.sites)
		return broke(r, -ENOMEM);
	err = put_events(r) ?: trace_write_point(r->w, &p);
	free(p.sites);
	return broke(r, err);
}

/* cost_ns is the cost of a repeated snapshot, without names, which are looked up only once. */
static int write_snapshot(struct recorder *r, struct client *c, struct model *m, struct recorded *t,
			  uint64_t *cost_ns)
{
	uint64_t began_ns = monotonic_ns(), read_ns;
	size_t names = t->known.npcs;
	int err = trace_write_edge(r->w, RECORD_BEGIN, &m->target) ?:
		trace_write_tables(c, m, r->w, &t->known);

	read_ns = monotonic_ns();
	err = err ?: trace_write_names(m, r->w, r->plan.symbols, &t->known) ?:
		trace_write_edge(r->w, RECORD_END, &m->target);
	*cost_ns = (t->known.npcs == names ? monotonic_ns() : read_ns) - began_ns;
	/* a target that has exited meanwhile is not an error of the recording */
	return err == -ENOENT || err == -ESRCH ? 0 : err;
}

int recorder_snapshot(struct recorder *r, struct client *c, struct model *m, bool must)
{
	struct recorded *t = recorded(r, m->target.id);
	uint64_t before_bytes, cost_ns;
	bool first = t && !t->sample_next_ns;
	double cost_s, room_s;

	if (r->err || !t || (!must && monotonic_ns() < t->sample_next_ns))
		return broke(r, t ? 0 : -ENOMEM);
	before_bytes = file_bytes(r->w);
	if (broke(r, file_flush(r->w) ?: write_snapshot(r, c, m, t, &cost_ns) ?: recorder_point(r, m)) ||
	    recorder_flush(r))
		return r->err;
	if (first)
		r->first_bytes += file_bytes(r->w) - before_bytes;
	cost_s = cost_ns / 1e9 * SNAPSHOTS_SHARE;
	room_s = (double)(file_bytes(r->w) - before_bytes) * 2 / r->plan.max_bytes * SNAPSHOTS_FILL_S;
	t->sample_next_ns = monotonic_ns() + (uint64_t)((cost_s > room_s ? cost_s : room_s) * 1e9);
	return 0;
}

void recorder_forget_names(struct recorder *r, uint32_t target)
{
	struct recorded *t = recorded(r, target);

	if (t)
		written_set_clear(&t->known);
}

/* --- bounds --- */

/* Forks a child that compacts. It must not outlive us, because it inherits our socket. */
static int start_compaction(struct recorder *r)
{
	uint64_t bytes = file_bytes(r->w);
	sigset_t none;
	pid_t pid;

	unlink(r->aside);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* signals that end us must not interrupt it */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(-trace_compact(r->plan.path, r->aside, bytes));
	}
	r->compactor = pid;
	r->compacted_bytes = bytes;
	return 0;
}

static int end_compaction(struct recorder *r, bool wait)
{
	pid_t pid;
	int status, err;

	while ((pid = waitpid(r->compactor, &status, wait ? 0 : WNOHANG)) < 0 && errno == EINTR)
		;
	if (!pid)
		return 0;
	r->compactor = 0;
	if (pid < 0)
		err = -EIO;
	else if (WIFSIGNALED(status))
		err = 0;		/* killed: the file is unchanged */
	else
		err = -WEXITSTATUS(status) ?: file_move(r->w, r->aside, r->compacted_bytes);
	unlink(r->aside);		/* unless it has replaced the file */
	return err;
}

static int keep_bounds(struct recorder *r)
{
	uint64_t max_bytes = r->plan.max_bytes, usual = compact_at_bytes(&r->plan), after;
	int err = 0;

	if (r->compactor) {
		/* in the worst case the compacted copy is as long as the original */
		err = end_compaction(r, file_bytes(r->w) + r->compacted_bytes > max_bytes / 16 * 15);
		/* if names take most of it, compaction saves little */
		after = file_bytes(r->w) + (uint64_t)(max_bytes * COMPACT_AGAIN);
		if (!err && !r->compactor)
			r->compact_at_bytes = after > usual ? after : usual;
	}
	if (!err && file_bytes(r->w) > max_bytes)
		err = -EFBIG;
	if (!err && !r->compactor && file_bytes(r->w) > r->compact_at_bytes)
		err = start_compaction(r);
	return err;
}

int recorder_flush(struct recorder *r)
{
	return r->err ?: broke(r, file_flush(r->w) ?: keep_bounds(r));
}

uint64_t recorder_bytes(const struct recorder *r)
{
	return r->w ? file_bytes(r->w) : 0;
}

bool recorder_rotation_due(const struct recorder *r)
{
	const struct record_plan *p = &r->plan;

	/* if the first snapshots alone are as long, each file has as much data besides */
	return (p->rotate_bytes && file_bytes(r->w) >= p->rotate_bytes &&
		file_bytes(r->w) >= 2 * r->first_bytes) ||
		(p->rotate_s > 0 && monotonic_ns() - r->opened_ns >= p->rotate_s * 1e9);
}

/* FILE becomes FILE.1, FILE.1 becomes FILE.2, and so on; the last is removed. */
static int shift(const char *path, unsigned int keep)
{
	int err = 0;

	for (unsigned int i = keep; i-- > 0 && !err;) {
		char *from = i ? strdup_printf("%s.%u", path, i) : strdup(path);
		char *to = strdup_printf("%s.%u", path, i + 1);

		if (!from || !to || (rename(from, to) && errno != ENOENT))
			err = from && to ? -errno : -ENOMEM;
		free(from);
		free(to);
	}
	return err;
}

static void forget_all(struct recorder *r)
{
	struct recorded *t;

	while ((t = r->targets)) {
		r->targets = t->next;
		written_set_clear(&t->known);
		free(t->row);
		free(t);
	}
}

static int finish(struct recorder *r)
{
	int err = put_events(r), end;

	if (r->compactor)
		err = err ?: end_compaction(r, true);
	end = file_finish(r->w);
	r->w = NULL;
	return err ?: end;
}

/* The next file is self-contained: it begins with full snapshots. */
int recorder_rotate(struct recorder *r)
{
	char why[256];

	if (r->err || broke(r, finish(r) ?: shift(r->plan.path, r->plan.keep)))
		return r->err;
	r->w = file_record(r->plan.path, why, sizeof(why));
	if (!r->w)
		return broke(r, errno ? -errno : -EIO);
	forget_all(r);
	r->opened_ns = monotonic_ns();
	r->compact_at_bytes = compact_at_bytes(&r->plan);
	r->first_bytes = 0;
	return 0;
}

int recorder_close(struct recorder *r)
{
	int err, end;

	if (!r)
		return 0;
	end = r->w ? finish(r) : 0;
	err = r->err ?: end;
	forget_all(r);
	free(r->aside);
	free(r);
	return err;
}
