// SPDX-License-Identifier: GPL-2.0
/*
 * Reads trace files. A snapshot file has one snapshot of a target; a recording
 * has many, each between BEGIN and END, with points of a history between them.
 * A snapshot counts when its END is read: it then replaces the one before.
 * Names accumulate. The file is untrusted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/decode.h"
#include "model/history.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object_notes.h"
#include "model/runtime.h"
#include "model/target.h"
#include "symbolize/symbolizer.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/reader.h"
#include "tracefile/records.h"
#include "tracefile/runtime_record.h"
#include "util/error.h"
#include "util/units.h"

enum { TARGETS_MAX = 4096 };

struct reading {
	const struct trace_part *part;
	struct model *m, *base;		/* base may be NULL */
	struct model snapshot;		/* begun, not yet ended */
	uint32_t target;		/* the target that is read */
	uint32_t inside;		/* target of the current snapshot; 0: none, or another target */
};

static void swap_snapshots(struct model *a, struct model *b)
{
	struct model old = *a;

#define TAKE(what) (a->what = b->what, b->what = old.what)
	TAKE(target);
	TAKE(status);
	TAKE(dump_interrupted);
	TAKE(sites);
	TAKE(nsites);
	TAKE(sites_room);
	TAKE(objects);
	TAKE(nobjects);
	TAKE(objects_room);
	TAKE(seen);
	TAKE(children);
	TAKE(runtime);
#undef TAKE
}

static void clear_snapshot(struct model *snapshot)
{
	model_drop(snapshot, LEAKTRACE_CMD_SITE_GET);
	model_drop(snapshot, LEAKTRACE_CMD_OBJECT_GET);
	object_notes_clear(&snapshot->seen);
	children_free(&snapshot->children);
	runtime_close(snapshot->runtime);
	snapshot->runtime = NULL;
	memset(&snapshot->target, 0, sizeof(snapshot->target));
	snapshot->dump_interrupted = false;
}

static int begin_snapshot(struct reading *r, void *data, size_t len)
{
	uint64_t time_ns;
	uint32_t target;

	if (trace_edge(data, len, &target, &time_ns))
		return -EBADMSG;
	if (!r->target)
		r->target = target;
	r->inside = target;
	if (target == r->target)
		clear_snapshot(&r->snapshot);
	return 0;
}

/* Whether the snapshot at time_ns replaces the current one. */
static int end_snapshot(struct reading *r, void *data, size_t len)
{
	uint64_t time_ns;
	uint32_t target;

	if (trace_edge(data, len, &target, &time_ns) || target != r->inside)
		return -EBADMSG;
	r->inside = 0;
	/* compacted: only its names are left */
	if (target != r->target || !r->snapshot.target.id)
		return 0;
	if (time_ns <= r->part->from_ns) {
		if (r->base)
			swap_snapshots(r->base, &r->snapshot);
		return 0;
	}
	if (time_ns > r->part->to_ns && r->m->target.id)
		return 0;
	if (history_sample(r->m->history, &r->snapshot))
		return -ENOMEM;
	swap_snapshots(r->m, &r->snapshot);
	return 0;
}

static int take_point(struct reading *r, void *data, size_t len)
{
	struct history_point x = { 0 };
	struct point p;
	int err = trace_point(data, len, &p);

	if (err)
		return err;
	x.t_ns = p.time_ns;
	if (!r->target)
		r->target = p.target;
	if (p.target != r->target || x.t_ns < r->part->from_ns || x.t_ns > r->part->to_ns)
		p.nkinds = p.nsites = p.load.known = 0;
	if (p.load.known)
		err = history_add_load(r->m->history, x.t_ns, &p.load);
	for (size_t i = 0; i < p.nkinds && !err; i++) {
		x.born = p.kinds[i].born;
		x.died = p.kinds[i].died;
		x.live = p.kinds[i].live;
		x.bytes = p.kinds[i].kind == LEAKTRACE_KIND_PAGE ? x.live * PAGE_BYTES : 0;
		if (p.kinds[i].kind < KINDS)
			err = history_add_kind(r->m->history, p.kinds[i].kind, &x);
	}
	for (size_t i = 0; i < p.nsites && !err; i++) {
		x.born = p.sites[i].born;
		x.died = p.sites[i].died;
		x.live = x.born > x.died ? x.born - x.died : 0;
		x.bytes = p.sites[i].kind == LEAKTRACE_KIND_PAGE ? x.live * PAGE_BYTES : 0;
		err = history_add_site(r->m->history, p.sites[i].site, &x);
	}
	free(p.sites);
	return err;
}

