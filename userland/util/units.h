/* SPDX-License-Identifier: GPL-2.0 */
/* How many of one unit another has. */
#ifndef LEAKTRACE_UTIL_UNITS_H
#define LEAKTRACE_UTIL_UNITS_H

#define PAGE_BYTES	4096		/* the kernel module is for x86-64 */
#define NSEC_PER_SEC	1000000000ULL

#endif
