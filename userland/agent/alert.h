/* SPDX-License-Identifier: GPL-2.0 */
/* What is told to Alertmanager, by its API v2: an alert stands while its process lives, at most as long as its rules rest. */
#ifndef LEAKTRACE_AGENT_ALERT_H
#define LEAKTRACE_AGENT_ALERT_H

struct agent;
struct telling;
struct watched;

/* If there is one to raise: a leak, a rule that fired, an OOM kill. line: the first of what was found; "": nothing. */
void alert_raise(struct agent *a, const struct telling *t, const char *line);
void alert_end(struct agent *a, struct watched *w);	/* its process has ended */
void alerts_renew(struct agent *a);	/* for an Alertmanager that was not there, or has forgotten: now and then */

#endif