/* Names go to the model, everything else to the current snapshot. */
static int take_record(struct reading *r, unsigned int type, void *data, size_t len)
{
	struct model *snapshot = r->inside ? &r->snapshot : r->m;

	if (type == RECORD_BEGIN)
		return begin_snapshot(r, data, len);
	if (type == RECORD_END)
		return end_snapshot(r, data, len);
	if (type == RECORD_POINT)
		return take_point(r, data, len);
	if (r->inside && r->inside != r->target)
		return 0;
	switch (type) {
	case RECORD_META:
		return trace_decode_meta(r->m, snapshot, data, len);
	case RECORD_SYMBOL:
		return trace_decode_symbol(r->m, data, len);
	case RECORD_TAIL_CALLS:
		return trace_decode_tail_calls(r->m, data, len);
	case RECORD_EXAMPLE:
		return trace_decode_example(snapshot, data, len);
	case RECORD_CHILDREN:
		return trace_decode_children(snapshot, data, len);
	case RECORD_RUNTIME_SITE:
		return trace_decode_runtime_site(snapshot, data, len);
	case RECORD_MAPS:
		return trace_decode_maps(r->m, data, len);
	case LEAKTRACE_CMD_STACK_GET:
	case LEAKTRACE_CMD_STACK_REST:
		return model_record(r->m, type, data, len);
	}
	return model_record(snapshot, type, data, len);
}

/* container.c's messages do not name the file: add it. */
static void put_name(const char *path, char *err, size_t errlen)
{
	char *what = strdup(err);

	snprintf(err, errlen, "%s: %s", path, what ?: "damaged file");
	free(what);
}

static int read_all(struct file_reader *f, struct reading *r, const char *path, char *err,
		    size_t errlen)
{
	unsigned int type;
	void *data;
	size_t len;
	int ret;

	while ((ret = file_next(f, &type, &data, &len, err, errlen)) > 0) {
		ret = take_record(r, type, data, len);
		if (ret == -ENOMEM) {
			snprintf(err, errlen, "%s: out of memory", path);
			return ret;
		}
		if (ret) {
			snprintf(err, errlen, "%s: damaged file: invalid record", path);
			return -EBADMSG;
		}
	}
	if (ret < 0)
		put_name(path, err, errlen);
	return ret;
}

int trace_read_part(const char *path, const struct trace_part *part, struct model *m,
		    struct model *base, char *err, size_t errlen)
{
	struct file_reader *f = file_open(path, err, errlen);
	struct reading r = { .part = part, .m = m, .base = base, .target = part->target };
	int ret;

	if (!f)
		return -EINVAL;
	m->offline = r.snapshot.offline = true;
	m->symbolizer = symbolizer_offline();
	m->history = history_new();
	snprintf(err, errlen, "out of memory");
	ret = m->symbolizer && m->history ? read_all(f, &r, path, err, errlen) : -ENOMEM;
	/* complete data before the damage is still worth a report */
	if (ret < 0 && m->target.id && m->nsites) {
		fail("%s; reporting the data before it", err);
		ret = 0;
		m->incomplete = true;
	}
	m->incomplete |= ret < 0 || !file_complete(f);
	if (!ret && !m->target.id) {
		snprintf(err, errlen, base && base->target.id ? "%s: nothing was recorded in that period" :
			 "%s: the file is truncated: it has no data", path);
		ret = base && base->target.id ? -ENODATA : -EBADMSG;
	}
	file_close(f);
	model_free(&r.snapshot);
	model_settle(m);
	if (base) {
		base->hostname = m->hostname ? strdup(m->hostname) : NULL;
		base->wall_minus_mono_s = m->wall_minus_mono_s;
		model_settle(base);
	}
	return ret;
}

