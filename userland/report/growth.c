// SPDX-License-Identifier: GPL-2.0
/*
 * Address space, watches and shared mappings that grew all the time, with the limit that they
 * run into. They are told, but are no findings: who made them grow is not known.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "report/growth.h"
#include "report/text.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

/* Less is not told. */
#define WATCHES_MIN		16
#define SHARED_BYTES_MIN	(16ULL << 20)
#define SPACE_BYTES_MIN		(64ULL << 20)
#define NEAR_S			86400.0		/* a limit that is as near is told in any case */

static const struct growing {
	unsigned int limit;
	const char *name;		/* in JSON */
	const char *noun;
	uint64_t least;
} growing[] = {
	{ LIMIT_INOTIFY_WATCHES, "inotify_watches", "inotify watches", WATCHES_MIN },
	{ LIMIT_EPOLL_WATCHES, "epoll_watches", "epoll watches", WATCHES_MIN },
	{ LIMIT_ADDRESS_SPACE, "address_space", "address space", SPACE_BYTES_MIN },
	{ LIMIT_SHARED_FILE, "shared_mapping", "shared mapping", SHARED_BYTES_MIN },
};

enum { GROWING = sizeof(growing) / sizeof(*growing) };

static uint64_t growth_of(const struct limit *l)
{
	return l->now > l->growth.first ? l->now - l->growth.first : 0;
}

/* What was touched of it is told by the pages, and may be all. */
static uint64_t explained(const struct model *m, unsigned int limit)
{
	const struct kind_totals *pages = &m->target.kind[LEAKTRACE_KIND_PAGE];

	return limit == LIMIT_ADDRESS_SPACE && pages->live > pages->baseline ?
		(pages->live - pages->baseline) * PAGE_BYTES : 0;
}

static bool is_told(const struct model *m, const struct growing *g, double *in_s)
{
	const struct limit *l = &m->limits[g->limit];
	double per_min = limit_growth_per_min(l);

	*in_s = per_min > 0 ? limit_in_s(m, g->limit, per_min) : 0;
	if (!(per_min > 0) || growth_of(l) < g->least)
		return false;
	return growth_of(l) / 2 > explained(m, g->limit) || (*in_s > 0 && *in_s < NEAR_S);
}

static const char *amount(unsigned int limit, uint64_t n, char buf[32])
{
	bool bytes = limit_is_bytes(limit) || limit == LIMIT_SHARED_FILE;

	return bytes ? format_bytes(n, buf) : format_count(n, buf);
}

static void write_sentence(FILE *f, const struct model *m, const struct growing *g, double in_s)
{
	const struct limit *l = &m->limits[g->limit];
	char now[32], more[32], max[32], in[32];

	fprintf(f, "%s%s%s: %s, %s more than at attach", g->noun, g->limit == LIMIT_SHARED_FILE ? " of " : "",
		g->limit == LIMIT_SHARED_FILE ? l->name : "", amount(g->limit, l->now, now),
		amount(g->limit, growth_of(l), more));
	if (g->limit == LIMIT_ADDRESS_SPACE && !(m->target.kinds & 1U << LEAKTRACE_KIND_MAP))
		fputs(" (--kinds map shows who maps it)", f);
	if (in_s > 0)
		fprintf(f, "; at this rate, %s (%s) is reached in %s", l->name, amount(g->limit, l->max, max),
			format_seconds(in_s, in));
}

/** report_growth() - one line for each that grew */
void report_growth(FILE *f, const struct model *m, const struct report_style *style)
{
	char *text;
	size_t len;
	double in_s;
	FILE *line;
	bool any = false;

	for (int i = 0; i < GROWING; i++) {
		text = NULL;
		line = is_told(m, &growing[i], &in_s) ? open_memstream(&text, &len) : NULL;
		if (!line)
			continue;
		write_sentence(line, m, &growing[i], in_s);
		fclose(line);
		if (text)
			report_sentence(f, "grows: ", text, style);
		free(text);
		any = true;
	}
	if (any)
		fputc('\n', f);
}

static struct json_object *row_of(const struct model *m, const struct growing *g, double in_s)
{
	const struct limit *l = &m->limits[g->limit];
	struct json_object *o = json_object_new_object(), *limit;

	json_put(o, "what", json_string(g->name));
	if (g->limit == LIMIT_SHARED_FILE)
		json_put(o, "path", json_string(l->name));
	json_put(o, "first", json_object_new_uint64(l->growth.first));
	json_put(o, "now", json_object_new_uint64(l->now));
	if (in_s > 0) {
		limit = json_object_new_object();
		json_put(limit, "what", json_string(l->name));
		json_put(limit, "max", json_object_new_uint64(l->max));
		json_put(limit, "in_s", json_object_new_double(in_s));
		json_put(o, "limit", limit);
	}
	return o;
}

struct json_object *report_json_growth(const struct model *m)
{
	struct json_object *list = NULL;
	double in_s;

	for (int i = 0; i < GROWING; i++) {
		if (!is_told(m, &growing[i], &in_s))
			continue;
		list = list ?: json_object_new_array();
		json_object_array_add(list, row_of(m, &growing[i], in_s));
	}
	return list;
}
