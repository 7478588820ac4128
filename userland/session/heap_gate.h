/* SPDX-License-Identifier: GPL-2.0 */
/* Opens the gate of a target whose heap is to be followed. */
#ifndef LEAKTRACE_SESSION_HEAP_GATE_H
#define LEAKTRACE_SESSION_HEAP_GATE_H

struct session;
struct traced;

/*
 * Tries, unless it has been decided. A program that has just begun has no allocator yet, so
 * this is repeated for some seconds; then the reason is printed.
 */
void heap_gate_try(struct session *s, struct traced *t);

#endif
