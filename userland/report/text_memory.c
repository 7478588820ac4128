// SPDX-License-Identifier: GPL-2.0
/*
 * The memory section: growth and release, kinds of memory, and the function
 * that accounts for most of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/memory_growth.h"
#include "model/address_range.h"
#include "model/model.h"
#include "report/text.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"

static void write_ranges(FILE *f, const struct memory_growth *x)
{
	bool first = true;

	for (int r = 0; r < RANGES; r++) {
		double share = x->ranged ? 100.0 * x->range[r] / x->ranged : 0;

		if (share < 1)
			continue;
		fprintf(f, "%s %.0f %% %s", first ? "; location:" : ",", share, range_kind_name(r));
		first = false;
	}
}

/* Shares by function: several sites in one function are added up. */
struct shares {
	char name[MEMORY_PARTS][40];
	uint64_t pages[MEMORY_PARTS];
	unsigned int n;
};

static void add_share(struct shares *s, const struct symbol_frame *f, uint64_t pages)
{
	char name[40];
	unsigned int i;

	frame_name(f, name, sizeof(name));
	for (i = 0; i < s->n && strcmp(s->name[i], name); i++)
		;
	if (i == s->n) {
		strcpy(s->name[s->n], name);
		s->pages[s->n++] = 0;
	}
	s->pages[i] += pages;
}

/* "touched by a 71 %, b 20 %" */
static void write_shares(FILE *f, const char *lead, const struct shares *s, uint64_t whole)
{
	for (unsigned int i = 0; i < s->n && i < 3; i++)
		fprintf(f, "%s%s %.0f %%", i ? ", " : lead, s->name[i], 100.0 * s->pages[i] / whole);
}

static void write_grown(FILE *f, struct model *m, const struct memory_growth *x)
{
	struct shares s = { .n = 0 };

	for (unsigned int i = 0; i < x->ngrew; i++)
		add_share(&s, blamed_frame_of_site(m, model_site(m, x->grew[i].id)), x->grew[i].pages);
	write_shares(f, "  touched by ", &s, x->new_live);
	if (s.n)
		fputc('\n', f);
}

static void write_given(FILE *f, struct model *m, const struct memory_growth *x)
{
	struct shares s = { .n = 0 };
	char bytes[32];

	for (unsigned int i = 0; i < x->ngave; i++)
		add_share(&s, blamed_frame_of_stack(m, x->gave[i].id), x->gave[i].pages);
	write_shares(f, "  released by ", &s, x->given_back);
	if (x->baseline_given_back)
		fprintf(f, "%s%s of what was there before freed", s.n ? "; " : "  ",
			format_bytes(x->baseline_given_back * PAGE_BYTES, bytes));
	if (s.n || x->baseline_given_back)
		fputc('\n', f);
}

void report_memory(FILE *f, struct model *m, const struct report_style *style)
{
	char a[32], b[32], c[32], name[64];
	struct memory_growth x;

	if (!memory_growth_read(m, &x))
		return;
	fprintf(f, "%smemory%s  %s touched since attach, %s of it still in use, %s freed", BOLD(style),
		PLAIN(style), format_bytes(x.touched * PAGE_BYTES, a),
		format_bytes(x.new_live * PAGE_BYTES, b),
		format_bytes((x.given_back - x.baseline_given_back) * PAGE_BYTES, c));
	fputc('\n', f);
	if (x.new_live) {
		if (x.path)
			fprintf(f, "  %.0f %% of what is in use was touched under %s", x.path_share * 100,
				frame_name(x.path, name, sizeof(name)));
		else
			fprintf(f, "  no single call path accounts for %.0f %% of it", MEMORY_PATH_SHARE * 100);
		write_ranges(f, &x);
		fputc('\n', f);
		write_grown(f, m, &x);
	}
	write_given(f, m, &x);
	fputc('\n', f);
}

/** report_kept_free() - "cache  not a leak: 305 MiB of the 580 MiB that malloc has are free …" */
void report_kept_free(FILE *f, const struct model *m, const struct report_style *style, bool brief)
{
	char *const *evidence = m->kept_free.evidence;

	report_verdict(f, &m->kept_free, style);
	fprintf(f, "not a leak: %s%s\n", evidence[0] ?: "", PLAIN(style));
	for (int i = 1; i < EVIDENCE_MAX && evidence[i] && !brief; i++)
		report_sentence(f, "  - ", evidence[i], style);
}
