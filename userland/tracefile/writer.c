// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the contents of a trace file: the kernel's own messages, unchanged,
 * and what only the traced host can provide: META (program, host, clock),
 * SYMBOL (the frames of a pc), MAPS, EXAMPLE (the description of an object), CHILDREN,
 * RUNTIME_SITE (what the language runtime has).
 * All are netlink attributes, so that one decoder is enough.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/baseline.h"
#include "model/children.h"
#include "model/decode.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/proc_load.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/target.h"
#include "model/thread_join.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/frame_attributes.h"
#include "tracefile/runtime_record.h"
#include "tracefile/writer.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/version.h"

enum { EXAMPLES = 5, MAPS_MAX_BYTES = 16 << 20 };

struct writing {
	struct file_writer *w;
	struct model *m;
	bool symbols;
	struct written_set *known;
};

/* Writes a record of our own: the attributes that fill() adds, without a netlink header. */
static int put_record(struct writing *w, unsigned int type,
		      void (*fill)(struct nl_msg *msg, const void *arg), const void *arg)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_BYTES);
	int err = -ENOMEM;

	if (msg && nlmsg_put(msg, 0, 0, 0, 0, 0)) {
		fill(msg, arg);
		err = file_append(w->w, type, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)));
	}
	nlmsg_free(msg);
	return err;
}

/* --- names: the frames of each pc, once per file --- */

void written_set_clear(struct written_set *k)
{
	free(k->stack);
	free(k->pc);
	memset(k, 0, sizeof(*k));
}

static int by_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool known_stack(const struct written_set *k, uint32_t id)
{
	return k->nstacks && bsearch(&id, k->stack, k->nstacks, sizeof(id), by_u32);
}

static bool knows_pc(const struct written_set *k, uint64_t pc)
{
	return k->npcs && bsearch(&pc, k->pc, k->npcs, sizeof(pc), by_u64);
}

struct symbol {
	uint64_t pc;
	bool is_return;
	const struct symbol_frame *frames;
	int n;
};

static void fill_symbol(struct nl_msg *msg, const void *arg)
{
	const struct symbol *s = arg;

	nla_put_u64(msg, SYM_PC, s->pc);
	nla_put_u8(msg, SYM_RETURN, s->is_return);
	trace_put_frames(msg, SYM_FRAME, s->frames, s->n);
}

struct tail_calls {
	struct stack_gap gap;
	struct symbol_frame frames[FRAMES_MAX];
	int n;
};

static void fill_tail_calls(struct nl_msg *msg, const void *arg)
{
	const struct tail_calls *t = arg;

	nla_put_u64(msg, TAIL_INNER, t->gap.inner);
	nla_put_u8(msg, TAIL_INNER_RETURN, t->gap.inner_is_return_address);
	nla_put_u64(msg, TAIL_OUTER, t->gap.outer);
	trace_put_frames(msg, TAIL_FRAME, t->frames, t->n);
}

/* Between all frames of a stack. */
static int put_tail_calls(struct writing *w, const struct stack *s, bool is_return)
{
	struct tail_calls t;
	int err = 0;

	for (unsigned int i = 1; i < s->npcs && !err; i++) {
		t.gap = (struct stack_gap){
			.inner = s->pcs[i - 1], .outer = s->pcs[i], .inner_is_return_address = is_return || i > 1,
		};
		t.n = symbolizer_tail_calls(w->m->symbolizer, &t.gap, t.frames, FRAMES_MAX);
		if (t.n)
			err = put_record(w, RECORD_TAIL_CALLS, fill_tail_calls, &t);
	}
	return err;
}

/* A script's frame stands between its two words. One that has no name now may get one later. */
static int put_script(struct writing *w, const struct stack *s)
{
	struct tail_calls t = { .n = 1 };
	int err = 0;

	for (unsigned int i = 0; i < s->nwords && !err; i += LEAKTRACE_CHAIN_FRAME_WORDS) {
		t.gap = (struct stack_gap){
			.inner = s->words[i + 1], .outer = s->words[i] & ~LEAKTRACE_CHAIN_END_RUN,
		};
		symbolizer_script(w->m->symbolizer, &s->words[i], t.frames);
		if (t.frames->file)
			err = put_record(w, RECORD_TAIL_CALLS, fill_tail_calls, &t);
	}
	return err;
}

