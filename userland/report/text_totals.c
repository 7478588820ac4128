// SPDX-License-Identifier: GPL-2.0
/*
 * The table of totals by kind. Its columns are as wide as on every terminal, and closer
 * together on one that is too narrow for that.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/heap_estimate.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/target.h"
#include "report/text.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"

enum {
	CELLS = 7,
	CELL_COLUMNS = 10,
	ROWS_MAX = 1 + KINDS + RUNTIME_KINDS,
};

struct row {
	char cell[CELLS][40];
	char bytes[40];
};

struct totals {
	struct row row[ROWS_MAX];
	int n;
	double minutes;
};

static struct row *add_row(struct totals *t, const char *kind, uint64_t baseline, uint64_t live)
{
	struct row *r = &t->row[t->n++];
	double growth = (double)live - baseline;

	snprintf(r->cell[0], sizeof(r->cell[0]), "%s", kind);
	format_count(baseline, r->cell[1]);
	format_count(live, r->cell[4]);
	snprintf(r->cell[5], sizeof(r->cell[5]), "%+.0f", growth);
	snprintf(r->cell[6], sizeof(r->cell[6]), "%+.1f", t->minutes > 0 ? growth / t->minutes : 0);
	return r;
}

static void set_bytes(struct row *r, uint64_t bytes)
{
	char text[32];

	snprintf(r->bytes, sizeof(r->bytes), "  (%s)", format_bytes(bytes, text));
}

static void read_totals(struct totals *t, struct model *m)
{
	struct runtime_total runtime[RUNTIME_KINDS];
	int n = runtime_totals(m->runtime, runtime);

	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *total = &m->target.kind[k];
		struct row *r;

		if (!total->present || !(m->target.kinds & 1U << k))
			continue;
		r = add_row(t, kind_name(k), total->baseline, total->live);
		format_count(total->born, r->cell[2]);
		format_count(total->died, r->cell[3]);
		if (k == LEAKTRACE_KIND_PAGE)
			set_bytes(r, total->live * PAGE_BYTES);
		else if (k == LEAKTRACE_KIND_HEAP)
			set_bytes(r, heap_live_bytes(m));
	}
	/* samples show no creations and releases */
	for (int k = 0; k < n && t->n < ROWS_MAX; k++) {
		struct row *r = add_row(t, runtime[k].kind, runtime[k].baseline, runtime[k].live);

		if (runtime[k].bytes)
			set_bytes(r, runtime[k].bytes);
	}
}

/* The widths of all columns, each at least as wide as that; returns their sum. */
static int measure(const struct totals *t, int least, int width[CELLS])
{
	int sum = 0, bytes = 0;

	for (int c = 0; c < CELLS; c++) {
		width[c] = least;
		for (int i = 0; i < t->n; i++)
			if ((int)strlen(t->row[i].cell[c]) > width[c])
				width[c] = strlen(t->row[i].cell[c]);
		sum += width[c] + !!c;
	}
	for (int i = 0; i < t->n; i++)
		if ((int)strlen(t->row[i].bytes) > bytes)
			bytes = strlen(t->row[i].bytes);
	return sum + bytes;
}

/** report_totals() - print how many objects of each kind there are */
void report_totals(FILE *f, struct model *m, const struct report_style *style)
{
	static const char *const heads[CELLS] = {
		"", "baseline", "created", "released", "live", "growth", "per min"
	};
	struct totals t = { .n = 1, .minutes = model_end_s(m) / 60 };
	int width[CELLS], least = CELL_COLUMNS;

	for (int c = 0; c < CELLS; c++)
		strcpy(t.row[0].cell[c], heads[c]);
	read_totals(&t, m);
	while (measure(&t, least, width) > style->columns && style->columns && least)
		least--;
	fputc('\n', f);
	for (int i = 0; i < t.n; i++) {
		for (int c = 0; c < CELLS; c++)
			fprintf(f, "%s%*s", c ? " " : "", width[c], t.row[i].cell[c]);
		fprintf(f, "%s\n", t.row[i].bytes);
	}
	fputc('\n', f);
}
