/* SPDX-License-Identifier: GPL-2.0 */
/* What has been found of a process: to its files, the journal, the webhook and Alertmanager. */
#ifndef LEAKTRACE_AGENT_TELLING_H
#define LEAKTRACE_AGENT_TELLING_H

#include <stdbool.h>

struct agent;
struct json_object;
struct watched;

struct telling {
	struct watched *watched;
	const char *stem;		/* of its files */
	const char *event;		/* "report" or "last words" */
	const char *how;		/* "traced for 34 s, until a leak was found" */
	const char *end;		/* "killed by the OOM killer"; "": it lives */
	const char *report;		/* as text */
	struct json_object *json;	/* the same; consumed */
	unsigned int leaks;
	bool oom_killed;
};

void tell(struct agent *a, const struct telling *t);

#endif
