/* SPDX-License-Identifier: GPL-2.0 */
/* site.c: one kind born at one stack, and its counters. */
#ifndef _LT_SITE_H
#define _LT_SITE_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

struct lt_store;
struct lt_target;

struct lt_release {
	u32 stack;
	u64 count;
};

struct lt_site {
	struct hlist_node node;
	u32 id;
	u32 target;
	u32 stack;
	u8 kind;
	u8 type;
	/* under its site_count_lock() */
	u64 born;
	u64 died;
	u64 first_ns;
	u64 last_ns;
	u64 last_died_ns;
	u64 lifetime_max_ns;
	u64 lifetime_sum_ns;
	u64 released_elsewhere;
	struct lt_release release[LEAKTRACE_RELEASES_MAX];
	u32 lifetime[LEAKTRACE_LIFETIME_BUCKETS];
};

extern const struct lt_store lt_site_store;

u32 lt_site_get(struct lt_target *t, enum leaktrace_kind kind,
		enum leaktrace_type type, u32 stack);
u32 lt_site_stack(u32 id);
u32 lt_site_birth(struct lt_target *t, enum leaktrace_kind kind,
		  enum leaktrace_type type, u32 stack, u64 now_ns);
void lt_site_born(struct lt_target *t, u32 id, u64 now_ns);
u32 lt_site_move(struct lt_target *t, u32 id, u32 cut, u32 stack, u64 born_ns);
void lt_site_died(u32 id, u64 n, u64 lifetime_ns, u64 now_ns, u32 stack);
void lt_site_forget(u32 target);
bool lt_site_copy(u32 id, struct lt_site *copy);
u32 lt_site_top(void);
u32 lt_site_used(void);

#endif /* _LT_SITE_H */
