// SPDX-License-Identifier: GPL-2.0
/* Sites of a runtime that were read from a file, and stay as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "model/runtime.h"
#include "model/runtime_saved.h"
#include "symbolize/frame.h"
#include "util/array.h"
#include "util/sanitize.h"
#include "util/string_table.h"

struct saved {				/* what a site points to */
	struct judgement judgement;
	struct runtime_holder holder;
	struct symbol_frame by;
	struct symbol_frame frames[];
};

struct runtime_reader {
	struct string_table *names;
	struct runtime_site *site;
	struct saved **saved;		/* of each site */
	size_t n, capacity, saved_capacity;
};

static void close_reader(struct runtime_reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		judgement_clear(&r->saved[i]->judgement);
		free((char *)r->saved[i]->holder.chain);
		free(r->saved[i]);
	}
	free(r->saved);
	free(r->site);
	string_table_close(r->names);
	free(r);
}

static size_t sites_of(struct runtime_reader *r, struct runtime_site **sites)
{
	*sites = calloc(r->n + 1, sizeof(**sites));
	if (!*sites)
		return 0;
	memcpy(*sites, r->site, r->n * sizeof(**sites));
	return r->n;
}

static int sample(struct runtime_reader *r, bool may_be_last)
{
	(void)r;
	(void)may_be_last;
	return 0;
}

static const struct runtime_ops saved_ops = { .sample = sample, .sites = sites_of, .close = close_reader };

/** runtime_saved_new() - a runtime without sites; NULL without memory */
struct runtime *runtime_saved_new(void)
{
	struct runtime_reader *r = calloc(1, sizeof(*r));
	struct runtime *p;

	if (r)
		r->names = string_table_open();
	p = r && r->names ? runtime_of(&saved_ops, r) : NULL;
	if (p)
		return p;
	if (r)
		string_table_close(r->names);
	free(r);
	return NULL;
}

static void keep_frame(struct string_table *names, struct symbol_frame *to, const struct symbol_frame *f)
{
	*to = *f;
	to->function = string_table_intern(names, f->function);
	to->file = string_table_intern(names, f->file);
	to->module = string_table_intern(names, f->module);
	to->build_id = string_table_intern(names, f->build_id);
	to->missing_debug = string_table_intern(names, f->missing_debug);
	to->script = string_table_intern(names, f->script);
}

static bool keep_judgement(struct judgement *to, const struct judgement *j)
{
	*to = *j;
	memset(to->evidence, 0, sizeof(to->evidence));
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++) {
		/* it is freed by whoever judges */
		to->evidence[i] = sanitize(strdup(j->evidence[i]));
		if (!to->evidence[i])
			return false;
	}
	return true;
}

static bool keep(struct runtime_reader *r, struct saved *to, struct runtime_site *s)
{
	if (!keep_judgement(&to->judgement, s->judgement))
		return false;
	for (int i = 0; i < s->nframes; i++)
		keep_frame(r->names, &to->frames[i], &s->frames[i]);
	if (s->by) {
		keep_frame(r->names, &to->by, s->by);
		s->by = &to->by;
	}
	if (s->holder) {
		to->holder = (struct runtime_holder){
			string_table_intern(r->names, s->holder->root) ?: "", strdup(s->holder->chain),
			s->holder->grown_bytes,
		};
		if (!to->holder.chain)
			return false;
		s->holder = &to->holder;
	}
	s->kind = string_table_intern(r->names, s->kind) ?: "";
	s->type = string_table_intern(r->names, s->type) ?: "";
	s->judgement = &to->judgement;
	s->frames = to->frames;
	return true;
}

/** runtime_saved_add() - add a copy of a site; 0 or -ENOMEM */
int runtime_saved_add(struct runtime *p, const struct runtime_site *s)
{
	struct runtime_reader *r = runtime_reader_of(p);
	struct runtime_site own = *s;
	struct saved *to;

	if (!array_reserve(r->site, r->capacity, r->n, 1) || !array_reserve(r->saved, r->saved_capacity, r->n, 1))
		return -ENOMEM;
	to = calloc(1, sizeof(*to) + s->nframes * sizeof(*to->frames));
	if (!to)
		return -ENOMEM;
	if (!keep(r, to, &own)) {
		judgement_clear(&to->judgement);
		free(to);
		return -ENOMEM;
	}
	r->site[r->n] = own;
	r->saved[r->n++] = to;
	return 0;
}

/** runtime_saved_sites() - the sites themselves, to change them; returns their number */
size_t runtime_saved_sites(struct runtime *p, struct runtime_site **sites)
{
	struct runtime_reader *r = runtime_reader_of(p);

	*sites = r->site;
	return r->n;
}
