// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes our own records: META (program, host, clock), SYMBOL (the frames of a
 * pc), MAPS, EXAMPLE (the description of an object), BEGIN and END of a
 * snapshot, POINT of a history, CHILDREN. They are untrusted.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "model/children.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/baseline.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_notes.h"
#include "model/proc_load.h"
#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "tracefile/format.h"
#include "tracefile/frame_attributes.h"
#include "tracefile/records.h"
#include "util/array.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/sanitize.h"

static struct nla_policy meta_policy[META_MAX + 1] = {
	[META_EXE] = { .type = NLA_STRING }, [META_HOSTNAME] = { .type = NLA_STRING },
	[META_KERNEL] = { .type = NLA_STRING }, [META_WALL_MINUS_MONO_US] = { .type = NLA_U64 },
	[META_FD_LIMIT] = { .type = NLA_U64 }, [META_VERSION] = { .type = NLA_STRING },
	[META_CGROUP] = { .type = NLA_STRING }, [META_CONTAINER] = { .type = NLA_STRING },
	[META_POD] = { .type = NLA_STRING },
	[META_INTERRUPTED] = { .type = NLA_FLAG }, [META_LIMIT] = { .type = NLA_NESTED },
	[META_BASELINE] = { .type = NLA_NESTED }, [META_LEDGER] = { .type = NLA_NESTED },
	[META_OOM_KILLED] = { .type = NLA_FLAG },
};
static struct nla_policy symbol_policy[SYM_MAX + 1] = {
	[SYM_PC] = { .type = NLA_U64 }, [SYM_RETURN] = { .type = NLA_U8 },
	[SYM_FRAME] = { .type = NLA_NESTED },
};
static struct nla_policy tail_policy[TAIL_MAX + 1] = {
	[TAIL_INNER] = { .type = NLA_U64 }, [TAIL_INNER_RETURN] = { .type = NLA_U8 },
	[TAIL_FRAME] = { .type = NLA_NESTED }, [TAIL_OUTER] = { .type = NLA_U64 },
};
static struct nla_policy snapshot_policy[SNAPSHOT_MAX + 1] = {
	[SNAPSHOT_TARGET] = { .type = NLA_U32 }, [SNAPSHOT_TIME_NS] = { .type = NLA_U64 },
};
static struct nla_policy point_policy[POINT_MAX + 1] = {
	[POINT_TARGET] = { .type = NLA_U32 }, [POINT_TIME_NS] = { .type = NLA_U64 },
	[POINT_KINDS] = { .type = NLA_UNSPEC }, [POINT_SITES] = { .type = NLA_UNSPEC },
	[POINT_LOAD] = { .type = NLA_UNSPEC, .minlen = sizeof(struct load_row) },
};
static struct nla_policy example_policy[EX_MAX + 1] = {
	[EX_KIND] = { .type = NLA_U8 }, [EX_SPACE] = { .type = NLA_U32 },
	[EX_ID] = { .type = NLA_U64 }, [EX_BORN_NS] = { .type = NLA_U64 },
	[EX_WHAT] = { .type = NLA_STRING },
};

static struct nla_policy children_policy[CHILDREN_LAST + 1] = {
	[CHILDREN_TIME_NS] = { .type = NLA_U64 }, [CHILDREN_LOOKS] = { .type = NLA_U32 },
	[CHILDREN_TOTAL] = { .type = NLA_U64 }, [CHILDREN_LIST] = { .type = NLA_UNSPEC },
	[CHILDREN_ENDED] = { .type = NLA_UNSPEC },
};

static char *string_of(struct nlattr *a)
{
	return a ? sanitize(strndup(nla_data(a), nla_len(a))) : NULL;
}

/* The unit and the container's ID are in the path. */
static void take_workload(struct workload *w, struct nlattr **tb)
{
	char *path = string_of(tb[META_CGROUP]), *text = path ? strdup_printf("0::%s", path) : NULL;

	workload_free(w);
	if (text)
		workload_parse(w, text);
	w->container = string_of(tb[META_CONTAINER]);
	if (tb[META_POD]) {
		free(w->pod);
		w->pod = string_of(tb[META_POD]);
	}
	free(text);
	free(path);
}