/* --- table of contents --- */

static struct trace_target *survey_target(struct trace_survey *s, uint32_t id)
{
	struct trace_target *more;

	for (size_t i = 0; i < s->n; i++)
		if (s->targets[i].id == id)
			return &s->targets[i];
	more = s->n < TARGETS_MAX ? reallocarray(s->targets, s->n + 1, sizeof(*more)) : NULL;
	if (!more)
		return NULL;
	s->targets = more;
	more[s->n] = (struct trace_target){ .id = id };
	return &more[s->n++];
}

static void survey_time(struct trace_survey *s, uint64_t t_ns)
{
	if (!s->first_ns || t_ns < s->first_ns)
		s->first_ns = t_ns;
	if (t_ns > s->last_ns)
		s->last_ns = t_ns;
}

struct pending {			/* a snapshot that has not ended, and may never end */
	struct target target;
	char exe[256];
};

static void survey_snapshot(struct trace_survey *s, const struct pending *p)
{
	struct trace_target *t = p->target.id ? survey_target(s, p->target.id) : NULL;

	if (!t)
		return;
	t->pid = p->target.pid;
	t->attached_ns = p->target.attached_ns;
	memcpy(t->comm, p->target.comm, sizeof(t->comm));
	if (*p->exe)
		memcpy(t->exe, p->exe, sizeof(t->exe));
	survey_time(s, p->target.now_ns);
}

static void survey_meta(struct trace_survey *s, struct pending *p, void *data, size_t len)
{
	struct model m = { 0 };

	if (!trace_decode_meta(&m, &m, data, len)) {
		s->wall_minus_mono_s = m.wall_minus_mono_s;
		memset(p->exe, 0, sizeof(p->exe));
		snprintf(p->exe, sizeof(p->exe), "%s", m.exe ?: "");
	}
	model_free(&m);
}

static void survey_record(struct trace_survey *s, struct pending *p, unsigned int type,
			  void *data, size_t len)
{
	uint64_t t_ns;
	uint32_t id;

	switch (type) {
	case LEAKTRACE_CMD_TARGET_GET:
		if (decode_target(data, len, &p->target))
			p->target.id = 0;
		if (!s->recording)
			survey_snapshot(s, p);
		return;
	case RECORD_END:
		survey_snapshot(s, p);
		p->target.id = 0;
		return;
	case RECORD_META:
		survey_meta(s, p, data, len);
		if (!s->recording)
			survey_snapshot(s, p);
		return;
	case RECORD_BEGIN:
	case RECORD_POINT:	/* never inside a snapshot */
		s->recording = true;
		p->target.id = 0;
		*p->exe = '\0';
		if (!trace_edge(data, len, &id, &t_ns))
			survey_time(s, t_ns);
		return;
	}
}

/* Stops at damage without an error: reading the file will report it. */
int trace_survey(const char *path, struct trace_survey *s, char *err, size_t errlen)
{
	struct file_reader *f = file_open(path, err, errlen);
	struct pending pending = { 0 };
	unsigned int type;
	void *data;
	size_t len;
	int ret;

	memset(s, 0, sizeof(*s));
	if (!f)
		return -EINVAL;
	while ((ret = file_next(f, &type, &data, &len, err, errlen)) > 0)
		survey_record(s, &pending, type, data, len);
	file_close(f);
	if (s->n)
		return 0;
	if (ret < 0)
		put_name(path, err, errlen);
	else
		snprintf(err, errlen, "%s: the file is truncated: it has no data", path);
	return -EBADMSG;
}
