/* SPDX-License-Identifier: GPL-2.0 */
/* kind_heap.c: what commands ask of it. */
#ifndef _LT_HEAP_H
#define _LT_HEAP_H

struct leaktrace_gate_header;
struct lt_target;
struct netlink_ext_ack;

int lt_heap_open(struct lt_target *t, struct leaktrace_gate_header *plan,
		 struct netlink_ext_ack *extack);
int lt_heap_close(struct lt_target *t, struct netlink_ext_ack *extack);
void lt_heap_stop(void);

#endif /* _LT_HEAP_H */
