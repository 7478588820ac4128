/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that watches have selected, as they are seen from outside. */
#ifndef LEAKTRACE_AGENT_WATCHED_H
#define LEAKTRACE_AGENT_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/rule.h"
#include "host/row.h"
#include "model/oom.h"

struct configuration;
struct inquiry;
struct json_object;
struct watch;

struct watched {
	struct watched *next;
	const struct watch *watch;
	struct host_row row;
	struct growth growth;
	struct oom_looks oom;
	int pidfd;			/* readable once it has ended; -1: this kernel has none */
	unsigned int looks;
	uint64_t first_ns;		/* of the first look */
	bool selected;			/* by the last selection */
	bool ended;
	bool told;			/* that it has ended */
	int exit_code;			/* as from wait(); -1: not seen */
	char reason[RULE_REASON_BYTES];	/* of the rule that fired last; "": none */
	uint64_t rests_until_ns;	/* until then no rule fires */
	struct json_object *alert;	/* that stands; NULL: none */
	uint64_t alert_ends_ns;
	struct inquiry *inquiry;	/* NULL: only looked at from outside */
};

struct watched_list {			/* initialise to zeroes */
	struct watched *first;
	size_t n;
	unsigned int looks;
};

/* All that the selectors find, and no others: those that are found no more are ended or left. */
void watched_select(struct watched_list *l, const struct configuration *c);
/* Adds a process, or finds it; comm: the name of one that has ended already. NULL: no memory. */
struct watched *watched_take(struct watched_list *l, const struct watch *watch, pid_t pid, const char *comm);
/* One look at all. Those that have ended are marked. */
void watched_look(struct watched_list *l);
/* Without a look at anything else: whether it has ended, and if so, how. */
bool watched_has_ended(struct watched *w);
bool watched_was_oom_killed(const struct watched *w);	/* or another one of its cgroup was, when it ended */
void watched_remove(struct watched_list *l, struct watched *w);

#endif
