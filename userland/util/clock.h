/* SPDX-License-Identifier: GPL-2.0 */
/* The clock of all times whose names end in _ns. */
#ifndef LEAKTRACE_UTIL_CLOCK_H
#define LEAKTRACE_UTIL_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, which is also the kernel module's. */
uint64_t monotonic_ns(void);

#endif
