/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known: objects, sites, stacks; and the rings that carry the news of it.
 * Included by leaktrace.h only.
 */
#ifndef _LT_TABLES_H
#define _LT_TABLES_H

#include <linux/leaktrace.h>
#include <linux/list.h>
#include <linux/time64.h>
#include <linux/types.h>

struct lt_store;
struct lt_target;

/*
 * object.c: the common table of live objects
 */
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
bool lt_object_rekey(struct lt_target *t, enum leaktrace_kind kind, u64 from, u64 to);
bool lt_object_find(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		    struct lt_object *copy);
bool lt_object_update(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		      void (*fn)(struct lt_object *o, void *arg), void *arg);
void lt_object_record(struct lt_target *t, const struct lt_object *record);
void lt_object_drop(struct lt_target *t, enum leaktrace_kind kind, u64 key);
void lt_object_forget(struct lt_target *t);
int lt_object_walk(u32 target, u32 *bucket,
		   int (*fn)(const struct lt_object *o, void *arg), void *arg);
u32 lt_object_used(void);

/*
 * site.c: one kind born at one stack, and its counters
 */
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
	/* under its count_lock() */
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
void lt_site_born(u32 id, u64 n, u64 now_ns);
u32 lt_site_move(struct lt_target *t, u32 id, u32 cut, u32 stack, u64 born_ns);
void lt_site_died(u32 id, u64 n, u64 lifetime_ns, u64 now_ns, u32 stack);
void lt_site_forget(u32 target);
bool lt_site_copy(u32 id, struct lt_site *copy);
u32 lt_site_top(void);
u32 lt_site_used(void);

/*
 * stack.c: who did it
 */
struct lt_stack {
	u32 next;		/* id in the same bucket */
	u32 hash;
	u16 nr;
	u8 status;		/* enum leaktrace_stack_status */
	u8 guessed;
	u32 resolved;		/* of a death's cut stack: id of the whole one; 0: not known */
	u64 pc[];
};

/* Of a stack's id: some of it was not in memory, and may be walked again. */
#define LT_STACK_CUT	BIT(31)

extern const struct lt_store lt_stack_store;

u32 lt_stack_capture(struct lt_target *t);
u32 lt_stack_capture_death(struct lt_target *t);
u32 lt_stack_rewalk(struct lt_target *t, u32 cut, unsigned long *missed);
u32 lt_stack_resolved(u32 stack);
const struct lt_stack *lt_stack_at(u32 id);
u32 lt_stack_used(void);

/*
 * ring.c: events for whoever listens
 */
struct lt_event {
	u64 time_ns;
	u64 id;
	u32 target;
	u32 site;
	u32 stack;
	u32 tid;
	u32 count;
	u8 op;
	u8 kind;
};

extern const struct lt_store lt_ring_store;

void lt_ring_ask(u64 now_ns);
void lt_ring_put(const struct lt_event *e);
void lt_ring_note(struct lt_target *t, enum leaktrace_event_op op, u64 id);
u64 lt_ring_events(void);
u64 lt_ring_lost(void);
u64 lt_ring_unsent(void);
u32 lt_ring_used(void);

extern bool lt_ring_wanted_now;
extern u64 lt_ring_asked_ns;

/*
 * Does anybody want births and deaths. Netlink takes a while to say, so an answer
 * stands for a millisecond: who joins is heard that late. Who attaches a target
 * after joining misses nothing: a new target asks anew.
 */
static inline bool lt_ring_wanted(u64 now_ns)
{
	if (unlikely(now_ns - READ_ONCE(lt_ring_asked_ns) > NSEC_PER_MSEC))
		lt_ring_ask(now_ns);
	return READ_ONCE(lt_ring_wanted_now);
}

#endif /* _LT_TABLES_H */
