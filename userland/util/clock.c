// SPDX-License-Identifier: GPL-2.0
#include <time.h>

#include "util/clock.h"
#include "util/units.h"

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}
