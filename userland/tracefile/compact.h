/* SPDX-License-Identifier: GPL-2.0 */
/* Recordings that have become too large. */
#ifndef LEAKTRACE_TRACEFILE_COMPACT_H
#define LEAKTRACE_TRACEFILE_COMPACT_H

#include <stdint.h>

/*
 * The first until_bytes of a recording, with coarser history in their older half and
 * without events, into another file, which must not exist. 0 or -errno.
 */
int trace_compact(const char *path, const char *into, uint64_t until_bytes);

#endif
