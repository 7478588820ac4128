// SPDX-License-Identifier: GPL-2.0
/*
 * Reduces the resolution of the older part of a recording: of snapshots that
 * the plan does not keep only new names are left, and points that it does not
 * keep are merged into the next. Events are dropped. The first and the last
 * snapshot are always kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracefile/compact.h"
#include "tracefile/compact_plan.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/records.h"
#include "tracefile/writer.h"
#include "util/array.h"

struct compact_state {			/* state of a target */
	uint32_t target;
	uint64_t snapshot_ns, point_ns;	/* the last ones kept; 0: none */
	uint64_t time_ns;		/* of the pending points */
	struct point sum;
	size_t capacity;
};

struct compaction {
	struct file_reader *from;
	struct file_writer *to;
	struct compact_plan plan;
	struct compact_state *t;
	size_t n;
	uint32_t inside;		/* target whose snapshot is being read; 0: none */
	uint64_t inside_ns;		/* its time */
	bool drop;			/* drop that snapshot, except for names */
	uint8_t begin[64];		/* its BEGIN, not yet written */
	size_t begin_bytes;		/* 0: written */
};

static struct compact_state *compacted(struct compaction *x, uint32_t target)
{
	struct compact_state *more;

	for (size_t i = 0; i < x->n; i++)
		if (x->t[i].target == target)
			return &x->t[i];
	more = reallocarray(x->t, x->n + 1, sizeof(*more));
	if (!more)
		return NULL;
	x->t = more;
	more[x->n] = (struct compact_state){ .target = target, .sum.target = target };
	return &more[x->n++];
}

static int by_site(const void *a, const void *b)
{
	const struct site_row *x = a, *y = b;

	if (x->site != y->site)
		return x->site > y->site ? 1 : -1;
	/* counters only grow: the greater one is the later one */
	if (x->born != y->born)
		return x->born > y->born ? 1 : -1;
	return (x->died > y->died) - (x->died < y->died);
}

static int put_sum(struct compaction *x, struct compact_state *t)
{
	struct point *sum = &t->sum;
	size_t kept = 0;
	int err;

	if (!t->time_ns)
		return 0;
	if (sum->nsites)
		qsort(sum->sites, sum->nsites, sizeof(*sum->sites), by_site);
	for (size_t i = 0; i < sum->nsites; i++) {
		if (kept && sum->sites[kept - 1].site == sum->sites[i].site)
			kept--;
		sum->sites[kept++] = sum->sites[i];
	}
	sum->nsites = kept;
	sum->time_ns = t->time_ns;
	err = trace_write_point(x->to, sum);
	t->point_ns = t->time_ns;
	sum->nsites = sum->nkinds = 0;
	sum->load.known = false;
	t->time_ns = 0;
	return err;
}

static int add_point(struct compact_state *t, const struct point *p)
{
	struct point *sum = &t->sum;
	size_t need = sum->nsites + p->nsites;

	if (!array_reserve(sum->sites, t->capacity, sum->nsites, p->nsites))
		return -ENOMEM;
	if (p->nsites)
		memcpy(sum->sites + sum->nsites, p->sites, p->nsites * sizeof(*p->sites));
	sum->nsites = need;
	if (p->nkinds) {
		memcpy(sum->kinds, p->kinds, sizeof(sum->kinds));
		sum->nkinds = p->nkinds;
	}
	if (p->load.known)
		sum->load = p->load;
	t->time_ns = p->time_ns;
	return 0;
}

/* A point may consist of several records with the same time. */
static int compact_point(struct compaction *x, void *data, size_t len)
{
	struct compact_state *t;
	struct point p;
	int err = trace_point(data, len, &p);

	if (err)
		return err;
	t = compacted(x, p.target);
	if (!t)
		err = -ENOMEM;
	else if (t->time_ns && t->time_ns != p.time_ns &&
		 compact_plan_keeps_point(&x->plan, t->time_ns, t->point_ns))
		err = put_sum(x, t);
	err = err ?: add_point(t, &p);
	free(p.sites);
	return err;
}

