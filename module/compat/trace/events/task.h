/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LT_COMPAT_TRACE_EVENTS_TASK_H
#define _LT_COMPAT_TRACE_EVENTS_TASK_H

#include_next <trace/events/task.h>

/* v6.19, edd3cb05c00a: flags of clone are u64; to a type check not the same on 64 bit */
#ifdef LT_HAVE_U64_CLONE_FLAGS
#define LT_CLONE_FLAGS_TYPE u64
#else
#define LT_CLONE_FLAGS_TYPE unsigned long
#endif

#endif
