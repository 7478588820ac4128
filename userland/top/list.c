// SPDX-License-Identifier: GPL-2.0
/* The list of processes or cgroups, and which row is chosen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/line.h"
#include "top/state.h"
#include "util/format.h"

enum { LINES_ABOVE = 2, LINES_BELOW = 1 };

static unsigned int room(unsigned int rows)
{
	return rows > LINES_ABOVE + LINES_BELOW ? rows - LINES_ABOVE - LINES_BELOW : 1;
}

struct host_row *top_list_row(const struct top *t)
{
	return t->cursor < t->nshown ? t->shown[t->cursor] : NULL;
}

static bool is_chosen(const struct top *t, const struct host_row *row)
{
	if (t->groups)
		return t->chosen_group && row->workload.cgroup && !strcmp(t->chosen_group, row->workload.cgroup);
	return row->pid == t->chosen;
}

static void choose(struct top *t)
{
	const struct host_row *row = top_list_row(t);

	t->chosen = row ? row->pid : 0;
	free(t->chosen_group);
	t->chosen_group = row && row->workload.cgroup ? strdup(row->workload.cgroup) : NULL;
}

int top_list_sort(struct top *t)
{
	struct host_row **all = host_table_sorted(&t->table, t->groups, t->order);
	size_t n = t->groups ? t->table.ngroups : t->table.n, shown = 0, cursor = SIZE_MAX;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!host_row_fits(all[i], t->filter))
			continue;
		/* a cursor that was never moved stays at the top, where the worst is */
		if (t->cursor && is_chosen(t, all[i]))
			cursor = shown;
		all[shown++] = all[i];
	}
	free(t->shown);
	t->shown = all;
	t->nshown = shown;
	if (cursor != SIZE_MAX)
		t->cursor = cursor;
	if (t->cursor >= shown)
		t->cursor = shown ? shown - 1 : 0;
	choose(t);
	return 0;
}

void top_list_move(struct top *t, long by, unsigned int rows)
{
	long to = (long)t->cursor + by, last = t->nshown ? (long)t->nshown - 1 : 0;

	t->cursor = to < 0 ? 0 : to > last ? last : to;
	if (t->cursor < t->first)
		t->first = t->cursor;
	if (t->cursor >= t->first + room(rows))
		t->first = t->cursor - room(rows) + 1;
	if (t->first + room(rows) > t->nshown)
		t->first = t->nshown > room(rows) ? t->nshown - room(rows) : 0;
	choose(t);
}

static void draw_summary(const struct top *t)
{
	char line[HOST_LINE_BYTES], processes[32], every[32], clock[16], groups[32];
	time_t now = time(NULL);
	struct tm tm;
	int len;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	len = snprintf(line, sizeof(line), "leaktrace top %s  %s processes in %s cgroups, every %s, by %s", clock,
		       format_count(t->table.n, processes), format_count(t->table.ngroups, groups),
		       format_seconds(t->o->every_s, every), host_order_name(t->order));
	if (t->paused)
		len += snprintf(line + len, sizeof(line) - len, "  PAUSED");
	if (*t->filter || t->typing)
		len += snprintf(line + len, sizeof(line) - len, "  filter: %s%s", t->filter, t->typing ? "_" : "");
	if (t->table.unreadable)
		snprintf(line + len, sizeof(line) - len, "  (run as root to see descriptors of all)");
	curses_line(0, line, LOOK_BOLD);
}

void top_list_draw(const struct top *t, unsigned int rows, unsigned int columns)
{
	char line[HOST_LINE_BYTES];

	draw_summary(t);
	curses_line(1, host_heading(t->groups, columns, line), LOOK_REVERSE);
	for (size_t i = 0; i < room(rows) && t->first + i < t->nshown; i++) {
		const struct host_row *row = t->shown[t->first + i];
		bool traced = row->pid && top_trace_has(t, row->pid);

		host_line(row, columns, line);
		curses_line(LINES_ABOVE + i, line, t->first + i == t->cursor ? LOOK_REVERSE :
			    traced ? LOOK_BOLD : LOOK_PLAIN);
	}
	if (!t->nshown)
		curses_line(LINES_ABOVE, *t->filter ? "nothing matches the filter" : "no process", LOOK_PLAIN);
	curses_line(rows - 1, *t->message ? t->message :
		    "Enter trace  ? help  q quit  c cgroups  s sort  / filter  p pause  d detach", LOOK_DIM);
}
