/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_ALARM_H
#define LEAKTRACE_ALARM_H

/*
 * Of the kernel's kinds and a language's: growth of less time is told, but nobody is
 * woken for it; so many looks in a row without a leak call an alarm off.
 */
enum {
	ALARM_AFTER_S = 45,
	ALARM_AFTER_HEAP_S = 600,	/* as long as a collector's old generation takes */
	ALARM_CLEAR_LOOKS = 4,
};

#endif
