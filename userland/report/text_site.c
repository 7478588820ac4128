// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/finding.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "report/json.h"
#include "report/text.h"
#include "report/text_site.h"
#include "util/format.h"
#include "util/json.h"
#include "util/style.h"

struct wanted {
	const char *id;
	uint64_t number;
	bool by_number;
	size_t written;
};

static bool matches(const struct wanted *w, uint64_t number, const char *hash)
{
	return w->by_number ? number == w->number : !strncasecmp(hash, w->id, strlen(w->id));
}

static void write_title(FILE *f, struct model *m, struct wanted *w, uint64_t number, const char *hash,
			const struct report_style *style)
{
	if (w->written++)
		fputc('\n', f);
	report_header(f, m, style);
	fprintf(f, "site %" PRIu64 ", hash %s", number, hash);
}

static void write_site(FILE *f, struct model *m, struct wanted *w, const struct site *s,
		       const struct report_style *style)
{
	struct finding one = { .sites = (uint32_t[]){ s->id }, .nsites = 1, .differing_frame = -1 };
	char hash[SITE_HASH_DIGITS + 1], created[32], released[32];

	if (!matches(w, s->id, site_hash(m, s, hash)))
		return;
	if (style->format == FORMAT_JSON) {
		w->written++;
		json_write_line(f, report_json_site(m, s));
		return;
	}
	write_title(f, m, w, s->id, hash, style);
	fprintf(f, ": %s created and %s released since attach\n\n", format_count(s->born, created),
		format_count(s->died, released));
	one.live[s->kind] = site_live(s);
	one.unjoined = s->judgement.unjoined;
	one.judgement = s->judgement;
	report_finding(f, m, &one, style, false);
}

static void write_runtime_site(FILE *f, struct model *m, struct wanted *w, const struct runtime_site *s,
			       const struct report_style *style)
{
	uint64_t number = runtime_site_number(s);
	char hash[SITE_HASH_DIGITS + 1];

	if (!matches(w, number, runtime_site_hash(s, hash)))
		return;
	if (style->format == FORMAT_JSON) {
		w->written++;
		json_write_line(f, report_json_runtime_site(s));
		return;
	}
	write_title(f, m, w, number, hash, style);
	fputs("\n\n", f);
	report_runtime_site(f, s, style, false);
}

static void write_matching(FILE *f, struct model *m, struct wanted *w, const struct report_style *style)
{
	const struct runtime_site *s = NULL;
	size_t n = m->runtime ? runtime_sites(m->runtime, &s) : 0;

	for (size_t i = 0; i < m->nsites; i++)
		write_site(f, m, w, &m->sites[i], style);
	for (size_t i = 0; i < n; i++)
		write_runtime_site(f, m, w, &s[i], style);
}

size_t report_one_site(FILE *f, struct model *m, const char *id, const struct report_style *style)
{
	struct report_style whole = *style;
	struct wanted w = { .id = id };
	char *end;

	whole.all = true;
	w.number = strtoull(id, &end, 10);
	w.by_number = !*end;
	if (w.by_number)
		write_matching(f, m, &w, &whole);
	w.by_number = false;
	if (!w.written)
		write_matching(f, m, &w, &whole);
	return w.written;
}
