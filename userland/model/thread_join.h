/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that have exited and have not been joined. */
#ifndef LEAKTRACE_MODEL_THREAD_JOIN_H
#define LEAKTRACE_MODEL_THREAD_JOIN_H

struct model;

/* Marks them among m's objects, using the C library's data in the target's memory. */
void thread_find_unjoined(struct model *m);

#endif
