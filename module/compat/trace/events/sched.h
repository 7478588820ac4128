/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LT_COMPAT_TRACE_EVENTS_SCHED_H
#define _LT_COMPAT_TRACE_EVENTS_SCHED_H

#include_next <trace/events/sched.h>

/* v6.16, "exit: move and extend sched_process_exit() tracepoint": one argument more */
#ifdef LT_HAVE_GROUP_DEAD
#define LT_SCHED_PROCESS_EXIT_PROTO(task) struct task_struct *(task), bool group_dead
#else
#define LT_SCHED_PROCESS_EXIT_PROTO(task) struct task_struct *(task)
#endif

#endif
