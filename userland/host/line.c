// SPDX-License-Identifier: GPL-2.0
#include <langinfo.h>
#include <math.h>
#include <string.h>

#include "host/line.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/terminal.h"

enum { TREND_COLUMNS = 16 };

struct column {
	const char *heading, *of_groups;
	unsigned int width;		/* 0: what is left */
	unsigned int from;		/* columns that the table needs to have it */
	bool left;			/* aligned */
	void (*put)(const struct host_row *row, char buf[HOST_LINE_BYTES]);
};

const char *host_count(enum host_resource which, uint64_t n, char buf[32])
{
	return which == HOST_MEMORY ? format_bytes(n, buf) : format_count(n, buf);
}

const char *host_growth(const struct host_row *row, enum host_resource which, char buf[40])
{
	double per_min = row->per_min[which];

	*buf = '\0';
	if (which == HOST_MEMORY ? fabs(per_min) >= 1024 : fabs(per_min) >= 1)
		return which == HOST_MEMORY ? format_bytes_change(per_min, buf) : format_count_change(per_min, buf);
	if (fabs(per_min) > 0)
		snprintf(buf, 40, "%s", per_min > 0 ? "+<1" : "-<1");
	return buf;
}

const char *host_time_left(const struct host_row *row, enum host_resource which, char buf[32])
{
	*buf = '\0';
	if (row->in_s[which])
		format_seconds(row->in_s[which], buf);
	return buf;
}

const char *host_trend(const struct host_row *row, enum host_resource which, unsigned int columns,
		       char buf[HOST_LINE_BYTES])
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	const struct host_series *s = &row->series;
	uint64_t low = UINT64_MAX, high = 0;
	unsigned int n = s->n < columns ? s->n : columns;
	size_t len = 0;

	*buf = '\0';
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		return buf;
	for (unsigned int i = 0; i < s->n; i++) {
		low = s->count[i][which] < low ? s->count[i][which] : low;
		high = s->count[i][which] > high ? s->count[i][which] : high;
	}
	for (unsigned int i = 0; s->n > 1 && i < n; i++) {
		uint64_t count = s->count[n > 1 ? i * (s->n - 1) / (n - 1) : s->n - 1][which];
		unsigned int bar = high > low ? (count - low) * (ARRAY_SIZE(bars) - 1) / (high - low) : 0;

		if (len + 4 > HOST_LINE_BYTES)
			break;
		strcpy(buf + len, bars[bar]);
		len += strlen(bars[bar]);
	}
	return buf;
}

static void put_pid(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	snprintf(buf, HOST_LINE_BYTES, "%u", row->pid ? (unsigned int)row->pid : row->processes);
}

static void put_name(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	snprintf(buf, HOST_LINE_BYTES, "%s", row->comm);
}

static void put_count(const struct host_row *row, enum host_resource which, char buf[HOST_LINE_BYTES])
{
	char n[32];

	snprintf(buf, HOST_LINE_BYTES, "%s", row->known[which] ? host_count(which, row->now[which], n) : "-");
}

static void put_fds(const struct host_row *row, char *buf) { put_count(row, HOST_FDS, buf); }
static void put_threads(const struct host_row *row, char *buf) { put_count(row, HOST_THREADS, buf); }
static void put_timers(const struct host_row *row, char *buf) { put_count(row, HOST_TIMERS, buf); }
static void put_maps(const struct host_row *row, char *buf) { put_count(row, HOST_MAPS, buf); }
static void put_memory(const struct host_row *row, char *buf) { put_count(row, HOST_MEMORY, buf); }

/* "fds 79 %" */
static void put_limit(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	enum host_resource which = host_row_nearest(row);

	if (row->limit[which].max && row->known[which])
		snprintf(buf, HOST_LINE_BYTES, "%s %.0f %%", host_resource_name(which), 100 * host_row_share(row, which));
	else
		strcpy(buf, "-");
}

static void put_growth(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	host_growth(row, host_row_nearest(row), buf);
}

static void put_left(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	host_time_left(row, host_row_nearest(row), buf);
}

static void put_trend(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	host_trend(row, host_row_nearest(row), TREND_COLUMNS, buf);
}

static void put_where(const struct host_row *row, char buf[HOST_LINE_BYTES])
{
	workload_label(&row->workload, buf, HOST_LINE_BYTES);
	if (!*buf || !row->pid)
		snprintf(buf, HOST_LINE_BYTES, "%s", row->workload.cgroup ?: "");
}

static const struct column table[] = {
	{ "PID", "PROCS", 7, 0, false, put_pid },
	{ "COMMAND", "CGROUP", 15, 0, true, put_name },
	{ "FDS", NULL, 7, 80, false, put_fds },
	{ "THR", NULL, 5, 80, false, put_threads },
	{ "TIMERS", NULL, 6, 100, false, put_timers },
	{ "MAPS", NULL, 6, 100, false, put_maps },
	{ "MEMORY", NULL, 9, 80, false, put_memory },
	{ "LIMIT", NULL, 13, 0, true, put_limit },
	{ "PER MIN", NULL, 8, 0, false, put_growth },
	{ "LEFT", NULL, 9, 0, false, put_left },
	{ "TREND", NULL, TREND_COLUMNS, 118, true, put_trend },
	{ "UNIT, CONTAINER, CGROUP", NULL, 0, 140, true, put_where },
};

/* Appends a cell; what is too wide for it is cut. */
static void append(char buf[HOST_LINE_BYTES], const struct column *c, char *cell, unsigned int columns)
{
	unsigned int used = text_columns(buf) + (*buf ? 1 : 0), width = c->width;
	size_t len = strlen(buf);
	unsigned int text, pad;

	if (!width)
		width = columns > used ? columns - used : 0;
	cell[text_fit(cell, width)] = '\0';
	text = text_columns(cell);
	pad = width > text ? width - text : 0;
	snprintf(buf + len, HOST_LINE_BYTES - len, "%s%*s%s%*s", *buf ? " " : "", c->left ? 0 : pad, "", cell,
		 c->left && c->width ? pad : 0, "");
}

static const char *finish(char buf[HOST_LINE_BYTES], unsigned int columns)
{
	size_t len;

	buf[text_fit(buf, columns)] = '\0';
	for (len = strlen(buf); len && buf[len - 1] == ' '; len--)
		buf[len - 1] = '\0';
	return buf;
}

const char *host_heading(bool groups, unsigned int columns, char buf[HOST_LINE_BYTES])
{
	char cell[HOST_LINE_BYTES];

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct column *c = &table[i];

		snprintf(cell, sizeof(cell), "%s", groups && c->of_groups ? c->of_groups : c->heading);
		if (columns >= c->from)
			append(buf, c, cell, columns);
	}
	return finish(buf, columns);
}

const char *host_line(const struct host_row *row, unsigned int columns, char buf[HOST_LINE_BYTES])
{
	char cell[HOST_LINE_BYTES];

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (columns < table[i].from)
			continue;
		table[i].put(row, cell);
		append(buf, &table[i], cell, columns);
	}
	return finish(buf, columns);
}
