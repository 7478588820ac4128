/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chooses processes by what they are instead of by PID. A process must fit
 * everything that is given.
 */
#ifndef LEAKTRACE_SESSION_SELECTOR_H
#define LEAKTRACE_SESSION_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct model;
struct selector;

enum {
	SELECTOR_PIDS_MAX = 4096,	/* as many as the module can trace */
};

/* NULL: no memory. root is put before the path of every file that is read: "" but in tests. */
struct selector *selector_new(const char *root);
void selector_free(struct selector *s);

/*
 * Adds a condition: what is "comm", "exe", "unit", "cgroup" or "container".
 * 0, or EXIT_TROUBLE after an error message.
 */
int selector_add(struct selector *s, const char *what, const char *arg);

/* "--comm nginx --unit web.service", for messages. */
const char *selector_text(const struct selector *s);

/*
 * All processes of the host that fit, but ourselves, in the order of their PIDs.
 * Returns how many fit, of which the first max are in pids.
 */
size_t selector_find(struct selector *s, pid_t *pids, size_t max);

/* Whether a prefix of an ID has found several containers. */
bool selector_is_ambiguous(const struct selector *s);

/* Whether a target fits, as far as it was recorded what it is. */
bool selector_fits(struct selector *s, const struct model *m);

#endif