/* Of stacks that are not in the file yet. */
static int put_new_tail_calls(struct writing *w)
{
	struct model *m = w->m;
	int err = 0;

	if (!m->symbolizer || !w->symbols)
		return 0;
	for (size_t i = 0; i < m->nstacks && !err; i++)
		if (!known_stack(w->known, m->stacks[i].id))
			err = put_tail_calls(w, &m->stacks[i], false) ?: put_script(w, &m->stacks[i]);
	for (size_t i = w->known->nrests; i < m->nrests && !err; i++)
		err = put_tail_calls(w, &m->rests[i], !model_rest_is_whole(m, m->rests[i].id));
	return err;
}

static int put_symbol(struct writing *w, uint64_t pc, bool is_return)
{
	struct symbol s = { .pc = pc, .is_return = is_return };
	struct symbol_frame f[FRAMES_MAX];

	s.frames = f;
	if (!w->m->symbolizer)
		return 0;
	if (w->symbols) {
		s.n = symbolizer_resolve(w->m->symbolizer, pc, is_return, f, FRAMES_MAX);
	} else {
		symbolizer_place(w->m->symbolizer, pc, is_return, f);
		s.n = 1;
	}
	return s.n > 0 ? put_record(w, RECORD_SYMBOL, fill_symbol, &s) : 0;
}

struct pcs {
	uint64_t *pc;			/* pc * 2, plus 1 for a return address */
	size_t n, capacity;
};

static int add_pcs(struct pcs *all, const struct written_set *k, const struct stack *s, bool is_return)
{
	if (!array_reserve(all->pc, all->capacity, all->n, s->npcs))
		return -ENOMEM;
	for (unsigned int i = 0; i < s->npcs; i++) {
		all->pc[all->n] = s->pcs[i] * 2 + (is_return || i > 0);
		all->n += !knows_pc(k, all->pc[all->n]);
	}
	return 0;
}

/* The distinct pcs of stacks that are not in the file yet. */
static int new_pcs(const struct writing *w, struct pcs *all)
{
	struct model *m = w->m;
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < m->nstacks && !err; i++)
		if (!known_stack(w->known, m->stacks[i].id))
			err = add_pcs(all, w->known, &m->stacks[i], false);
	for (size_t i = w->known->nrests; i < m->nrests && !err; i++)
		err = add_pcs(all, w->known, &m->rests[i], !model_rest_is_whole(m, m->rests[i].id));
	if (all->n)
		qsort(all->pc, all->n, sizeof(*all->pc), by_u64);
	for (size_t i = 0; i < all->n; i++)
		if (!kept || all->pc[i] != all->pc[kept - 1])
			all->pc[kept++] = all->pc[i];
	all->n = kept;
	return err;
}

static int learn_pcs(struct written_set *k, const uint64_t *pcs, size_t n)
{
	uint64_t *more = n ? reallocarray(k->pc, k->npcs + n, sizeof(*more)) : k->pc;

	if (n && !more)
		return -ENOMEM;
	if (n)
		memcpy(more + k->npcs, pcs, n * sizeof(*pcs));
	k->pc = more;
	k->npcs += n;
	if (n)
		qsort(more, k->npcs, sizeof(*more), by_u64);
	return 0;
}

static int learn_stacks(struct written_set *k, const struct model *m)
{
	uint32_t *more = reallocarray(NULL, m->nstacks ?: 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (size_t i = 0; i < m->nstacks; i++)
		more[i] = m->stacks[i].id;	/* sorted: the model is settled */
	free(k->stack);
	k->stack = more;
	k->nstacks = m->nstacks;
	return 0;
}

/* User addresses do not use the top bit: pc * 2 fits. */
static int put_symbols(struct writing *w)
{
	struct pcs all = { 0 };
	int err = put_new_tail_calls(w) ?: new_pcs(w, &all);

	for (size_t i = 0; i < all.n && !err; i++)
		err = put_symbol(w, all.pc[i] >> 1, all.pc[i] & 1);
	err = err ?: learn_pcs(w->known, all.pc, all.n) ?: learn_stacks(w->known, w->m);
	if (!err)
		w->known->nrests = w->m->nrests;
	free(all.pc);
	return err;
}

static void fill_rest(struct nl_msg *msg, const void *arg)
{
	const struct stack *s = arg;

	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, s->id);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, s->status);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, s->npcs * sizeof(*s->pcs), s->pcs);
}

/* Must precede put_symbols(), which updates what is known. */
static int put_rests(struct writing *w)
{
	int err = 0;

	for (size_t i = w->known->nrests; i < w->m->nrests && !err; i++)
		err = put_record(w, LEAKTRACE_CMD_STACK_REST, fill_rest, &w->m->rests[i]);
	return err;
}

