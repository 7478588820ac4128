/* SPDX-License-Identifier: GPL-2.0 */
/* object.c: the common table of live objects. */
#ifndef _LT_OBJECT_H
#define _LT_OBJECT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

struct lt_store;
struct lt_target;

/* Of neighbouring buckets: for each a target keeps a bit, by kind, whether it has objects. */
enum { LT_OBJECT_GROUPS = 4096 };

struct lt_object {
	struct hlist_node node;
	u64 key;		/* made by its kind */
	u64 born_ns;		/* 0: baseline */
	u32 target;
	u32 site;
	u32 index;		/* own cell */
	u8 kind;
	u8 type;
	u8 flags;		/* LEAKTRACE_OBJECT_F_* */
	u64 own[2];		/* its kind's own: the kind's file names them */
};

/* Small, as every event makes one. */
struct lt_birth {
	u64 key;
	u64 own[2];		/* as lt_object.own */
	u32 stack;
	u8 kind;		/* enum leaktrace_kind */
	u8 type;		/* enum leaktrace_type */
	u8 flags;
};

extern const struct lt_store lt_object_store;

bool lt_object_born(struct lt_target *t, const struct lt_birth *b);
bool lt_object_died(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		    u32 stack, struct lt_object *copy);
bool lt_object_died_untracked(struct lt_target *t, enum leaktrace_kind kind);
void lt_object_recount_untracked(struct lt_target *t, enum leaktrace_kind kind, s64 before,
				 s64 now);
bool lt_object_rekey(struct lt_target *t, enum leaktrace_kind kind, u64 from, u64 to);
bool lt_object_find(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		    struct lt_object *copy);
bool lt_object_update(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		      void (*fn)(struct lt_object *o, void *arg), void *arg);
void lt_object_record(struct lt_target *t, const struct lt_object *record);
void lt_object_drop(struct lt_target *t, enum leaktrace_kind kind, u64 key);
void lt_object_forget(struct lt_target *t);
int lt_object_walk(struct lt_target *t, u32 kinds, u32 *bucket,
		   int (*fn)(const struct lt_object *o, void *arg), void *arg);
u32 lt_object_used(void);

#endif /* _LT_OBJECT_H */
