// SPDX-License-Identifier: GPL-2.0
/* Plans how far a recording is reduced: see compact_plan.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracefile/compact_plan.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/records.h"
#include "util/array.h"
#include "util/id_table.h"

#define SMALLER		0.625	/* target size, as a share of the old one */
#define LEAST		0.25	/* minimum share of what may be dropped that is kept */
#define POINTS_FINER	16	/* points per snapshot */
#define SHARE_MAX	4.0

enum { HALVINGS = 24 };

struct item {				/* a snapshot's or a point's own bytes */
	uint64_t t_ns;
	uint32_t target, bytes;
	bool snapshot;
};

struct items {
	struct item *item;
	size_t n, capacity;
	uint64_t all_bytes, own_bytes;	/* of the file, uncompressed; of the items */
	uint32_t inside;		/* target whose snapshot is being read; 0: none */
	size_t snapshot;			/* the item of that snapshot */
};

struct last_look {
	uint32_t target;
	uint64_t t_ns;
};

struct kept {
	uint32_t target;
	uint64_t snapshot_ns, point_ns;
};

bool compact_plan_keeps_point(const struct compact_plan *p, uint64_t t_ns, uint64_t kept_ns)
{
	double age = p->now_ns > t_ns ? p->now_ns - t_ns : 0;

	return !kept_ns || t_ns - kept_ns >= p->share * age / POINTS_FINER;
}

bool compact_plan_keeps_snapshot(const struct compact_plan *p, uint32_t target, uint64_t t_ns, uint64_t kept_ns)
{
	const struct last_look *last = id_table_find(&p->last, target);
	double age = p->now_ns > t_ns ? p->now_ns - t_ns : 0;

	return !kept_ns || t_ns - kept_ns >= p->share * age || (last && last->t_ns == t_ns);
}

static int add_item(struct items *x, const struct item *i)
{
	if (!array_reserve(x->item, x->capacity, x->n, 1))
		return -ENOMEM;
	x->item[x->n++] = *i;
	return 0;
}

static int begin_item(struct compact_plan *p, struct items *x, void *data, size_t len, bool snapshot)
{
	struct item i = { .bytes = snapshot ? 0 : len, .snapshot = snapshot };

	if (trace_edge(data, len, &i.target, &i.t_ns))
		return -EBADMSG;
	if (i.t_ns > p->now_ns)
		p->now_ns = i.t_ns;
	x->inside = snapshot ? i.target : 0;
	x->snapshot = x->n;
	x->own_bytes += i.bytes;
	return add_item(x, &i);
}

/* The snapshot is complete: it may be dropped. */
static int end_snapshot(struct compact_plan *p, struct items *x)
{
	struct last_look *last = x->inside ? id_table_get(&p->last, x->inside) : NULL;

	if (x->inside && !last)
		return -ENOMEM;
	if (last && x->item[x->snapshot].bytes)
		last->t_ns = x->item[x->snapshot].t_ns;
	x->inside = 0;
	return 0;
}

static int take_record(struct compact_plan *p, struct items *x, unsigned int type, void *data, size_t len)
{
	x->all_bytes += len;
	switch (type) {
	case RECORD_POINT:
		return begin_item(p, x, data, len, false);
	case RECORD_BEGIN:
		return begin_item(p, x, data, len, true);
	case RECORD_END:
		return end_snapshot(p, x);
	case RECORD_EVENTS:	/* always dropped */
	case RECORD_MAPS:
	case RECORD_SYMBOL:
	case RECORD_TAIL_CALLS:
	case LEAKTRACE_CMD_STACK_GET:
	case LEAKTRACE_CMD_STACK_REST:
		return 0;
	}
	if (x->inside) {
		x->item[x->snapshot].bytes += len;
		x->own_bytes += len;
	}
	return 0;
}

/* How much of the items would be left. */
static double left_bytes(const struct compact_plan *p, const struct items *x)
{
	struct id_table kept = { .size_bytes = sizeof(struct kept) };
	double bytes = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct item *it = &x->item[i];
		struct kept *k = id_table_get(&kept, it->target);

		if (!k)
			break;
		if (it->snapshot && it->bytes && compact_plan_keeps_snapshot(p, it->target, it->t_ns, k->snapshot_ns))
			k->snapshot_ns = it->t_ns;
		else if (!it->snapshot && (it->t_ns == k->point_ns || compact_plan_keeps_point(p, it->t_ns, k->point_ns)))
			k->point_ns = it->t_ns;
		else
			continue;
		bytes += it->bytes;
	}
	free(kept.row);
	return bytes;
}

static void choose(struct compact_plan *p, const struct items *x, uint64_t event_bytes)
{
	double names = x->all_bytes - x->own_bytes - event_bytes, low = 0, high = SHARE_MAX;
	double goal = SMALLER * x->all_bytes - names;

	if (goal < LEAST * x->own_bytes)
		goal = LEAST * x->own_bytes;
	if (goal >= x->own_bytes)
		return;
	for (int i = 0; i < HALVINGS; i++) {
		p->share = (low + high) / 2;
		if (left_bytes(p, x) > goal)
			low = p->share;
		else
			high = p->share;
	}
	p->share = high;
}

int compact_plan_make(struct compact_plan *p, const char *path, uint64_t until_bytes)
{
	uint64_t event_bytes = 0;
	struct items x = { 0 };
	struct file_reader *f;
	unsigned int type;
	char err[256];
	void *data;
	size_t len;
	int ret;

	*p = (struct compact_plan){ .last.size_bytes = sizeof(struct last_look) };
	f = file_open(path, err, sizeof(err));
	if (!f)
		return -EIO;
	file_limit(f, until_bytes);
	while ((ret = file_next(f, &type, &data, &len, err, sizeof(err))) > 0) {
		event_bytes += type == RECORD_EVENTS ? len : 0;
		ret = take_record(p, &x, type, data, len);
		if (ret)
			break;
	}
	file_close(f);
	if (!ret)
		choose(p, &x, event_bytes);
	free(x.item);
	return ret;
}

void compact_plan_free(struct compact_plan *p)
{
	free(p->last.row);
}
