// SPDX-License-Identifier: GPL-2.0
/* Growth of counts over time, and the limit that is reached first. */
#include <math.h>
#include <string.h>

#include "host/row.h"
#include "util/units.h"
#include "check.h"

static bool near(double a, double b, double share)
{
	return fabs(a - b) <= share * fabs(b);
}

static void look(struct host_row *row, double t_s, uint64_t fds, uint64_t memory)
{
	row->now[HOST_FDS] = fds;
	row->now[HOST_MEMORY] = memory;
	host_row_note(row, 1 + t_s * NSEC_PER_SEC);
}

static struct host_row new_row(void)
{
	struct host_row row = { .pid = 1 };

	row.known[HOST_FDS] = row.known[HOST_MEMORY] = true;
	row.limit[HOST_FDS].max = 1000;
	row.limit[HOST_MEMORY].max = 1 << 30;
	return row;
}

static void grows(void)
{
	struct host_row row = new_row();

	look(&row, 0, 100, 1 << 20);
	CHECK(!row.per_min[HOST_FDS] && !row.in_s[HOST_FDS], "one look tells nothing");
	for (int i = 1; i <= 1000; i++)
		look(&row, i, 100 + i / 4, 1 << 20);
	CHECK(near(row.per_min[HOST_FDS], 15, 0.05));
	CHECK(near(row.in_s[HOST_FDS], (1000 - 350) * 4, 0.05));
	CHECK(!row.per_min[HOST_MEMORY] && host_row_nearest(&row) == HOST_FDS);
	CHECK(row.series.n <= HOST_POINTS && row.series.n > HOST_POINTS / 2);
	for (unsigned int i = 1; i < row.series.n; i++)
		CHECK(row.series.t_ns[i] > row.series.t_ns[i - 1]);
	CHECK(row.series.t_ns[row.series.n - 1] == 1 + 1000 * NSEC_PER_SEC, "the last point is the present");
	CHECK(row.series.t_ns[0] >= 200 * NSEC_PER_SEC, "what is long ago is forgotten");
}

/* Peaks are no growth, and neither is what goes down. */
static void does_not_grow(void)
{
	struct host_row row = new_row();

	for (int i = 0; i < 300; i++)
		look(&row, i, i % 7 ? 100 : 900, (1 << 29) - i * 4096);
	CHECK(!row.in_s[HOST_FDS] && !row.in_s[HOST_MEMORY]);
	CHECK(row.per_min[HOST_MEMORY] < 0);
}

/* The limit that comes first, not the one of which most is used. */
static void nearest(void)
{
	struct host_row row = new_row();

	for (int i = 0; i < 30; i++)
		look(&row, i, 900, (1 << 20) + ((uint64_t)i << 20));
	CHECK(host_row_nearest(&row) == HOST_MEMORY);
	row = new_row();
	look(&row, 0, 100, 1 << 30);
	CHECK(host_row_nearest(&row) == HOST_FDS, "without growth the memory of the host is nobody's");
	/* what others use counts, and more than all does not exist */
	row.limit[HOST_MEMORY].now = 1 << 29;
	row.now[HOST_MEMORY] = 1 << 20;
	CHECK(near(host_row_share(&row, HOST_MEMORY), 0.5, 1e-9));
	row.now[HOST_FDS] = 2000;
	CHECK(host_row_share(&row, HOST_FDS) == 1);
	row.limit[HOST_FDS].max = 0;
	CHECK(host_row_share(&row, HOST_FDS) == 0);
}

/* A limit that is reached is so at once, not never. */
static void reached(void)
{
	struct host_row row = new_row();

	look(&row, 0, 999, 0);
	look(&row, 1, 1000, 0);
	CHECK(row.in_s[HOST_FDS] == LIMIT_REACHED_S);
}

int main(void)
{
	grows();
	does_not_grow();
	nearest();
	reached();
	return verdict("series");
}
