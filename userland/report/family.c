// SPDX-License-Identifier: GPL-2.0
/*
 * Findings of several processes, compared by kind, type and call path as functions are named,
 * which is the same in all processes of one program. Everything is bounded: a server may
 * have had any number of children.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/call_path.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "model/workload.h"
#include "report/family.h"
#include "report/report.h"
#include "util/array.h"
#include "util/format.h"
#include "util/hash.h"

enum { KEYS_MAX = 4096, SHARES_MAX = 256, NAMES_MAX = 256, LINES_MAX = 20 };

struct alike {
	uint64_t key;
	struct finding_share *share;
	size_t n, room;
	uint64_t processes, live;	/* also of those for which there is no room */
	bool told;
};

struct name_count {
	char comm[64];
	uint64_t n;
};

struct family {
	struct alike *alike;
	size_t n, room;
	struct name_count *name;
	size_t nnames, names_room;
	uint64_t left_out, left_out_inexact;
	char *line[LINES_MAX];
	uint64_t lines;
};

struct family *family_new(void)
{
	return calloc(1, sizeof(struct family));
}

void family_free(struct family *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		free(f->alike[i].share);
	for (int i = 0; i < LINES_MAX; i++)
		free(f->line[i]);
	free(f->alike);
	free(f->name);
	free(f);
}

uint64_t family_key(struct model *m, const struct site *s)
{
	struct call_path path;
	uint64_t key;

	/* what has no stack is like nothing else */
	if (call_path_read(m, s, &path))
		key = hash_bytes(HASH_START, &path.hash, sizeof(path.hash));
	else
		key = hash_bytes(HASH_START, &m->target.id, sizeof(m->target.id)) + s->id;
	key = hash_bytes(key, &s->kind, sizeof(s->kind));
	return hash_bytes(key, &s->type, sizeof(s->type));
}

static uint64_t key_of(struct model *m, const struct finding *g)
{
	return family_key(m, model_site(m, g->sites[0]));
}

static struct alike *find(const struct family *f, uint64_t key)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (f->alike[i].key == key)
			return &f->alike[i];
	return NULL;
}

static bool counts(const struct finding *g)
{
	return g->judgement.verdict >= VERDICT_SUSPECT;
}

bool family_has_news(const struct family *f, struct model *m)
{
	for (size_t i = 0; i < m->nfindings; i++)
		if (counts(&m->findings[i]) && !find(f, key_of(m, &m->findings[i])))
			return true;
	return false;
}

static void add_name(struct family *f, const char *comm)
{
	for (size_t i = 0; i < f->nnames; i++)
		if (!strcmp(f->name[i].comm, comm)) {
			f->name[i].n++;
			return;
		}
	if (f->nnames == NAMES_MAX || !array_reserve(f->name, f->names_room, f->nnames, 1))
		return;
	f->name[f->nnames] = (struct name_count){ .n = 1 };
	snprintf(f->name[f->nnames++].comm, sizeof(f->name->comm), "%s", comm);
}

static uint64_t objects_of(const struct finding *g)
{
	uint64_t n = g->unjoined;

	for (int k = 0; k < KINDS; k++)
		n += g->live[k];
	return n;
}

static void add_finding(struct family *f, struct model *m, const struct finding *g)
{
	uint64_t key = key_of(m, g);
	struct alike *a = find(f, key);

	if (!a && (f->n == KEYS_MAX || !array_reserve(f->alike, f->room, f->n, 1)))
		return;
	if (!a) {
		a = &f->alike[f->n++];
		*a = (struct alike){ .key = key };
	}
	a->processes++;
	a->live += objects_of(g);
	if (a->n < SHARES_MAX && array_reserve(a->share, a->room, a->n, 1))
		a->share[a->n++] = (struct finding_share){ .pid = m->target.pid, .live = objects_of(g) };
}

void family_add(struct family *f, struct model *m)
{
	if (!f)
		return;
	add_name(f, m->target.comm);
	for (size_t i = 0; i < m->nfindings; i++)
		if (counts(&m->findings[i]))
			add_finding(f, m, &m->findings[i]);
}

