/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that the agent has the module trace, and their recordings. */
#ifndef LEAKTRACE_AGENT_TRACING_H
#define LEAKTRACE_AGENT_TRACING_H

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct inquiry;
struct target;

/* Traces the process of an inquiry that has a stem. false: it is not, and why in one line. */
bool tracing_begin(struct agent *a, struct inquiry *i, char *why, size_t len);
void tracing_step(struct agent *a);	/* what has happened; never waits */
/* The last look at it, with which its recording ends. It stays traced. */
void tracing_finish(struct agent *a, struct inquiry *i);
void tracing_end(struct agent *a, struct inquiry *i);	/* detaches it */
/* Closes the session while there is nothing to trace, so that the module can be unloaded. */
void tracing_rest(struct agent *a);

/*
 * What an agent that was killed has left traced in the kernel: fn makes an inquiry of it, or
 * returns NULL, and it is detached.
 */
void tracing_take_up(struct agent *a, struct inquiry *(*fn)(struct agent *a, const struct target *t, const char *watch));

#endif