/* --- what only the traced host can tell --- */

static void fill_meta(struct nl_msg *msg, const void *arg)
{
	const struct model *m = arg;

	trace_put_string(msg, META_EXE, m->exe);
	trace_put_string(msg, META_HOSTNAME, m->hostname);
	trace_put_string(msg, META_CGROUP, m->workload.cgroup);
	trace_put_string(msg, META_CONTAINER, m->workload.container);
	trace_put_string(msg, META_POD, m->workload.pod);
	trace_put_string(msg, META_KERNEL, m->kernel);
	trace_put_string(msg, META_VERSION, LEAKTRACE_VERSION);
	nla_put_u64(msg, META_WALL_MINUS_MONO_US, (int64_t)(m->wall_minus_mono_s * 1e6));
	nla_put_u64(msg, META_FD_LIMIT, m->fd_limit);
	if (m->dump_interrupted)
		nla_put_flag(msg, META_INTERRUPTED);
	limits_put(msg, META_LIMIT, m->limits);
	ledger_put(msg, META_LEDGER, &m->ledger);
	if (m->oom_killed)
		nla_put_flag(msg, META_OOM_KILLED);
	baseline_put(msg, META_BASELINE, m);
}

struct example_of {
	const struct object *o;
	const char *what;
};

static void fill_example(struct nl_msg *msg, const void *arg)
{
	const struct example_of *e = arg;

	nla_put_u8(msg, EX_KIND, e->o->kind);
	nla_put_u32(msg, EX_SPACE, e->o->space);
	nla_put_u64(msg, EX_ID, e->o->id);
	nla_put_u64(msg, EX_BORN_NS, e->o->born_ns);
	trace_put_string(msg, EX_WHAT, e->what);
}

static int put_example(struct writing *w, const struct object *o)
{
	struct example_of e = { .o = o };
	char *what = object_describe(w->m, o);
	int err = 0;

	e.what = what;
	if (what)
		err = put_record(w, RECORD_EXAMPLE, fill_example, &e);
	free(what);
	return err;
}

static int put_examples(struct writing *w)
{
	struct model *m = w->m;
	struct object *o[EXAMPLES];
	int err = 0;

	for (size_t i = 0; i < m->nsites && !err; i++) {
		int n = object_examples(m, &m->sites[i], o, EXAMPLES);

		for (int k = 0; k < n && !err; k++)
			err = put_example(w, o[k]);
	}
	for (size_t i = 0; i < m->nobjects && !err; i++)
		if (m->objects[i].unjoined || (!m->objects[i].site && i < 64))
			err = put_example(w, &m->objects[i]);
	return err;
}

static int put_maps(struct writing *w)
{
	char path[64], chunk[8192], *all = NULL;
	size_t len = 0, got;
	uint64_t hash;
	FILE *f, *out;
	int err = 0;

	/* empty for a main thread that has exited */
	snprintf(path, sizeof(path), "/proc/%u/maps",
		 w->m->maps ? (unsigned int)w->m->maps->tid : w->m->target.pid);
	f = fopen(path, "re");
	out = open_memstream(&all, &len);
	while (f && out && (got = fread(chunk, 1, sizeof(chunk), f)) > 0)
		fwrite(chunk, 1, got, out);
	if (f)
		fclose(f);
	if (out)
		fclose(out);
	hash = hash_bytes(HASH_START, all, len) | 1;
	if (len && len < MAPS_MAX_BYTES && hash != w->known->maps_hash) {
		w->known->maps_hash = hash;
		err = file_append(w->w, RECORD_MAPS, all, len);
	}
	free(all);
	return err;
}

/* Writes a message to the file unchanged, and adds it to the model: both have the same data. */
static int take_message(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct writing *w = arg;
	struct stack s;

	if (cmd == LEAKTRACE_CMD_STACK_GET && w->known->nstacks) {
		if (decode_stack(attrs, len, &s))
			return -EPROTO;
		free(s.pcs);
		if (known_stack(w->known, s.id))
			return model_record(w->m, cmd, attrs, len);
	}
	return file_append(w->w, cmd, attrs, len) ?: model_record(w->m, cmd, attrs, len);
}

