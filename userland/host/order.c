// SPDX-License-Identifier: GPL-2.0
/* Which rows are shown, and in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/table.h"
#include "util/macros.h"

static const char *const names[HOST_ORDERS] = {
	[HOST_BY_LIMIT] = "limit", [HOST_BY_GROWTH] = "growth", [HOST_BY_FDS] = "fds",
	[HOST_BY_THREADS] = "threads", [HOST_BY_TIMERS] = "timers", [HOST_BY_MAPS] = "maps",
	[HOST_BY_MEMORY] = "memory", [HOST_BY_PID] = "pid", [HOST_BY_NAME] = "name",
};

const char *host_order_name(enum host_order order)
{
	return names[order];
}

int host_order_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int more(double a, double b)
{
	return (a < b) - (a > b);
}

/* The time to the nearest limit; what does not grow comes behind all that does. */
static int by_limit(const struct host_row *a, const struct host_row *b)
{
	enum host_resource x = host_row_nearest(a), y = host_row_nearest(b);

	if (a->in_s[x] || b->in_s[y])
		return a->in_s[x] && b->in_s[y] ? -more(a->in_s[x], b->in_s[y]) : more(a->in_s[x], b->in_s[y]);
	return more(host_row_share(a, x), host_row_share(b, y));
}

/* The largest share of a limit that is taken per minute, without a limit of a usual one. */
static double growth(const struct host_row *row)
{
	double most = 0;

	for (int i = 0; i < HOST_RESOURCES; i++) {
		double share = row->per_min[i] / (row->limit[i].max ? (double)row->limit[i].max : limit_usual(host_limit_of(i)));

		most = share > most ? share : most;
	}
	return most;
}

static int compare_by(const struct host_row *a, const struct host_row *b, enum host_order order)
{
	switch (order) {
	case HOST_BY_LIMIT:
		return by_limit(a, b);
	case HOST_BY_GROWTH:
		return more(growth(a), growth(b));
	case HOST_BY_NAME:
		return strcmp(a->comm, b->comm);
	case HOST_BY_PID:
	case HOST_ORDERS:
		return 0;
	default:
		return more(a->now[order - HOST_BY_FDS + HOST_FDS], b->now[order - HOST_BY_FDS + HOST_FDS]);
	}
}

static int compare(const void *a, const void *b, void *order)
{
	const struct host_row *x = *(struct host_row *const *)a, *y = *(struct host_row *const *)b;
	int by = compare_by(x, y, *(enum host_order *)order);

	return by ?: (x->pid > y->pid) - (x->pid < y->pid);
}

struct host_row **host_table_sorted(const struct host_table *t, bool groups, enum host_order order)
{
	size_t n = groups ? t->ngroups : t->n;
	struct host_row **sorted = malloc((n + 1) * sizeof(*sorted));

	if (!sorted)
		return NULL;
	memcpy(sorted, groups ? t->group : t->row, n * sizeof(*sorted));
	qsort_r(sorted, n, sizeof(*sorted), compare, &order);
	return sorted;
}

static bool has(const char *text, const char *what)
{
	return text && strcasestr(text, what);
}

bool host_row_fits(const struct host_row *row, const char *filter)
{
	char label[600], pid[16];

	snprintf(pid, sizeof(pid), "%d", row->pid);
	return !*filter || has(row->comm, filter) || has(row->workload.cgroup, filter) ||
		has(workload_label(&row->workload, label, sizeof(label)), filter) ||
		(row->pid && !strcmp(pid, filter));
}
