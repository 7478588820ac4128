/* SPDX-License-Identifier: GPL-2.0 */
/* What the agent itself takes, and whether that is too much. */
#ifndef LEAKTRACE_AGENT_BUDGET_H
#define LEAKTRACE_AGENT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum { BUDGET_POINTS = 7 };

struct budget {				/* initialise to zeroes */
	unsigned int n;
	uint64_t t_ns[BUDGET_POINTS], used_ns[BUDGET_POINTS];	/* oldest first, 10 s apart */
	double share;			/* of one processor, in the last minute */
	uint64_t memory_bytes;
};

void budget_look(struct budget *b, uint64_t now_ns);	/* as often as you like */
uint64_t budget_used_ns(void);		/* processor time so far, with that of ended children */
/* NULL: it is kept; or what is over it. */
const char *budget_exceeded(const struct budget *b, double share, uint64_t memory_bytes);
/*
 * When something that took so long may be done again, at the earliest in every_s: it takes at
 * most a quarter of the share.
 */
uint64_t budget_next_ns(uint64_t began_ns, uint64_t used_ns, double every_s, double share);

#endif
