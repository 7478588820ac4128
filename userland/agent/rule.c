// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "agent/rule.h"
#include "host/line.h"
#include "util/format.h"
#include "util/units.h"

enum {
	RISES_MIN = 3 * GROWTH_PARTS / 4,	/* of the steps between parts */
	DIP_SHARE = 256,		/* of a count that may be less than before */
	RISE_SHARE = 100,		/* of the first count that it must have grown by */
	SHARED_PARTS = 4,		/* who has less than this part of what all use is not to blame */
};

static void begin_part(struct growth *g)
{
	if (g->parts == GROWTH_PARTS + 1)
		memmove(g->low[0], g->low[1], GROWTH_PARTS * sizeof(g->low[0]));
	else
		g->parts++;
	memset(g->low[g->parts - 1], 0xff, sizeof(g->low[0]));
}

void growth_note(struct growth *g, const struct rules *r, const struct host_row *row, uint64_t now_ns)
{
	uint64_t *low;

	if (!(r->growth_s > 0))
		return;
	if (!g->parts || now_ns >= g->part_end_ns) {
		begin_part(g);
		g->part_end_ns = now_ns + (uint64_t)(r->growth_s / GROWTH_PARTS * NSEC_PER_SEC);
	}
	low = g->low[g->parts - 1];
	for (int i = 0; i < HOST_RESOURCES; i++)
		if (row->known[i] && row->now[i] < low[i])
			low[i] = row->now[i];
}

/* Fewer more than that are not worth the trouble, however steadily they come. */
static uint64_t least_rise(enum host_resource which)
{
	static const uint64_t least[HOST_RESOURCES] = {
		[HOST_FDS] = 8, [HOST_THREADS] = 8, [HOST_TIMERS] = 8, [HOST_MAPS] = 32, [HOST_MEMORY] = 1 << 20,
	};

	return least[which];
}

bool growth_is_steady(const struct growth *g, enum host_resource which)
{
	uint64_t first = g->low[0][which], last = g->low[GROWTH_PARTS][which];
	unsigned int rises = 0;

	if (g->parts <= GROWTH_PARTS)
		return false;
	for (int i = 0; i < GROWTH_PARTS; i++) {
		uint64_t before = g->low[i][which], after = g->low[i + 1][which];

		/* a part in which it could not be read says nothing */
		if (before == UINT64_MAX || after == UINT64_MAX || after < before - before / DIP_SHARE)
			return false;
		rises += after > before;
	}
	return rises >= RISES_MIN && last - first >= least_rise(which) && last - first >= first / RISE_SHARE;
}

static const char *noun(enum host_resource which)
{
	static const char *const nouns[HOST_RESOURCES] = {
		[HOST_FDS] = "descriptors", [HOST_THREADS] = "threads", [HOST_TIMERS] = "timers",
		[HOST_MAPS] = "mappings", [HOST_MEMORY] = "memory",
	};

	return nouns[which];
}

/* Of what many use, only who has much of it. */
static bool has_its_part(const struct host_row *row, enum host_resource which)
{
	return !host_is_shared(which) || row->now[which] >= row->limit[which].now / SHARED_PARTS;
}

static bool share_fires(const struct rules *r, const struct host_row *row, enum host_resource which,
			char reason[RULE_REASON_BYTES])
{
	double share = host_row_share(row, which);
	char max[32];

	if (!r->share[which] || share < r->share[which] || !has_its_part(row, which))
		return false;
	snprintf(reason, RULE_REASON_BYTES, "%s at %.0f %% of %s (%s)", noun(which), 100 * share,
		 row->limit[which].name, host_count(which, row->limit[which].max, max));
	return true;
}

static bool growth_fires(const struct rules *r, const struct growth *g, enum host_resource which,
			 char reason[RULE_REASON_BYTES])
{
	char from[32], to[32], period[32];

	if (!(r->growth_s > 0) || !growth_is_steady(g, which))
		return false;
	snprintf(reason, RULE_REASON_BYTES, "%s grow%s for %s: from %s to %s", noun(which),
		 which == HOST_MEMORY ? "s" : "", format_seconds(r->growth_s, period),
		 host_count(which, g->low[0][which], from), host_count(which, g->low[GROWTH_PARTS][which], to));
	return true;
}

bool rules_fire(const struct rules *r, const struct host_row *row, const struct growth *g,
		char reason[RULE_REASON_BYTES])
{
	for (int i = 0; i < HOST_RESOURCES; i++)
		if (share_fires(r, row, i, reason))
			return true;
	for (int i = 0; i < HOST_RESOURCES; i++)
		if (growth_fires(r, g, i, reason))
			return true;
	return false;
}