int trace_decode_meta(struct model *m, struct model *snapshot, struct nlattr *attrs, int len)
{
	struct nlattr *tb[META_MAX + 1], *a;
	int rest;

	if (nla_parse(tb, META_MAX, attrs, len, meta_policy))
		return -EBADMSG;
	free(m->exe);
	free(m->hostname);
	free(m->kernel);
	m->exe = string_of(tb[META_EXE]);
	m->hostname = string_of(tb[META_HOSTNAME]);
	m->kernel = string_of(tb[META_KERNEL]);
	take_workload(&m->workload, tb);
	if (tb[META_WALL_MINUS_MONO_US])
		m->wall_minus_mono_s = (int64_t)nla_get_u64(tb[META_WALL_MINUS_MONO_US]) / 1e6;
	if (tb[META_FD_LIMIT])
		m->fd_limit = nla_get_u64(tb[META_FD_LIMIT]);
	m->oom_killed = !!tb[META_OOM_KILLED];
	if (tb[META_LEDGER] && ledger_take(tb[META_LEDGER], &m->ledger))
		return -EBADMSG;
	m->limits[LIMIT_FDS] = (struct limit){ .max = m->fd_limit, .name = "RLIMIT_NOFILE" };
	snapshot->dump_interrupted = !!tb[META_INTERRUPTED];
	nla_for_each_attr(a, attrs, len, rest)
		if ((nla_type(a) == META_LIMIT && limits_take(a, m->limits)) ||
		    (nla_type(a) == META_BASELINE && baseline_take(a, m)))
			return -EBADMSG;
	return 0;
}

int trace_decode_symbol(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[SYM_MAX + 1], *a;
	struct symbol_frame f[FRAMES_MAX];
	int n = 0, rest;

	if (nla_parse(tb, SYM_MAX, attrs, len, symbol_policy) || !tb[SYM_PC])
		return -EBADMSG;
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == SYM_FRAME && n < FRAMES_MAX && trace_take_frame(a, &f[n++]))
			return -EBADMSG;
	if (!n)
		return 0;
	return symbolizer_add_saved(m->symbolizer, nla_get_u64(tb[SYM_PC]),
				    tb[SYM_RETURN] && nla_get_u8(tb[SYM_RETURN]), f, n);
}

int trace_decode_tail_calls(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[TAIL_MAX + 1], *a;
	struct symbol_frame f[FRAMES_MAX];
	struct stack_gap gap = { 0 };
	int n = 0, rest;

	if (nla_parse(tb, TAIL_MAX, attrs, len, tail_policy) || !tb[TAIL_INNER] || !tb[TAIL_OUTER])
		return -EBADMSG;
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == TAIL_FRAME && n < FRAMES_MAX && trace_take_frame(a, &f[n++]))
			return -EBADMSG;
	for (int i = 0; i < n; i++)
		f[i].tail_call = !f[i].script;
	gap.inner = nla_get_u64(tb[TAIL_INNER]);
	gap.outer = nla_get_u64(tb[TAIL_OUTER]);
	gap.inner_is_return_address = tb[TAIL_INNER_RETURN] && nla_get_u8(tb[TAIL_INNER_RETURN]);
	if (!n || !gap.inner)
		return 0;
	return symbolizer_add_saved_tail_calls(m->symbolizer, &gap, f, n);
}

int trace_decode_example(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[EX_MAX + 1];
	struct object o = { 0 };

	if (nla_parse(tb, EX_MAX, attrs, len, example_policy) || !tb[EX_ID] || !tb[EX_WHAT])
		return -EBADMSG;
	o.kind = tb[EX_KIND] ? nla_get_u8(tb[EX_KIND]) : 0;
	o.space = tb[EX_SPACE] ? nla_get_u32(tb[EX_SPACE]) : 0;
	o.id = nla_get_u64(tb[EX_ID]);
	o.born_ns = tb[EX_BORN_NS] ? nla_get_u64(tb[EX_BORN_NS]) : 0;
	object_notes_add(&m->seen, &o, sanitize(nla_data(tb[EX_WHAT])));
	return 0;
}

/* Only used to name address ranges: a parse error is ignored. */
int trace_decode_maps(struct model *m, const void *data, size_t len)
{
	char *copy = strndup(data, len);
	struct maps *maps = calloc(1, sizeof(*maps));

	if (!copy || !maps || maps_parse(copy, maps)) {
		free(maps);
		return 0;
	}
	if (m->maps) {
		maps_free(m->maps);
		free(m->maps);
	}
	m->maps = maps;
	return 0;
}

static void take_ended(struct children *c, const struct nlattr *a)
{
	struct child_group *g;
	struct ended_row row;

	if (nla_len(a) < (int)sizeof(row))
		return;
	memcpy(&row, nla_data(a), sizeof(row));
	if (le32toh(row.group) >= CHILD_GROUPS)
		return;		/* of a newer version */
	g = &c->group[le32toh(row.group)];
	g->ended = le64toh(row.ended);
	g->lifetime_max_ns = le64toh(row.lifetime_max_ns);
	for (size_t i = 0; i < ARRAY_SIZE(row.lifetimes); i++)
		g->lifetimes[i] = le32toh(row.lifetimes[i]);
}

