/* SPDX-License-Identifier: GPL-2.0 */
/* kind_pair.c: what commands ask of it. */
#ifndef _LT_PAIR_H
#define _LT_PAIR_H

#include <linux/types.h>

struct leaktrace_pair_door;
struct lt_target;
struct netlink_ext_ack;
struct sk_buff;

bool lt_pair_check(const struct leaktrace_pair_door *door, unsigned int n);
int lt_pair_open(struct lt_target *t, const struct leaktrace_pair_door *door, unsigned int n,
		 struct netlink_ext_ack *extack);
int lt_pair_fill_names(struct sk_buff *skb, const struct lt_target *t);
void lt_pair_stop(void);

#endif /* _LT_PAIR_H */