void family_leave_out(struct family *f, const struct model *m)
{
	if (!f)
		return;
	f->left_out++;
	f->left_out_inexact += !!m->target.inexact;
}

static uint64_t named(const struct family *f, const char *comm)
{
	for (size_t i = 0; i < f->nnames; i++)
		if (!strcmp(f->name[i].comm, comm))
			return f->name[i].n;
	return 0;
}

static void set_shares(const struct family *f, const struct model *m, struct finding *g, const struct alike *a)
{
	uint64_t of = named(f, m->target.comm);

	free(g->shares);
	g->nshares = 0;
	g->shares = calloc(a->n, sizeof(*g->shares));
	if (!g->shares)
		return;
	memcpy(g->shares, a->share, a->n * sizeof(*g->shares));
	g->nshares = a->n;
	g->processes = a->processes;
	g->processes_live = a->live;
	g->processes_of = of > a->processes ? of : a->processes;
}

bool family_mark(struct family *f, struct model *m, bool skip)
{
	bool left = false;

	for (size_t i = 0; f && i < m->nfindings; i++) {
		struct finding *g = &m->findings[i];
		struct alike *a = counts(g) ? find(f, key_of(m, g)) : NULL;

		if (a && a->processes > 1)
			set_shares(f, m, g, a);
		g->told = a && a->told && skip;
		if (a)
			a->told = true;
		left |= counts(g) && !g->told;
	}
	for (int i = 0; i < CHILD_GROUPS; i++)
		left |= m->children.group[i].judgement.verdict >= VERDICT_SUSPECT;
	return left || !f || !skip;
}

void family_note(struct family *f, struct model *m)
{
	size_t told = 0, len = 0;
	char *text = NULL, time[32], n[32], label[600];
	FILE *line;

	if (!f || f->lines++ >= LINES_MAX)
		return;
	line = open_memstream(&text, &len);
	if (!line)
		return;
	for (size_t i = 0; i < m->nfindings; i++)
		told += m->findings[i].told;
	workload_label(&m->workload, label, sizeof(label));
	fprintf(line, "  %s (%u%s%s), traced for %s: ", m->target.comm, m->target.pid, *label ? ", " : "", label,
		format_seconds(model_end_s(m), time));
	if (told)
		fprintf(line, "%zu finding%s told above", told, told == 1 ? "" : "s");
	else
		fputs("no finding", line);
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *t = &m->target.kind[k];

		if (t->present && m->target.kinds & 1U << k && t->live != t->baseline)
			fprintf(line, ", %s %s%s", kind_name(k), t->live > t->baseline ? "+" : "-",
				format_count(t->live > t->baseline ? t->live - t->baseline : t->baseline - t->live, n));
	}
	if (m->target.inexact)
		fputs("; not exact", line);
	fclose(line);
	f->line[f->lines - 1] = text;
}

void family_write_rest(FILE *out, const struct family *f)
{
	char a[32], b[32];

	if (!f || (!f->lines && !f->left_out))
		return;
	fputc('\n', out);
	if (f->lines)
		fprintf(out, "%s more process%s traced, with nothing else to tell:\n", format_count(f->lines, a),
			f->lines == 1 ? "" : "es");
	for (uint64_t i = 0; i < f->lines && i < LINES_MAX; i++)
		if (f->line[i])
			fprintf(out, "%s\n", f->line[i]);
	if (f->lines > LINES_MAX)
		fprintf(out, "  … and %s more\n", format_count(f->lines - LINES_MAX, a));
	if (f->left_out) {
		fprintf(out, "%s child process%s came and went, with nothing else to tell", format_count(f->left_out, a),
			f->left_out == 1 ? "" : "es");
		if (f->left_out_inexact)
			fprintf(out, "; %s of them not exact", format_count(f->left_out_inexact, b));
		fputc('\n', out);
	}
}
