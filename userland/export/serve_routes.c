// SPDX-License-Identifier: GPL-2.0
/*
 * The paths that are served: the page, the index of profiles, each profile, the
 * metrics. Clients cannot make us read the kernel's tables more than once a
 * second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "analysis/analysis.h"
#include "export/http_server.h"
#include "export/serve_routes.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/target.h"
#include "report/html.h"
#include "report/openmetrics.h"
#include "report/pprof.h"
#include "session/input.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/units.h"

#define FRESH_NS	NSEC_PER_SEC
#define PPROF		"/debug/pprof/"

struct served {
	struct input input;
	const char *what;
	struct model *models;
	size_t n;
	uint64_t read_ns;		/* 0: not yet */
	int status;			/* result of the last read */
};

/* Takes over the model; the caller continues with an empty one. */
static int take(struct model *m, void *arg)
{
	struct served *s = arg;
	struct model *more = reallocarray(s->models, s->n + 1, sizeof(*more));

	if (!more)
		return fail("out of memory");
	s->models = more;
	s->models[s->n++] = *m;
	model_init(m);
	return 0;
}

static void drop(struct served *s)
{
	while (s->n)
		model_free(&s->models[--s->n]);
}

struct served *served_open(const struct analysis_options *analysis, const char *what)
{
	struct served *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->input = (struct input){ .analysis = analysis, .fn = take, .arg = s };
	s->what = what;
	return s;
}

void served_close(struct served *s)
{
	if (!s)
		return;
	drop(s);
	free(s->models);
	input_close(&s->input);
	free(s);
}

int served_refresh(struct served *s)
{
	uint64_t now = monotonic_ns();

	if (s->read_ns && (input_is_file(s->what) || now - s->read_ns < FRESH_NS))
		return s->status;
	drop(s);
	s->status = input_read(&s->input, s->what);
	s->read_ns = monotonic_ns();
	return s->status;
}

static FILE *begin(struct answer *a, const char *type)
{
	a->status = 200;
	a->type = type;
	return open_memstream(&a->body, &a->len);
}

static void end(struct answer *a, FILE *f, int err)
{
	if (f)
		err |= fclose(f);
	if (f && !err)
		return;
	free(a->body);
	*a = (struct answer){ .status = 500 };
}

static void say(struct answer *a, unsigned int status, const char *what)
{
	FILE *f = begin(a, "text/plain; charset=utf-8");

	if (f)
		fprintf(f, "%s\n", what);
	end(a, f, 0);
	if (a->status == 200)
		a->status = status;
}

static void put_escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		unsigned char c = *s;

		if (c < ' ' || c > '~' || strchr("<>&\"'", c))
			fprintf(f, "&#%u;", c < ' ' || c > '~' ? '?' : c);
		else
			fputc(c, f);
	}
}

static void put_profile(FILE *f, const struct target *t, const char *kind)
{
	fprintf(f, "<li><a href=\"" PPROF "%s?pid=%u\">%s</a> of ", kind, t->pid, kind);
	put_escaped(f, t->comm);
	fprintf(f, " (%u)</li>\n", t->pid);
}

static void answer_index(struct served *s, struct answer *a)
{
	FILE *f = begin(a, "text/html; charset=utf-8");

	if (f)
		fputs("<!doctype html><meta charset=\"utf-8\"><title>leaktrace</title>"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">"
		      "<h1>Profiles</h1><p>Live objects by call path: "
		      "<code>go tool pprof http://127.0.0.1:…</code>. <a href=\"/\">The report</a>, "
		      "<a href=\"/metrics\">metrics</a>.</p>\n<ul>\n", f);
	for (size_t i = 0; f && i < s->n; i++) {
		const struct target *t = &s->models[i].target;
		struct runtime_total known[RUNTIME_KINDS];

		for (int k = 0; k < KINDS; k++)
			if (t->kinds & 1U << k)
				put_profile(f, t, kind_name(k));
		for (int k = 0, n = runtime_totals(s->models[i].runtime, known); k < n; k++)
			put_profile(f, t, known[k].kind);
	}
	if (f)
		fputs("</ul>\n", f);
	end(a, f, 0);
}

static void answer_metrics(struct served *s, bool openmetrics, struct answer *a)
{
	FILE *f = begin(a, openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" :
			"text/plain; version=0.0.4; charset=utf-8");
	struct metrics *x = metrics_new();

	for (size_t i = 0; x && i < s->n; i++)
		metrics_add(x, &s->models[i]);
	end(a, f, f && x ? metrics_write(x, f, openmetrics) : -1);
	metrics_free(x);
}

static void answer_page(struct served *s, struct answer *a)
{
	FILE *f = begin(a, "text/html; charset=utf-8");
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->n; i++)
		json_object_array_add(list, html_data(&s->models[i]));
	end(a, f, f ? html_write(f, list) : -1);
	json_object_put(list);
}

/* The requested target: by its PID, or the only one. */
static struct model *find(struct served *s, const char *pid)
{
	char number[16];

	for (size_t i = 0; i < s->n; i++) {
		snprintf(number, sizeof(number), "%u", s->models[i].target.pid);
		if (pid ? !strcmp(pid, number) : s->n == 1)
			return &s->models[i];
	}
	return NULL;
}

/* A kind of the kernel's, or of the language runtime. -ENOENT: it has no such kind. */
static int profile(struct model *m, const char *name, void **data, size_t *len)
{
	struct runtime_total known[RUNTIME_KINDS];
	int kind = kind_parse(name), n = runtime_totals(m->runtime, known);

	if (kind >= 0 && m->target.kinds & 1U << kind)
		return report_pprof(m, kind, data, len);
	for (int k = 0; k < n; k++)
		if (!strcmp(known[k].kind, name))
			return report_runtime_pprof(m, &known[k], data, len);
	return -ENOENT;
}

static void answer_profile(struct served *s, const struct request *q, struct answer *a)
{
	struct model *m = find(s, q->pid);
	void *data = NULL;
	int err;

	if (!m && s->n > 1 && !q->pid) {
		say(a, 400, "several processes are traced: choose one with ?pid=PID");
		return;
	}
	err = m ? profile(m, q->path + strlen(PPROF), &data, &a->len) : -ENOENT;
	if (err == -ENOENT) {
		say(a, 404, "no such profile: see /debug/pprof/");
	} else if (err) {
		say(a, 500, "out of memory");
	} else {
		a->status = 200;
		a->type = "application/octet-stream";
		a->body = data;
	}
}

void served_answer(const struct request *q, struct answer *a, void *served)
{
	struct served *s = served;
	bool page = !strcmp(q->path, "/"), metrics = !strcmp(q->path, "/metrics");

	if (!page && !metrics && strncmp(q->path, PPROF, strlen(PPROF)))
		say(a, 404, "not found: try /, /metrics or /debug/pprof/");
	else if (served_refresh(s))
		say(a, 503, "cannot read the data: see the error output of 'leaktrace serve'");
	else if (page)
		answer_page(s, a);
	else if (metrics)
		answer_metrics(s, q->openmetrics, a);
	else if (!q->path[strlen(PPROF)])
		answer_index(s, a);
	else
		answer_profile(s, q, a);
}
