/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_ALARM_H
#define LEAKTRACE_ALARM_H

/*
 * Limits of alarms, for the kernel's kinds and those of runtimes: shorter
 * growth is reported as growth only; after so many consecutive samples without
 * a leak the alarm is cleared.
 */
enum {
	ALARM_AFTER_S = 45,
	ALARM_AFTER_HEAP_S = 600,	/* as long as a garbage collector's old generation may take */
	ALARM_CLEAR_SAMPLES = 4,
};

#endif
