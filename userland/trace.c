// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a trace file: the kernel's own messages, as they came, and around
 * them what only the traced host could tell: META (program, host, clock),
 * SYMBOL (the frames of a pc), MAPS, EXAMPLE (what an object was). All are
 * attributes in netlink's form, so that one decoder serves both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "leaktrace.h"
#include "maps.h"

enum { META_EXE = 1, META_HOSTNAME, META_KERNEL, META_WALL_MINUS_MONO_US, META_FD_LIMIT,
       META_VERSION, META_INTERRUPTED, META_LIMIT, META_MAX = META_LIMIT };
enum { SYM_PC = 1, SYM_RETURN, SYM_FRAME, SYM_MAX = SYM_FRAME };
enum { FRAME_FUNCTION = 1, FRAME_FILE, FRAME_LINE, FRAME_MODULE, FRAME_BUILD_ID, FRAME_OFFSET,
       FRAME_INLINED, FRAME_MAX = FRAME_INLINED };
enum { EX_KIND = 1, EX_SPACE, EX_ID, EX_BORN_NS, EX_WHAT, EX_MAX = EX_WHAT };

enum { FRAMES_MAX = 64, EXAMPLES = 5, MESSAGE_BYTES = 64 << 10 };

static struct nla_policy meta_policy[META_MAX + 1] = {
	[META_EXE] = { .type = NLA_STRING }, [META_HOSTNAME] = { .type = NLA_STRING },
	[META_KERNEL] = { .type = NLA_STRING }, [META_WALL_MINUS_MONO_US] = { .type = NLA_U64 },
	[META_FD_LIMIT] = { .type = NLA_U64 }, [META_VERSION] = { .type = NLA_STRING },
	[META_INTERRUPTED] = { .type = NLA_FLAG }, [META_LIMIT] = { .type = NLA_NESTED },
};
static struct nla_policy symbol_policy[SYM_MAX + 1] = {
	[SYM_PC] = { .type = NLA_U64 }, [SYM_RETURN] = { .type = NLA_U8 },
	[SYM_FRAME] = { .type = NLA_NESTED },
};
static struct nla_policy frame_policy[FRAME_MAX + 1] = {
	[FRAME_FUNCTION] = { .type = NLA_STRING }, [FRAME_FILE] = { .type = NLA_STRING },
	[FRAME_LINE] = { .type = NLA_U32 }, [FRAME_MODULE] = { .type = NLA_STRING },
	[FRAME_BUILD_ID] = { .type = NLA_STRING }, [FRAME_OFFSET] = { .type = NLA_U64 },
	[FRAME_INLINED] = { .type = NLA_U8 },
};
static struct nla_policy example_policy[EX_MAX + 1] = {
	[EX_KIND] = { .type = NLA_U8 }, [EX_SPACE] = { .type = NLA_U32 },
	[EX_ID] = { .type = NLA_U64 }, [EX_BORN_NS] = { .type = NLA_U64 },
	[EX_WHAT] = { .type = NLA_STRING },
};

/* --- writing --- */

struct writing {
	struct file_writer *w;
	struct model *m;
	bool symbols;
};

static int keep_message(int cmd, struct nlattr *attrs, int len, void *arg)
{
	return file_append(arg, cmd, attrs, len);
}

static void put_string(struct nl_msg *msg, int type, const char *s)
{
	if (s)
		nla_put(msg, type, strnlen(s, 4095) + 1, s);
}

/* A record of our own: what fill puts into a message, without netlink's header. */
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

static void fill_meta(struct nl_msg *msg, const void *arg)
{
	const struct model *m = arg;

	put_string(msg, META_EXE, m->exe);
	put_string(msg, META_HOSTNAME, m->hostname);
	put_string(msg, META_KERNEL, m->kernel);
	put_string(msg, META_VERSION, LEAKTRACE_VERSION);
	nla_put_u64(msg, META_WALL_MINUS_MONO_US, (int64_t)(m->wall_minus_mono_s * 1e6));
	nla_put_u64(msg, META_FD_LIMIT, m->fd_limit);
	if (m->dump_interrupted)
		nla_put_flag(msg, META_INTERRUPTED);
	limits_put(msg, META_LIMIT, m->limits);
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
	for (int i = 0; i < s->n && i < FRAMES_MAX; i++) {
		const struct symbol_frame *f = &s->frames[i];
		struct nlattr *nest = nla_nest_start(msg, SYM_FRAME);

		if (!nest)
			return;
		put_string(msg, FRAME_FUNCTION, f->function);
		put_string(msg, FRAME_FILE, f->file);
		if (f->line)
			nla_put_u32(msg, FRAME_LINE, f->line);
		put_string(msg, FRAME_MODULE, f->module);
		put_string(msg, FRAME_BUILD_ID, f->build_id);
		nla_put_u64(msg, FRAME_OFFSET, f->offset);
		nla_put_u8(msg, FRAME_INLINED, f->inlined);
		nla_nest_end(msg, nest);
	}
}

