/* SPDX-License-Identifier: GPL-2.0 */
/* A process of which a rule has fired: traced or looked at closely, until there is an answer. */
#ifndef LEAKTRACE_AGENT_INQUIRY_H
#define LEAKTRACE_AGENT_INQUIRY_H

#include <stdint.h>

struct agent;
struct watched;

enum inquiry_end {
	END_ANSWER,			/* a leak was found */
	END_TIME,
	END_EXITED,
	END_BUDGET,			/* the agent takes too much */
	END_SUFFERS,			/* the process has more events than it should pay for */
	END_DETACHED,			/* by others */
	END_AGENT,			/* the agent itself ends */
};

void inquiry_begin(struct agent *a, struct watched *w);
/* Goes on with all; those that have come to an end are told, and forgotten. */
void inquiries_step(struct agent *a);
void inquiry_end(struct agent *a, struct watched *w, enum inquiry_end end);
uint64_t inquiries_next_ns(const struct agent *a);	/* when something has to be done; UINT64_MAX: only when it happens */
void inquiries_take_up(struct agent *a);	/* what an agent before us has left */

#endif
