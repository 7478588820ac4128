// SPDX-License-Identifier: GPL-2.0
/*
 * Growth of what a row counts, and which limit it reaches first. The slope is the median of
 * those between points, so that one peak makes no growth.
 */
#include <string.h>

#include "analysis/statistics.h"
#include "host/row.h"
#include "util/units.h"

enum {
	STEP_MAX_S = 10,
	SLOPE_POINTS = 20,		/* 190 slopes */
};

const char *host_resource_name(enum host_resource which)
{
	static const char *const names[HOST_RESOURCES] = {
		[HOST_FDS] = "fds", [HOST_THREADS] = "threads", [HOST_TIMERS] = "timers",
		[HOST_MAPS] = "maps", [HOST_MEMORY] = "memory",
	};

	return names[which];
}

/* Others use up the same limit: who does not grow is not near its end. */
bool host_is_shared(enum host_resource which)
{
	return which == HOST_MEMORY || which == HOST_THREADS;
}

static void drop(struct host_series *s, unsigned int keep_every, unsigned int from)
{
	unsigned int n = 0;

	for (unsigned int i = from; i < s->n; i += keep_every) {
		s->t_ns[n] = s->t_ns[i];
		memmove(s->count[n++], s->count[i], sizeof(s->count[0]));
	}
	s->n = n;
}

static void add_point(struct host_series *s, uint64_t t_ns, const uint64_t count[HOST_RESOURCES])
{
	uint64_t step_ns;

	/* the last point is the present; it stays once it is far enough from the one before */
	if (s->n > 1 && s->t_ns[s->n - 1] - s->t_ns[s->n - 2] < s->step_ns)
		s->n--;
	step_ns = s->n == HOST_POINTS ? 2 * (s->t_ns[1] - s->t_ns[0]) : 0;
	if (step_ns && step_ns <= STEP_MAX_S * NSEC_PER_SEC) {
		s->step_ns = step_ns;
		drop(s, 2, 0);
	} else if (s->n == HOST_POINTS) {
		drop(s, 1, 1);
	}
	s->t_ns[s->n] = t_ns;
	memcpy(s->count[s->n++], count, sizeof(s->count[0]));
}

static double slope_per_min(const struct host_series *s, enum host_resource which)
{
	double t[SLOPE_POINTS], y[SLOPE_POINTS], low, high;
	unsigned int stride = (s->n + SLOPE_POINTS - 1) / SLOPE_POINTS, n = 0;
	bool changed = false;

	/* from the last one back, which is always among them */
	for (unsigned int i = 0; i < s->n && n < SLOPE_POINTS; i += stride) {
		unsigned int at = s->n - 1 - i;

		t[n] = (double)s->t_ns[at] / NSEC_PER_SEC;
		y[n] = s->count[at][which];
		changed |= y[n] != y[0];
		n++;
	}
	for (unsigned int i = 0; i < n / 2; i++) {
		double a = t[i], b = y[i];

		t[i] = t[n - 1 - i];
		y[i] = y[n - 1 - i];
		t[n - 1 - i] = a;
		y[n - 1 - i] = b;
	}
	return changed ? 60 * theil_sen(t, y, n, &low, &high) : 0;
}

/* Of a limit that others share, what all of them use; else what this row has. */
static uint64_t used(const struct host_row *row, enum host_resource which)
{
	uint64_t all = row->limit[which].now;

	return all > row->now[which] ? all : row->now[which];
}

double host_row_share(const struct host_row *row, enum host_resource which)
{
	uint64_t max = row->limit[which].max;
	double share = max && row->known[which] ? (double)used(row, which) / max : 0;

	return share < 1 ? share : 1;
}

static double time_left_s(const struct host_row *row, enum host_resource which)
{
	uint64_t max = row->limit[which].max, now = used(row, which);

	if (!max || !row->known[which] || row->per_min[which] <= 0)
		return 0;
	return now < max ? (max - now) / row->per_min[which] * 60 : LIMIT_REACHED_S;
}

void host_row_note(struct host_row *row, uint64_t t_ns)
{
	add_point(&row->series, t_ns, row->now);
	for (int i = 0; i < HOST_RESOURCES; i++) {
		row->per_min[i] = row->known[i] ? slope_per_min(&row->series, i) : 0;
		row->in_s[i] = time_left_s(row, i);
	}
}

/* Whether which's limit is nearer than other's. */
static bool is_nearer(const struct host_row *row, enum host_resource which, enum host_resource other)
{
	double a = row->in_s[which], b = row->in_s[other];

	if (a != b && (a || b))
		return a && (!b || a < b);
	if (host_is_shared(which) != host_is_shared(other))
		return host_is_shared(other);
	return host_row_share(row, which) > host_row_share(row, other);
}

enum host_resource host_row_nearest(const struct host_row *row)
{
	enum host_resource nearest = HOST_FDS;

	for (int i = HOST_FDS + 1; i < HOST_RESOURCES; i++)
		if (is_nearer(row, i, nearest))
			nearest = i;
	return nearest;
}