static int by_pc(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->pc != y->pc)
		return x->pc > y->pc ? 1 : -1;
	return x->is_return - y->is_return;
}

/* Each pc of every stack once. */
static int put_symbols(struct writing *w)
{
	struct model *m = w->m;
	struct symbol *all;
	size_t n = 0, room = 0;
	int err = 0;

	for (size_t i = 0; i < m->nstacks; i++)
		room += m->stacks[i].npcs;
	all = calloc(room ?: 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < m->nstacks; i++)
		for (unsigned int j = 0; j < m->stacks[i].npcs; j++)
			all[n++] = (struct symbol){ .pc = m->stacks[i].pcs[j], .is_return = j > 0 };
	qsort(all, n, sizeof(*all), by_pc);
	for (size_t i = 0; i < n && !err; i++) {
		struct symbol_frame f[FRAMES_MAX];

		if (i && !by_pc(&all[i], &all[i - 1]))
			continue;
		all[i].frames = f;
		if (!w->symbols && m->symboliser) {
			symboliser_place(m->symboliser, all[i].pc, all[i].is_return, f);
			all[i].n = 1;
		} else if (m->symboliser) {
			all[i].n = symboliser_resolve(m->symboliser, all[i].pc, all[i].is_return, f,
						      FRAMES_MAX);
		}
		if (all[i].n > 0)
			err = put_record(w, RECORD_SYMBOL, fill_symbol, &all[i]);
	}
	free(all);
	return err;
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
	put_string(msg, EX_WHAT, e->what);
}

static int put_example(struct writing *w, const struct object *o)
{
	struct example_of e = { .o = o };
	char *what = example_describe(w->m, o);
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
		int n = examples_of(m, &m->sites[i], o, EXAMPLES);

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
	FILE *f, *out;
	int err;

	/* a first thread that has exited has none */
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
	err = len && len < 16 << 20 ? file_append(w->w, RECORD_MAPS, all, len) : 0;
	free(all);
	return err;
}

/* The kernel's tables once more, as messages: what m has was decoded. */
static int put_tables(struct client *c, struct writing *w)
{
	static const int cmds[] = {
		LEAKTRACE_CMD_STATUS_GET, LEAKTRACE_CMD_TARGET_GET, LEAKTRACE_CMD_SITE_GET,
		LEAKTRACE_CMD_STACK_GET, LEAKTRACE_CMD_OBJECT_GET,
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cmds) && !err; i++) {
		err = client_raw(c, cmds[i], cmds[i] == LEAKTRACE_CMD_STATUS_GET ? 0 : w->m->target.id,
				 keep_message, w->w);
		if (err == -EAGAIN) {
			w->m->dump_interrupted = true;
			err = 0;
		}
	}
	return err;
}

int trace_write(struct client *c, struct model *m, const char *path, bool symbols,
		char *err, size_t errlen)
{
	struct writing w = { .w = file_create(path, err, errlen), .m = m, .symbols = symbols };
	int ret, end;

	if (!w.w)
		return -EIO;
	thread_look(m);
	ret = put_tables(c, &w);
	if (ret)
		snprintf(err, errlen, "%s", client_error(c));
	ret = ret ?: put_record(&w, RECORD_META, fill_meta, m) ?: put_maps(&w) ?: put_symbols(&w) ?:
		put_examples(&w);
	end = file_finish(w.w);
	if ((ret || end) && (!ret || end))
		snprintf(err, errlen, "cannot write %s: %s", path, strerror(end ? -end : -ret));
	return ret ?: end;
}

/* --- reading --- */

static char *string_of(struct nlattr *a)
{
	return a ? strndup(nla_data(a), nla_len(a)) : NULL;
}

static int take_meta(struct model *m, struct nlattr *attrs, int len)
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
	if (tb[META_WALL_MINUS_MONO_US])
		m->wall_minus_mono_s = (int64_t)nla_get_u64(tb[META_WALL_MINUS_MONO_US]) / 1e6;
	if (tb[META_FD_LIMIT])
		m->fd_limit = nla_get_u64(tb[META_FD_LIMIT]);
	m->limits[LIMIT_FDS] = (struct limit){ .max = m->fd_limit, .name = "RLIMIT_NOFILE" };
	m->dump_interrupted |= !!tb[META_INTERRUPTED];
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == META_LIMIT && limits_take(a, m->limits))
			return -EBADMSG;
	return 0;
}

