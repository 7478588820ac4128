// SPDX-License-Identifier: GPL-2.0
/*
 * A site of a language runtime as a record. Nothing of it can be found again without the
 * program, so all of it is there: names, counts, and the verdict of the samples so far.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/runtime_saved.h"
#include "symbolize/frame.h"
#include "tracefile/format.h"
#include "tracefile/frame_attributes.h"
#include "tracefile/runtime_record.h"
#include "util/sanitize.h"

enum { MILLION = 1000000, KIND_CHARS = 24, CHAIN_MAX = 128 };

static struct nla_policy policy[RUNTIME_LAST + 1] = {
	[RUNTIME_ID] = { .type = NLA_U32 }, [RUNTIME_KIND] = { .type = NLA_STRING },
	[RUNTIME_TYPE] = { .type = NLA_STRING },
	[RUNTIME_COUNTS] = { .type = NLA_UNSPEC, .minlen = sizeof(struct runtime_row) },
	[RUNTIME_OWN] = { .type = NLA_FLAG }, [RUNTIME_VERDICT] = { .type = NLA_U8 },
	[RUNTIME_CONFIDENCE] = { .type = NLA_U32 }, [RUNTIME_RATE] = { .type = NLA_U64 },
	[RUNTIME_EVIDENCE] = { .type = NLA_STRING }, [RUNTIME_ROOT] = { .type = NLA_STRING },
	[RUNTIME_CHAIN] = { .type = NLA_STRING }, [RUNTIME_GROWN_BYTES] = { .type = NLA_U64 },
	[RUNTIME_BY] = { .type = NLA_NESTED }, [RUNTIME_FRAME] = { .type = NLA_NESTED },
};

static void put_judgement(struct nl_msg *msg, const struct judgement *j)
{
	nla_put_u8(msg, RUNTIME_VERDICT, j->verdict);
	nla_put_u32(msg, RUNTIME_CONFIDENCE, j->confidence * MILLION);
	nla_put_u64(msg, RUNTIME_RATE, (int64_t)(j->rate_per_min * 1000));
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		trace_put_string(msg, RUNTIME_EVIDENCE, j->evidence[i]);
}

/* Its parts are attributes, as a newline is no character of a name. */
static void put_holder(struct nl_msg *msg, const struct runtime_holder *h)
{
	trace_put_string(msg, RUNTIME_ROOT, h->root);
	nla_put_u64(msg, RUNTIME_GROWN_BYTES, h->grown_bytes);
	for (const char *c = h->chain; *c; c += strcspn(c, "\n"), c += *c == '\n') {
		char *part = strndup(c, strcspn(c, "\n"));

		trace_put_string(msg, RUNTIME_CHAIN, part);
		free(part);
	}
}

/** trace_fill_runtime_site() - the attributes of a record */
void trace_fill_runtime_site(struct nl_msg *msg, const void *site)
{
	const struct runtime_site *s = site;
	struct runtime_row row = { htole64(s->baseline), htole64(s->live), htole64(s->baseline_bytes),
				   htole64(s->bytes), htole64(s->in_thread), htole64(s->age_max_s * MILLION) };

	nla_put_u32(msg, RUNTIME_ID, s->id);
	trace_put_string(msg, RUNTIME_KIND, s->kind);
	trace_put_string(msg, RUNTIME_TYPE, s->type);
	nla_put(msg, RUNTIME_COUNTS, sizeof(row), &row);
	if (s->own)
		nla_put_flag(msg, RUNTIME_OWN);
	put_judgement(msg, s->judgement);
	if (s->holder)
		put_holder(msg, s->holder);
	if (s->by)
		trace_put_frames(msg, RUNTIME_BY, s->by, 1);
	trace_put_frames(msg, RUNTIME_FRAME, s->frames,
			 s->nframes < RUNTIME_FRAMES_MAX ? s->nframes : RUNTIME_FRAMES_MAX);
}

static const char *text_of(struct nlattr *a)
{
	return a ? nla_get_string(a) : "";
}

/* Names of files are made of it, and it must not be one of the kernel's. */
static bool is_kind(const char *kind)
{
	size_t n = strspn(kind, "abcdefghijklmnopqrstuvwxyz");

	return n && !kind[n] && n <= KIND_CHARS && kind_parse(kind) < 0;
}

static bool take_judgement(struct nlattr **tb, struct judgement *j)
{
	j->verdict = tb[RUNTIME_VERDICT] ? nla_get_u8(tb[RUNTIME_VERDICT]) : VERDICT_OK;
	j->confidence = tb[RUNTIME_CONFIDENCE] ? nla_get_u32(tb[RUNTIME_CONFIDENCE]) / (double)MILLION : 0;
	j->rate_per_min = tb[RUNTIME_RATE] ? (int64_t)nla_get_u64(tb[RUNTIME_RATE]) / 1000.0 : 0;
	return j->verdict <= VERDICT_LEAK && j->confidence <= 1;
}

