// SPDX-License-Identifier: GPL-2.0
/* The page of one process: what it holds, its limits, and the report of its tracing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/line.h"
#include "top/state.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/terminal.h"

enum { TREND_COLUMNS = 24, LINES_BELOW = 1 };

static const struct host_row *row_of(const struct top *t)
{
	for (size_t i = 0; i < t->table.n; i++)
		if (t->table.row[i]->pid == t->pid)
			return t->table.row[i];
	return NULL;
}

static void put_resource(FILE *f, const struct host_row *row, enum host_resource which)
{
	char now[32], max[32], growth[40], left[32], trend[HOST_LINE_BYTES], of[80] = "";

	if (!row->known[which])
		return;
	if (row->limit[which].max)
		snprintf(of, sizeof(of), "%3.0f %% of %s (%s)", 100 * host_row_share(row, which),
			 host_count(which, row->limit[which].max, max), row->limit[which].name);
	host_growth(row, which, growth);
	host_time_left(row, which, left);
	fprintf(f, "%-8s %10s  %-44s %9s%s  %s%s  %s\n", host_resource_name(which),
		host_count(which, row->now[which], now), of, growth, *growth ? "/min" : "", *left ? "reached in " : "",
		left, host_trend(row, which, TREND_COLUMNS, trend));
}

static void put_process(FILE *f, const struct top *t)
{
	const struct host_row *row = row_of(t);
	char label[600];

	if (!row) {
		fprintf(f, "process %d has ended\n\n", t->pid);
		return;
	}
	workload_label(&row->workload, label, sizeof(label));
	fprintf(f, "%s (%d)%s%s  %s\n\n", row->comm, row->pid, *label ? ", " : "", label, row->workload.cgroup ?: "");
	for (int i = 0; i < HOST_RESOURCES; i++)
		put_resource(f, row, i);
	fputc('\n', f);
}

static void put_report(FILE *f, struct top *t, unsigned int columns)
{
	char *text = top_trace_text(t, columns);

	fputs(text ?: "not traced: no call paths. Enter traces it.\n", f);
	free(text);
}

static void split(struct top *t)
{
	size_t room = 0;
	char *rest = t->text, *line;

	free(t->line);
	t->line = NULL;
	t->nlines = 0;
	while (rest && (line = strsep(&rest, "\n"))) {
		if (!rest && !*line)
			break;
		if (!array_reserve(t->line, room, t->nlines, 1))
			break;
		t->line[t->nlines++] = line;
	}
}

void top_page_make(struct top *t, unsigned int columns)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	put_process(f, t);
	put_report(f, t, columns);
	fclose(f);
	free(t->text);
	t->text = text;
	split(t);
	t->page_ns = monotonic_ns();
}

static size_t last_scroll(const struct top *t, unsigned int rows)
{
	return t->nlines + LINES_BELOW > rows ? t->nlines + LINES_BELOW - rows : 0;
}

void top_page_move(struct top *t, long by, unsigned int rows)
{
	long to = (long)t->scroll + by, last = last_scroll(t, rows);

	t->scroll = to < 0 ? 0 : to > last ? last : to;
}

void top_page_draw(const struct top *t, unsigned int rows)
{
	char below[200];

	for (size_t i = 0; i + LINES_BELOW < rows && t->scroll + i < t->nlines; i++)
		curses_line(i, t->line[t->scroll + i], !t->scroll && !i ? LOOK_BOLD : LOOK_PLAIN);
	snprintf(below, sizeof(below), "Esc back  %sd detach  w save  p pause  ? help  q quit   %zu to %zu of %zu lines",
		 top_trace_has(t, t->pid) ? "" : "Enter trace  ", t->nlines ? t->scroll + 1 : 0,
		 t->scroll + rows - LINES_BELOW < t->nlines ? t->scroll + rows - LINES_BELOW : t->nlines, t->nlines);
	curses_line(rows - 1, *t->message ? t->message : below, LOOK_DIM);
}

/* The whole page, in the current folder; an existing file is left alone. */
void top_page_save(struct top *t)
{
	char path[80], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	bool good = true;
	FILE *f;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(path, sizeof(path), "leaktrace-%d-%s.txt", t->pid, stamp);
	f = fopen(path, "wxe");
	for (size_t i = 0; f && i < t->nlines; i++)
		good &= fprintf(f, "%s\n", t->line[i]) >= 0;
	good &= f && !fclose(f);
	if (good)
		snprintf(t->message, sizeof(t->message), "wrote %s", path);
	else
		snprintf(t->message, sizeof(t->message), "cannot write %s: %m", path);
}
