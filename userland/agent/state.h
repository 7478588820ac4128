/* SPDX-License-Identifier: GPL-2.0 */
/* What the agent watches, traces, and has done so far. */
#ifndef LEAKTRACE_AGENT_STATE_H
#define LEAKTRACE_AGENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget.h"
#include "agent/configuration.h"
#include "agent/watched.h"
#include "session/session.h"

struct http;
struct look;
struct recorder;
struct traced;

/* A watched process that is traced, or where the module is absent looked at closely. */
struct inquiry {
	struct watched *watched;
	char *stem;			/* of its files */
	uint64_t began_ns, ends_ns;
	bool taken_up;			/* an agent before us has begun it */

	struct traced *traced;		/* NULL: looked at from outside */
	struct recorder *recorder;	/* NULL: cannot be written any more */
	uint64_t leak_ns;		/* since when there has been a leak; 0: there is none */
	uint64_t events, events_ns;	/* creations and releases, as of that time */

	struct look *look;
	uint64_t look_next_ns;
};

struct agent_counts {			/* since it was started */
	uint64_t fired, reports, leaks, last_words, stopped;
};

struct agent {
	const char *path;		/* of its configuration */
	struct configuration configuration;
	struct watched_list watched;
	unsigned int inquiries;
	struct session_options options;
	struct session session;
	bool session_is_open;
	struct budget budget;
	struct http *http;		/* NULL: metrics are not served */
	struct agent_counts counts;
	bool stop, reload;
};

#endif