/* A snapshot begins: BEGIN is written only if anything else of it is. */
static int begin_snapshot(struct compaction *x, void *data, size_t len)
{
	uint64_t time_ns;
	uint32_t target;

	if (trace_edge(data, len, &target, &time_ns) || len > sizeof(x->begin))
		return -EBADMSG;
	x->inside = target;
	x->inside_ns = time_ns;
	memcpy(x->begin, data, len);
	x->begin_bytes = len;
	x->drop = false;
	return 0;
}

static int put(struct compaction *x, unsigned int type, void *data, size_t len)
{
	int err = 0;

	if (x->begin_bytes)
		err = file_append(x->to, RECORD_BEGIN, x->begin, x->begin_bytes);
	x->begin_bytes = 0;
	return err ?: file_append(x->to, type, data, len);
}

/*
 * The target record comes first in a snapshot and makes it complete; without it
 * only names are left.
 */
static int compact_target(struct compaction *x, void *data, size_t len)
{
	struct compact_state *t = compacted(x, x->inside);

	if (!t)
		return -ENOMEM;
	x->drop = !compact_plan_keeps_snapshot(&x->plan, x->inside, x->inside_ns, t->snapshot_ns);
	if (x->drop)
		return 0;
	t->snapshot_ns = x->inside_ns;
	/* in order of time: pending points come first */
	return put_sum(x, t) ?: put(x, LEAKTRACE_CMD_TARGET_GET, data, len);
}

static int end_snapshot(struct compaction *x, void *data, size_t len)
{
	int err = 0;

	/* one chunk per snapshot: its age is known from the position of its chunk */
	if (!x->begin_bytes)
		err = put(x, RECORD_END, data, len) ?: file_flush(x->to);
	x->inside = 0;
	x->begin_bytes = 0;
	x->drop = false;
	return err;
}

static int compact_record(struct compaction *x, unsigned int type, void *data, size_t len)
{
	switch (type) {
	case RECORD_EVENTS:
		return 0;
	case RECORD_POINT:
		return compact_point(x, data, len);
	case RECORD_BEGIN:
		return begin_snapshot(x, data, len);
	case RECORD_END:
		return end_snapshot(x, data, len);
	case LEAKTRACE_CMD_TARGET_GET:
		return compact_target(x, data, len);
	case LEAKTRACE_CMD_STATUS_GET:
	case LEAKTRACE_CMD_SITE_GET:
	case LEAKTRACE_CMD_OBJECT_GET:
	case RECORD_META:
	case RECORD_EXAMPLE:
	case RECORD_CHILDREN:
	case RECORD_RUNTIME_SITE:
		if (x->drop)
			return 0;
		break;
	}
	return put(x, type, data, len);
}

static int compact_all(struct compaction *x)
{
	unsigned int type;
	char err[256];
	void *data;
	size_t len;
	int ret;

	while ((ret = file_next(x->from, &type, &data, &len, err, sizeof(err))) > 0) {
		ret = compact_record(x, type, data, len);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < x->n && !ret; i++)
		ret = put_sum(x, &x->t[i]);
	return ret ?: file_flush(x->to);
}

int trace_compact(const char *path, const char *into, uint64_t until_bytes)
{
	struct compaction x = { 0 };
	char err[256];
	int ret = compact_plan_make(&x.plan, path, until_bytes);

	x.from = ret ? NULL : file_open(path, err, sizeof(err));
	x.to = x.from ? file_record(into, err, sizeof(err)) : NULL;
	if (!ret && !x.to)
		ret = -EIO;
	if (x.to) {
		file_limit(x.from, until_bytes);
		ret = compact_all(&x);
		file_abandon(x.to);
	}
	for (size_t i = 0; i < x.n; i++)
		free(x.t[i].sum.sites);
	free(x.t);
	file_close(x.from);
	compact_plan_free(&x.plan);
	return ret;
}
