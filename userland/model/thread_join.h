/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that have exited and that nobody has joined. */
#ifndef LEAKTRACE_MODEL_THREAD_JOIN_H
#define LEAKTRACE_MODEL_THREAD_JOIN_H

struct model;

/* Marks them among m's objects, by what the C library left in the target's memory. */
void thread_find_unjoined(struct model *m);

#endif
