/* SPDX-License-Identifier: GPL-2.0 */
/* Units. */
#ifndef LEAKTRACE_UTIL_UNITS_H
#define LEAKTRACE_UTIL_UNITS_H

#define PAGE_BYTES	4096		/* the kernel module supports x86-64 only */
#define NSEC_PER_SEC	1000000000ULL

#endif
