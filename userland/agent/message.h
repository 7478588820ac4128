/* SPDX-License-Identifier: GPL-2.0 */
/* Lines for the journal, or for who sits in front of it. */
#ifndef LEAKTRACE_AGENT_MESSAGE_H
#define LEAKTRACE_AGENT_MESSAGE_H

#include "util/macros.h"

enum priority { PRIORITY_ERROR = 3, PRIORITY_WARNING, PRIORITY_NOTICE, PRIORITY_INFO };	/* as syslog's */

/* One line on stderr: with its priority where that is the journal, else with the time. */
void message(enum priority priority, const char *fmt, ...) PRINTF(2, 3);

#endif
