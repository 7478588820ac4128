/* SPDX-License-Identifier: GPL-2.0 */
/* What the agent is told by agent.conf and its drop-ins. */
#ifndef LEAKTRACE_AGENT_CONFIGURATION_H
#define LEAKTRACE_AGENT_CONFIGURATION_H

#include <stdint.h>
#include <stdio.h>

#include "agent/rule.h"

struct selector;

enum { WATCH_SELECTORS = 5 };

struct watch {				/* a section [watch NAME] */
	struct watch *next;
	char *name;
	char *where;			/* "FILE:LINE" of its section */
	char *select[WATCH_SELECTORS];	/* as given; NULL: not */
	struct selector *selector;
	struct rules rules;
	uint32_t kinds;			/* to trace; bits: 1 << LEAKTRACE_KIND_… */
	double attach_s;		/* how long a process is traced, or looked at, at most */
	double again_s;			/* after a report, rules of that process rest for so long */
};

struct configuration {
	char *directory;		/* of reports and recordings */
	char *webhook, *listen;		/* NULL: none */
	char *alertmanager;		/* URL of its API for alerts; NULL: none */
	uint64_t keep_bytes;
	unsigned int keep_reports;
	double interval_s;		/* between two looks from outside */
	double processor_share;		/* of one processor, that the agent may take */
	uint64_t memory_bytes;		/* that it may take */
	unsigned int targets;		/* traced or looked at closely at a time */
	double events_per_s;		/* of a target with more, the module is taken away again */
	struct watch *watches;
};

/* PATH, then PATH.d/NAME.conf in the order of their names. 0, or EXIT_TROUBLE after a message "FILE:LINE: …". */
int configuration_read(struct configuration *c, const char *path);
/* One file, for tests: defaults first, and configuration_end() behind the last. */
void configuration_begin(struct configuration *c);
int configuration_parse(struct configuration *c, FILE *f, const char *name);
int configuration_end(struct configuration *c, const char *path);
void configuration_free(struct configuration *c);

const struct watch *configuration_watch(const struct configuration *c, const char *name);	/* NULL: none */

#endif