int trace_write_tables(struct client *c, struct model *m, struct file_writer *w, struct written_set *k)
{
	static const int cmds[] = {
		LEAKTRACE_CMD_TARGET_GET, LEAKTRACE_CMD_STATUS_GET, LEAKTRACE_CMD_SITE_GET,
		LEAKTRACE_CMD_STACK_GET, LEAKTRACE_CMD_OBJECT_GET,
	};
	struct writing writing = { .w = w, .m = m, .known = k };
	uint32_t id = m->target.id;
	int err = 0;

	m->dump_interrupted = false;
	for (size_t i = 0; i < ARRAY_SIZE(cmds) && !err; i++) {
		model_drop(m, cmds[i]);
		err = client_raw(c, cmds[i], cmds[i] == LEAKTRACE_CMD_STATUS_GET ? 0 : id,
				 take_message, &writing);
		if (err == -EAGAIN) {
			m->dump_interrupted = true;
			err = 0;
		}
	}
	model_settle(m);
	return err;
}

struct children_part {
	const struct children *c;
	size_t from, n;
};

static void fill_ended(struct nl_msg *msg, const struct child_group *group, int g)
{
	struct ended_row row = { .group = htole32(g), .ended = htole64(group->ended),
				 .lifetime_max_ns = htole64(group->lifetime_max_ns) };

	for (size_t i = 0; i < ARRAY_SIZE(row.lifetimes); i++)
		row.lifetimes[i] = htole32(group->lifetimes[i]);
	nla_put(msg, CHILDREN_ENDED, sizeof(row), &row);
}

static void fill_children(struct nl_msg *msg, const void *arg)
{
	const struct children_part *part = arg;
	const struct children *c = part->c;
	struct child_row rows[CHILD_ROWS_MAX];

	memset(rows, 0, sizeof(rows));
	if (!part->from) {
		nla_put_u64(msg, CHILDREN_TIME_NS, c->read_ns);
		nla_put_u32(msg, CHILDREN_LOOKS, c->looks);
		nla_put_u64(msg, CHILDREN_TOTAL, c->total);
		for (int g = 0; g < CHILD_GROUPS; g++)
			fill_ended(msg, &c->group[g], g);
	}
	for (size_t i = 0; i < part->n; i++) {
		const struct child *child = &c->child[part->from + i];

		rows[i].forked_ns = htole64(child->forked_ns);
		rows[i].pid = htole32(child->pid);
		rows[i].flags = (child->zombie ? CHILD_ROW_ZOMBIE : 0) | (child->traced ? CHILD_ROW_TRACED : 0) |
			(child->object ? CHILD_ROW_OBJECT : 0);
		memcpy(rows[i].comm, child->comm, sizeof(rows[i].comm));
	}
	if (part->n)
		nla_put(msg, CHILDREN_LIST, part->n * sizeof(*rows), rows);
}

/* As many records as needed; the first has what is not a list. */
static int put_children(struct writing *w)
{
	struct children_part part = { .c = &w->m->children };
	int err = 0;

	if (!part.c->known)
		return 0;
	children_count(w->m);
	do {
		part.n = part.c->n - part.from < CHILD_ROWS_MAX ? part.c->n - part.from : CHILD_ROWS_MAX;
		err = put_record(w, RECORD_CHILDREN, fill_children, &part);
		part.from += part.n;
	} while (!err && part.from < part.c->n);
	return err;
}

/* What of a kind is not among the worst is one site. */
struct runtime_rest {
	struct runtime_site site[RUNTIME_KINDS];
	int n;
};

static void add_rest(struct runtime_rest *rest, const struct runtime_site *s)
{
	static struct judgement ok;
	struct runtime_site *sum;
	int k;

	for (k = 0; k < rest->n && strcmp(rest->site[k].kind, s->kind); k++)
		;
	/* what is held is counted where it was allocated */
	if (k == RUNTIME_KINDS || s->holder)
		return;
	sum = &rest->site[k];
	if (k == rest->n) {
		*sum = (struct runtime_site){ .id = s->id, .kind = s->kind, .type = "others", .judgement = &ok };
		rest->n++;
	}
	sum->baseline += s->baseline;
	sum->live += s->live;
	sum->baseline_bytes += s->baseline_bytes;
	sum->bytes += s->bytes;
	sum->in_thread += s->in_thread;
}

/* Its sites are nothing but names. */
static int put_runtime(struct writing *w)
{
	struct runtime_rest rest = { .n = 0 };
	const struct runtime_site *s = NULL;
	size_t n = w->m->runtime && w->symbols ? runtime_sites(w->m->runtime, &s) : 0;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (i < RUNTIME_SITES_MAX)
			err = put_record(w, RECORD_RUNTIME_SITE, trace_fill_runtime_site, &s[i]);
		else
			add_rest(&rest, &s[i]);
	}
	for (int k = 0; k < rest.n && !err; k++)
		err = put_record(w, RECORD_RUNTIME_SITE, trace_fill_runtime_site, &rest.site[k]);
	return err;
}

