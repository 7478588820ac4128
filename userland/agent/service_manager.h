/* SPDX-License-Identifier: GPL-2.0 */
/* What systemd is told, by its notification socket; without one, nothing is. */
#ifndef LEAKTRACE_AGENT_SERVICE_MANAGER_H
#define LEAKTRACE_AGENT_SERVICE_MANAGER_H

#include <stdint.h>

#include "util/macros.h"

/* "READY=1", "STATUS=…": lines of sd_notify(3). */
void service_manager_tell(const char *fmt, ...) PRINTF(1, 2);
void service_manager_reloading(void);	/* READY=1 must follow */
uint64_t service_manager_watchdog_ns(void);	/* how often it wants to hear WATCHDOG=1; 0: never */

#endif
