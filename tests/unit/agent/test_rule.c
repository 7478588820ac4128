// SPDX-License-Identifier: GPL-2.0
/* When a rule fires, and when it must not. */
#include <string.h>

#include "agent/rule.h"
#include "check.h"
#include "util/units.h"

static struct host_row new_row(void)
{
	struct host_row row = { .pid = 1 };

	for (int i = 0; i < HOST_RESOURCES; i++)
		row.known[i] = true;
	row.limit[HOST_FDS] = (struct limit){ .max = 1000, .name = "RLIMIT_NOFILE" };
	row.limit[HOST_MEMORY] = (struct limit){ .max = 1 << 30, .name = "memory.max" };
	return row;
}

static void by_share(void)
{
	struct rules r = { .share = { [HOST_FDS] = 0.6, [HOST_MEMORY] = 0.8 } };
	struct host_row row = new_row();
	struct growth g = { 0 };
	char reason[RULE_REASON_BYTES];

	row.now[HOST_FDS] = 599;
	CHECK(!rules_fire(&r, &row, &g, reason));
	row.now[HOST_FDS] = 600;
	CHECK(rules_fire(&r, &row, &g, reason) && !strcmp(reason, "descriptors at 60 % of RLIMIT_NOFILE (1,000)"), "%s", reason);
	row.known[HOST_FDS] = false;
	CHECK(!rules_fire(&r, &row, &g, reason), "what cannot be read is not over its limit");
	row.known[HOST_FDS] = true;
	r.share[HOST_FDS] = 0;
	CHECK(!rules_fire(&r, &row, &g, reason));
	/* a cgroup is nearly full, of what others have */
	row.limit[HOST_MEMORY].now = 900 << 20;
	row.now[HOST_MEMORY] = 50 << 20;
	CHECK(!rules_fire(&r, &row, &g, reason));
	row.now[HOST_MEMORY] = 600 << 20;
	CHECK(rules_fire(&r, &row, &g, reason) && strstr(reason, "memory at 88 % of memory.max"), "%s", reason);
}

/* Looks every 10 s for so long, at what a function of the time gives. */
static bool grows(uint64_t (*count)(unsigned int s), unsigned int seconds, enum host_resource which)
{
	const struct rules r = { .growth_s = 3600 };
	struct host_row row = new_row();
	struct growth g = { 0 };

	row.limit[which].max = 0;
	for (unsigned int s = 0; s < seconds; s += 10) {
		row.now[which] = count(s);
		growth_note(&g, &r, &row, NSEC_PER_SEC + s * NSEC_PER_SEC);
	}
	return growth_is_steady(&g, which);
}

static uint64_t leak(unsigned int s) { return 100 + s / 30; }
static uint64_t slow_leak(unsigned int s) { return 100 + s / 1000; }
static uint64_t still(unsigned int s) { return 100 + 0 * s; }
static uint64_t warm_up(unsigned int s) { return s < 1500 ? 100 + s : 1600; }
static uint64_t sawtooth(unsigned int s) { return 100 + s % 400; }
static uint64_t leaking_sawtooth(unsigned int s) { return 100 + s % 400 + s / 10; }
static uint64_t day(unsigned int s) { return s < 5000 ? s : 10000 - s; }
static uint64_t memory(unsigned int s) { return (1ULL << 30) + ((uint64_t)s << 16); }
static uint64_t memory_noise(unsigned int s) { return (1ULL << 30) + ((uint64_t)s << 6); }
static uint64_t step(unsigned int s) { return s < 3000 ? 100 : 1000; }

static void by_growth(void)
{
	CHECK(grows(leak, 4200, HOST_FDS));
	CHECK(!grows(leak, 3500, HOST_FDS), "not before the time is over");
	CHECK(!grows(slow_leak, 4200, HOST_FDS), "a handful is not worth it");
	CHECK(!grows(still, 8000, HOST_FDS));
	CHECK(!grows(warm_up, 4200, HOST_FDS) && !grows(warm_up, 9000, HOST_FDS), "caches are filled, then that is all");
	CHECK(!grows(sawtooth, 8000, HOST_FDS), "what a collector takes back");
	CHECK(grows(leaking_sawtooth, 8000, HOST_FDS));
	CHECK(!grows(day, 7500, HOST_FDS), "what goes down again");
	CHECK(!grows(step, 8000, HOST_FDS));
	CHECK(grows(memory, 4200, HOST_MEMORY));
	CHECK(!grows(memory_noise, 4200, HOST_MEMORY));
}

/* Parts in which nobody looked, as after a suspension, are no growth and no crash. */
static void with_gaps(void)
{
	const struct rules r = { .growth_s = 8 };
	struct host_row row = new_row();
	struct growth g = { 0 };
	char reason[RULE_REASON_BYTES];

	for (int i = 0; i < 100; i++) {
		row.now[HOST_FDS] = 100 + 10 * i;
		row.known[HOST_FDS] = i % 2;
		growth_note(&g, &r, &row, (1 + (uint64_t)i * 7) * NSEC_PER_SEC);
		CHECK(!growth_is_steady(&g, HOST_FDS));
	}
	row.known[HOST_FDS] = true;
	for (int i = 0; i < 10; i++) {
		row.now[HOST_FDS] += 10;
		growth_note(&g, &r, &row, (1001 + (uint64_t)i) * NSEC_PER_SEC);
	}
	row.limit[HOST_FDS].max = 0;
	CHECK(rules_fire(&r, &row, &g, reason) && strstr(reason, "descriptors grow for 8.0 s: from "), "%s", reason);
}

int main(void)
{
	by_share();
	by_growth();
	with_gaps();
	return verdict("rules of the agent");
}