int trace_write_names(struct model *m, struct file_writer *w, bool symbols, struct written_set *k)
{
	struct writing writing = { .w = w, .m = m, .symbols = symbols, .known = k };

	thread_find_unjoined(m);
	return put_record(&writing, RECORD_META, fill_meta, m) ?: put_children(&writing) ?: put_runtime(&writing) ?:
		put_maps(&writing) ?: put_rests(&writing) ?: put_symbols(&writing) ?: put_examples(&writing);
}

static void fill_edge(struct nl_msg *msg, const void *arg)
{
	const struct target *t = arg;

	nla_put_u32(msg, SNAPSHOT_TARGET, t->id);
	nla_put_u64(msg, SNAPSHOT_TIME_NS, t->now_ns);
}

int trace_write_edge(struct file_writer *w, unsigned int type, const struct target *t)
{
	struct writing writing = { .w = w };

	return put_record(&writing, type, fill_edge, t);
}

/* --- between snapshots --- */

static void fill_point(struct nl_msg *msg, const void *arg)
{
	const struct point *p = arg;
	struct kind_row kinds[KINDS];
	struct site_row sites[ROWS_MAX];
	struct load_row load = { htole64(p->load.done[LOAD_READ]),
				 htole64(p->load.done[LOAD_WRITTEN]), htole64(p->load.done[LOAD_CPU]) };

	nla_put_u32(msg, POINT_TARGET, p->target);
	nla_put_u64(msg, POINT_TIME_NS, p->time_ns);
	for (size_t i = 0; i < p->nkinds; i++)
		kinds[i] = (struct kind_row){ htole32(p->kinds[i].kind), 0, htole64(p->kinds[i].born),
					      htole64(p->kinds[i].died), htole64(p->kinds[i].live) };
	for (size_t i = 0; i < p->nsites; i++)
		sites[i] = (struct site_row){ htole32(p->sites[i].site), htole32(p->sites[i].kind),
					      htole64(p->sites[i].born), htole64(p->sites[i].died) };
	if (p->nkinds)
		nla_put(msg, POINT_KINDS, p->nkinds * sizeof(kinds[0]), kinds);
	if (p->load.known)
		nla_put(msg, POINT_LOAD, sizeof(load), &load);
	if (p->nsites)
		nla_put(msg, POINT_SITES, p->nsites * sizeof(sites[0]), sites);
}

/* Writes as many records with the same time as needed. */
int trace_write_point(struct file_writer *w, const struct point *p)
{
	struct writing writing = { .w = w };
	struct point part = *p;
	size_t left = p->nsites;
	int err;

	do {
		part.nsites = left < ROWS_MAX ? left : ROWS_MAX;
		err = put_record(&writing, RECORD_POINT, fill_point, &part);
		part.sites += part.nsites;
		left -= part.nsites;
		part.nkinds = 0;
		part.load.known = false;
	} while (left && !err);
	return err;
}

struct events {
	const struct event_row *e;
	size_t n;
};

static void fill_events(struct nl_msg *msg, const void *arg)
{
	const struct events *all = arg;

	nla_put(msg, EVENTS_LIST, all->n * sizeof(*all->e), all->e);
}

/* Rows are in the file's byte order; at most EVENT_ROWS_MAX. */
int trace_write_events(struct file_writer *w, const struct event_row *e, size_t n)
{
	struct writing writing = { .w = w };
	struct events all = { e, n };

	return put_record(&writing, RECORD_EVENTS, fill_events, &all);
}

int trace_write(struct client *c, struct model *m, const char *path, bool symbols,
		char *err, size_t errlen)
{
	struct file_writer *w = file_create(path, err, errlen);
	struct written_set known = { 0 };
	int ret, end = 0;

	if (!w)
		return -EIO;
	ret = trace_write_tables(c, m, w, &known);
	if (!ret)
		ret = end = trace_write_names(m, w, symbols, &known);
	else
		end = file_flush(w);	/* find out whether writing the file was what failed */
	if (ret && !end)
		snprintf(err, errlen, "%s", client_error(c));
	/* An incomplete file does not replace the old one. */
	if (ret)
		file_discard(w);
	else
		ret = end = file_finish(w);
	if (end)
		snprintf(err, errlen, "cannot write %s: %s", path, strerror(-end));
	written_set_clear(&known);
	return ret;
}