static int take_frame(struct nlattr *nest, struct symbol_frame *f)
{
	struct nlattr *tb[FRAME_MAX + 1];

	memset(f, 0, sizeof(*f));
	if (nla_parse_nested(tb, FRAME_MAX, nest, frame_policy))
		return -EBADMSG;
	f->function = tb[FRAME_FUNCTION] ? nla_get_string(tb[FRAME_FUNCTION]) : NULL;
	f->file = tb[FRAME_FILE] ? nla_get_string(tb[FRAME_FILE]) : NULL;
	f->line = tb[FRAME_LINE] ? nla_get_u32(tb[FRAME_LINE]) & INT32_MAX : 0;
	f->module = tb[FRAME_MODULE] ? nla_get_string(tb[FRAME_MODULE]) : NULL;
	f->build_id = tb[FRAME_BUILD_ID] ? nla_get_string(tb[FRAME_BUILD_ID]) : NULL;
	f->offset = tb[FRAME_OFFSET] ? nla_get_u64(tb[FRAME_OFFSET]) : 0;
	f->inlined = tb[FRAME_INLINED] && nla_get_u8(tb[FRAME_INLINED]);
	return 0;
}

static int take_symbol(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[SYM_MAX + 1], *a;
	struct symbol_frame f[FRAMES_MAX];
	int n = 0, rest;

	if (nla_parse(tb, SYM_MAX, attrs, len, symbol_policy) || !tb[SYM_PC])
		return -EBADMSG;
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == SYM_FRAME && n < FRAMES_MAX && take_frame(a, &f[n++]))
			return -EBADMSG;
	if (!n)
		return 0;
	return symboliser_feed(m->symboliser, nla_get_u64(tb[SYM_PC]),
			       tb[SYM_RETURN] && nla_get_u8(tb[SYM_RETURN]), f, n);
}

static int take_example(struct model *m, struct nlattr *attrs, int len)
{
	struct nlattr *tb[EX_MAX + 1];
	struct object o = { 0 };

	if (nla_parse(tb, EX_MAX, attrs, len, example_policy) || !tb[EX_ID] || !tb[EX_WHAT])
		return -EBADMSG;
	o.kind = tb[EX_KIND] ? nla_get_u8(tb[EX_KIND]) : 0;
	o.space = tb[EX_SPACE] ? nla_get_u32(tb[EX_SPACE]) : 0;
	o.id = nla_get_u64(tb[EX_ID]);
	o.born_ns = tb[EX_BORN_NS] ? nla_get_u64(tb[EX_BORN_NS]) : 0;
	model_remember(m, &o, nla_get_string(tb[EX_WHAT]));
	return 0;
}

static int take_maps(struct model *m, const void *data, size_t len)
{
	char *copy = strndup(data, len);
	struct maps *maps = calloc(1, sizeof(*maps));

	if (!copy || !maps || m->maps || maps_parse(copy, maps)) {
		free(maps);
		return 0;	/* only names of ranges would come from it */
	}
	m->maps = maps;
	return 0;
}

static int take_record(struct model *m, unsigned int type, void *data, size_t len)
{
	switch (type) {
	case RECORD_META:
		return take_meta(m, data, len);
	case RECORD_SYMBOL:
		return take_symbol(m, data, len);
	case RECORD_EXAMPLE:
		return take_example(m, data, len);
	case RECORD_MAPS:
		return take_maps(m, data, len);
	}
	return model_record(m, type, data, len);
}

int trace_read(const char *path, struct model *m, char *err, size_t errlen)
{
	struct file_reader *r = file_open(path, err, errlen);
	unsigned int type;
	void *data;
	size_t len;
	int ret;

	if (!r)
		return -EINVAL;
	m->offline = true;
	m->symboliser = symboliser_offline();
	while ((ret = m->symboliser ? file_next(r, &type, &data, &len, err, errlen) : -ENOMEM) > 0)
		if (take_record(m, type, data, len)) {
			snprintf(err, errlen, "%s: damaged file: a record makes no sense", path);
			ret = -EBADMSG;
			break;
		}
	/* what came whole before the damage is still worth a report */
	if (ret < 0 && m->target.id && m->nsites) {
		fail("%s: %s; reporting what comes before it", path, err);
		ret = 0;
	}
	m->incomplete = ret < 0 || !file_complete(r);
	if (!ret && !m->target.id) {
		snprintf(err, errlen, "%s: the file ends before it says anything", path);
		ret = -EBADMSG;
	}
	file_close(r);
	model_settle(m);
	return ret;
}
