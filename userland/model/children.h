/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The child processes of a target, from /proc: they are counted whether or not they are
 * traced, because the kernel's tables know only those of a target that is followed over fork.
 *
 * /proc shows a child from its fork until its parent waits for it. What was forked and reaped
 * between two looks is not known.
 */
#ifndef LEAKTRACE_MODEL_CHILDREN_H
#define LEAKTRACE_MODEL_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/leaktrace.h>

#include "model/judgement.h"

struct model;
struct target;

enum { CHILDREN_MAX = 16384 };		/* that are listed; more are only counted */

struct child {
	uint32_t pid;
	bool zombie;			/* exited, and nobody has waited for it */
	bool traced;			/* is a target or was one, or is an object: */
	bool object;			/* of its parent's, which is followed over fork */
	uint64_t start_ticks;		/* as in /proc: with the pid, which process it is */
	uint64_t forked_ns;		/* CLOCK_MONOTONIC; as exact as a clock tick is */
	char comm[32];
};

/* Children that are judged together, as a site is. */
enum child_group_id {	/* unreaped and no object; running and not traced */
	CHILDREN_UNREAPED, CHILDREN_UNTRACED, CHILD_GROUPS
};

struct child_group {
	uint64_t live, live_before;	/* now; of these, forked before attach */
	uint64_t ended;			/* seen in one look, and gone in the next */
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS];	/* of these, as in struct site */
	uint64_t lifetime_max_ns;
	struct judgement judgement;
};

struct children {
	bool known;			/* was read, or is in the trace file */
	unsigned int looks;
	uint64_t read_ns;		/* of the last look; CLOCK_MONOTONIC */
	uint64_t next_ns;		/* no look before that: they take a small share of the time */
	struct child *child;		/* by pid */
	size_t n, room;
	uint64_t total;			/* n, and those that are not listed */
	uint64_t zombies, untraced;
	struct child_group group[CHILD_GROUPS];
};

void children_free(struct children *c);

/* Looks at the children of a live target. Nothing is changed if that cannot be done. */
void children_read(struct model *m, const struct target *targets, size_t ntargets);
/* Replaces the list, which it owns from now on, by one that was read at that time, and compares the two. */
void children_replace(struct children *c, struct child *list, size_t n, uint64_t now_ns);
void children_settle(struct children *c);	/* sorts the list */
void children_count(struct model *m);		/* totals and groups, from the list and m's objects */

double child_age_s(const struct children *c, const struct child *child);	/* at the last look */
bool child_in_group(const struct child *c, enum child_group_id group);
const char *child_group_name(enum child_group_id group);	/* as a type: "zombie", "untraced" */
const char *child_group_noun(enum child_group_id group);	/* "unreaped child process" */

/* The children of a group, or of CHILD_GROUPS all, sorted by command; malloced. NULL, and 0: no memory. */
const struct child **children_by_command(const struct children *c, enum child_group_id group, size_t *n);

/* The most frequent command of a group, and how many of its children run it; NULL: none. */
const char *children_command(const struct children *c, enum child_group_id group, size_t *n);

/* All descendants of a process, parents first; malloced. Returns their number. */
size_t children_descendants(pid_t pid, uint32_t **pids);

#endif
