// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/budget.h"
#include "util/process.h"
#include "util/units.h"

enum { STEP_S = 10, PARTS = 4 };

static uint64_t time_ns(const struct timeval *t)
{
	return t->tv_sec * NSEC_PER_SEC + t->tv_usec * 1000;
}

uint64_t budget_used_ns(void)
{
	struct rusage self, children;

	if (getrusage(RUSAGE_SELF, &self) || getrusage(RUSAGE_CHILDREN, &children))
		return 0;
	return time_ns(&self.ru_utime) + time_ns(&self.ru_stime) + time_ns(&children.ru_utime) +
		time_ns(&children.ru_stime);
}

void budget_look(struct budget *b, uint64_t now_ns)
{
	uint64_t used_ns;

	if (b->n && now_ns - b->t_ns[b->n - 1] < STEP_S * NSEC_PER_SEC)
		return;
	used_ns = budget_used_ns();
	if (b->n == BUDGET_POINTS) {
		memmove(b->t_ns, b->t_ns + 1, (BUDGET_POINTS - 1) * sizeof(*b->t_ns));
		memmove(b->used_ns, b->used_ns + 1, (BUDGET_POINTS - 1) * sizeof(*b->used_ns));
		b->n--;
	}
	b->t_ns[b->n] = now_ns;
	b->used_ns[b->n++] = used_ns;
	if (b->n > 1)
		b->share = (double)(used_ns - b->used_ns[0]) / (now_ns - b->t_ns[0]);
	b->memory_bytes = process_rss_bytes(getpid());
}

/* Of the processor only over a whole minute: names of a large program take some seconds, once. */
const char *budget_exceeded(const struct budget *b, double share, uint64_t memory_bytes)
{
	if (b->memory_bytes > memory_bytes)
		return "memory";
	return b->n == BUDGET_POINTS && b->share > share ? "processor" : NULL;
}

uint64_t budget_next_ns(uint64_t began_ns, uint64_t used_ns, double every_s, double share)
{
	uint64_t every_ns = every_s * NSEC_PER_SEC, enough_ns = used_ns * PARTS / share;

	return began_ns + (enough_ns > every_ns ? enough_ns : every_ns);
}
