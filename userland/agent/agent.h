/* SPDX-License-Identifier: GPL-2.0 */
/* leaktrace agent: watches by rules, from outside until one fires. */
#ifndef LEAKTRACE_AGENT_AGENT_H
#define LEAKTRACE_AGENT_AGENT_H

struct session_options;

/* Until a signal ends it. 0, or EXIT_TROUBLE after an error message. */
int agent_run(const char *path, const struct session_options *options);
int agent_check(const char *path);	/* of its configuration only */

#endif
