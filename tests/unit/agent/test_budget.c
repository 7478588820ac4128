// SPDX-License-Identifier: GPL-2.0
/* What the agent takes itself, held against what it may. */
#include <string.h>

#include "agent/budget.h"
#include "check.h"
#include "util/units.h"

#define MSEC_NS	(NSEC_PER_SEC / 1000)

static void burn(uint64_t ns)
{
	uint64_t end_ns = budget_used_ns() + ns;

	while (budget_used_ns() < end_ns)
		;
}

static void of_processor(void)
{
	const double took = 0.06 / 60;		/* of a minute, at least */
	uint64_t now_ns = NSEC_PER_SEC;
	struct budget b = { 0 };

	budget_look(&b, now_ns);
	burn(60 * MSEC_NS);
	for (int i = 1; i < 6; i++) {
		now_ns += 10 * NSEC_PER_SEC;
		budget_look(&b, now_ns);
		CHECK(!budget_exceeded(&b, took / 2, UINT64_MAX), "after %d s", 10 * i);
	}
	/* sooner than the next point */
	budget_look(&b, now_ns + NSEC_PER_SEC);
	CHECK(!budget_exceeded(&b, took / 2, UINT64_MAX));
	now_ns += 10 * NSEC_PER_SEC;
	budget_look(&b, now_ns);
	CHECK(b.share >= took, "%g of a processor", b.share);
	CHECK(budget_exceeded(&b, took / 2, UINT64_MAX) && !strcmp(budget_exceeded(&b, took / 2, UINT64_MAX), "processor"));
	CHECK(!budget_exceeded(&b, b.share, UINT64_MAX));
	/* what it took is forgotten a minute later */
	now_ns += 10 * NSEC_PER_SEC;
	budget_look(&b, now_ns);
	CHECK(!budget_exceeded(&b, took / 2, UINT64_MAX), "%g of a processor", b.share);
}

static void of_memory(void)
{
	struct budget b = { 0 };

	budget_look(&b, NSEC_PER_SEC);
	CHECK(b.memory_bytes > 4096);
	CHECK(!budget_exceeded(&b, 1, b.memory_bytes));
	CHECK(budget_exceeded(&b, 1, b.memory_bytes - 1) && !strcmp(budget_exceeded(&b, 1, b.memory_bytes - 1), "memory"));
}

static void of_looks(void)
{
	/* 1 ms at a quarter of 5 %: 80 ms */
	CHECK(budget_next_ns(0, MSEC_NS, 0.01, 0.05) == 80 * MSEC_NS);
	CHECK(budget_next_ns(7, MSEC_NS, 10, 0.05) == 7 + 10 * NSEC_PER_SEC);
}

int main(void)
{
	of_processor();
	of_memory();
	of_looks();
	return verdict("budget of the agent");
}