static int add_children(struct children *c, const struct nlattr *a)
{
	size_t n = nla_len(a) / sizeof(struct child_row);
	struct child_row row;

	for (size_t i = 0; i < n && c->n < CHILDREN_MAX; i++) {
		struct child *child;

		if (!array_reserve(c->child, c->room, c->n, 1))
			return -ENOMEM;
		child = &c->child[c->n++];
		memcpy(&row, (char *)nla_data(a) + i * sizeof(row), sizeof(row));
		*child = (struct child){
			.pid = le32toh(row.pid), .forked_ns = le64toh(row.forked_ns),
			.zombie = row.flags & CHILD_ROW_ZOMBIE, .traced = row.flags & CHILD_ROW_TRACED,
			.object = row.flags & CHILD_ROW_OBJECT,
		};
		memcpy(child->comm, row.comm, sizeof(child->comm) - 1);
		sanitize(child->comm);
	}
	return 0;
}

/* The record with a time begins a list, others continue it. */
int trace_decode_children(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[CHILDREN_LAST + 1], *a;
	struct children *c = &m->children;
	int rest, err = 0;

	if (nla_parse(tb, CHILDREN_LAST, attrs, len, children_policy))
		return -EBADMSG;
	if (tb[CHILDREN_TIME_NS]) {
		children_free(c);
		c->known = true;
		c->read_ns = nla_get_u64(tb[CHILDREN_TIME_NS]);
		c->looks = tb[CHILDREN_LOOKS] ? nla_get_u32(tb[CHILDREN_LOOKS]) : 1;
		c->total = tb[CHILDREN_TOTAL] ? nla_get_u64(tb[CHILDREN_TOTAL]) : 0;
	}
	nla_for_each_attr(a, attrs, len, rest) {
		if (nla_type(a) == CHILDREN_ENDED)
			take_ended(c, a);
		else if (nla_type(a) == CHILDREN_LIST && !err)
			err = add_children(c, a);
	}
	children_settle(c);
	return err;
}

int trace_edge(struct nlattr *attrs, int len, uint32_t *target, uint64_t *time_ns)
{
	struct nlattr *tb[SNAPSHOT_MAX + 1];

	if (nla_parse(tb, SNAPSHOT_MAX, attrs, len, snapshot_policy) || !tb[SNAPSHOT_TARGET] || !tb[SNAPSHOT_TIME_NS])
		return -EBADMSG;
	*target = nla_get_u32(tb[SNAPSHOT_TARGET]);
	*time_ns = nla_get_u64(tb[SNAPSHOT_TIME_NS]);
	return *target ? 0 : -EBADMSG;
}

static void take_load(struct proc_load *l, const struct nlattr *a)
{
	struct load_row row;

	memcpy(&row, nla_data(a), sizeof(row));
	l->known = true;
	l->done[LOAD_READ] = le64toh(row.read_bytes);
	l->done[LOAD_WRITTEN] = le64toh(row.written_bytes);
	l->done[LOAD_CPU] = le64toh(row.cpu_us);
}

static int add_rows(struct point *p, struct nlattr *a)
{
	size_t n = nla_len(a) / sizeof(*p->sites);
	struct site_row *more = reallocarray(p->sites, p->nsites + n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	memcpy(more + p->nsites, nla_data(a), n * sizeof(*more));
	for (size_t i = p->nsites; i < p->nsites + n; i++) {
		more[i].site = le32toh(more[i].site);
		more[i].kind = le32toh(more[i].kind);
		more[i].born = le64toh(more[i].born);
		more[i].died = le64toh(more[i].died);
	}
	p->sites = more;
	p->nsites += n;
	return 0;
}

int trace_point(struct nlattr *attrs, int len, struct point *p)
{
	struct nlattr *tb[POINT_MAX + 1], *a;
	int rest, err = 0;

	memset(p, 0, sizeof(*p));
	if (nla_parse(tb, POINT_MAX, attrs, len, point_policy) || !tb[POINT_TARGET] ||
	    !tb[POINT_TIME_NS])
		return -EBADMSG;
	p->target = nla_get_u32(tb[POINT_TARGET]);
	p->time_ns = nla_get_u64(tb[POINT_TIME_NS]);
	if (tb[POINT_KINDS])
		p->nkinds = nla_len(tb[POINT_KINDS]) / sizeof(p->kinds[0]);
	p->nkinds = p->nkinds < KINDS ? p->nkinds : KINDS;
	for (size_t i = 0; i < p->nkinds; i++) {
		struct kind_row *k = &p->kinds[i];

		memcpy(k, (char *)nla_data(tb[POINT_KINDS]) + i * sizeof(*k), sizeof(*k));
		k->kind = le32toh(k->kind);
		k->born = le64toh(k->born);
		k->died = le64toh(k->died);
		k->live = le64toh(k->live);
	}
	if (tb[POINT_LOAD])
		take_load(&p->load, tb[POINT_LOAD]);
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == POINT_SITES && !err)
			err = add_rows(p, a);
	if (err)
		free(p->sites);
	return err;
}