static void take_counts(struct nlattr *a, struct runtime_site *s)
{
	struct runtime_row row;

	memcpy(&row, nla_data(a), sizeof(row));
	s->baseline = le64toh(row.baseline);
	s->live = le64toh(row.live);
	s->baseline_bytes = le64toh(row.baseline_bytes);
	s->bytes = le64toh(row.bytes);
	s->in_thread = le64toh(row.in_thread);
	s->age_max_s = le64toh(row.age_max_us) / (double)MILLION;
	s->judgement->age_max_s = s->age_max_s;
}

struct taken {				/* what a site points to */
	struct judgement judgement;
	struct runtime_holder holder;
	struct symbol_frame by, frames[RUNTIME_FRAMES_MAX];
	const char *part[CHAIN_MAX];
	char *chain;			/* malloced */
	int nframes, parts, evidence;
};

/* 0 or -EBADMSG */
static int take_lists(struct nlattr *attrs, int len, struct taken *t)
{
	struct nlattr *a;
	int rest, err = 0;

	nla_for_each_attr(a, attrs, len, rest) {
		if (nla_type(a) == RUNTIME_FRAME && t->nframes < RUNTIME_FRAMES_MAX)
			err = err ?: trace_take_frame(a, &t->frames[t->nframes++]);
		else if (nla_type(a) == RUNTIME_CHAIN && t->parts < CHAIN_MAX)
			t->part[t->parts++] = nla_get_string(a);
		else if (nla_type(a) == RUNTIME_EVIDENCE && t->evidence < EVIDENCE_MAX)
			t->judgement.evidence[t->evidence++] = nla_get_string(a);
	}
	return err;
}

/* A line each; malloced. */
static char *join_chain(const struct taken *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	for (int i = 0; f && i < t->parts; i++) {
		char *part = sanitize(strdup(t->part[i]));

		fprintf(f, "%s%s", i ? "\n" : "", part ?: "");
		free(part);
	}
	if (f)
		fclose(f);
	return text;
}

/* Sets what the site points to, in @t; the chain of what holds it is malloced. 0, -EBADMSG or -ENOMEM */
static int take_site(struct nlattr *attrs, int len, struct taken *t, struct runtime_site *s)
{
	struct nlattr *tb[RUNTIME_LAST + 1];

	if (nla_parse(tb, RUNTIME_LAST, attrs, len, policy) || !tb[RUNTIME_ID] || !tb[RUNTIME_COUNTS] ||
	    !is_kind(text_of(tb[RUNTIME_KIND])) || !take_judgement(tb, &t->judgement) || take_lists(attrs, len, t) ||
	    (tb[RUNTIME_BY] && trace_take_frame(tb[RUNTIME_BY], &t->by)))
		return -EBADMSG;
	*s = (struct runtime_site){
		.id = nla_get_u32(tb[RUNTIME_ID]), .kind = text_of(tb[RUNTIME_KIND]), .type = text_of(tb[RUNTIME_TYPE]),
		.own = tb[RUNTIME_OWN], .judgement = &t->judgement, .frames = t->frames, .nframes = t->nframes,
		.by = tb[RUNTIME_BY] ? &t->by : NULL,
	};
	take_counts(tb[RUNTIME_COUNTS], s);
	if (!tb[RUNTIME_ROOT])
		return 0;
	t->chain = join_chain(t);
	t->holder = (struct runtime_holder){
		text_of(tb[RUNTIME_ROOT]), t->chain,
		tb[RUNTIME_GROWN_BYTES] ? nla_get_u64(tb[RUNTIME_GROWN_BYTES]) : 0,
	};
	s->holder = &t->holder;
	return t->chain ? 0 : -ENOMEM;
}

/** trace_decode_runtime_site() - add the site to the model's runtime; 0, -EBADMSG or -ENOMEM */
int trace_decode_runtime_site(struct model *m, struct nlattr *attrs, int len)
{
	struct taken *t = calloc(1, sizeof(*t));
	struct runtime_site s;
	int err = t ? take_site(attrs, len, t, &s) : -ENOMEM;

	m->runtime = err || m->runtime ? m->runtime : runtime_saved_new();
	if (!err)
		err = m->runtime ? runtime_saved_add(m->runtime, &s) : -ENOMEM;
	free(t ? t->chain : NULL);
	free(t);
	return err;
}
