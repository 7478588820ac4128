/* SPDX-License-Identifier: GPL-2.0 */
/* ring.c: events for whoever listens. */
#ifndef _LT_RING_H
#define _LT_RING_H

#include <linux/compiler.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

struct lt_store;
struct lt_target;

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
void lt_ring_put(struct lt_target *t, const struct lt_event *e);
void lt_ring_note(struct lt_target *t, enum leaktrace_event_op op, u64 id);
u64 lt_ring_events(void);
u32 lt_ring_used(void);

extern bool lt_ring_wanted_now;
extern u64 lt_ring_asked_ns;

/*
 * Does anybody want births and deaths? That is slow to ask netlink, so an answer is kept
 * for a millisecond, and a new listener gets its first events that late. One that attaches
 * a target after joining misses nothing: a new target asks anew.
 */
static inline bool lt_ring_wanted(u64 now_ns)
{
	if (unlikely(now_ns - READ_ONCE(lt_ring_asked_ns) > NSEC_PER_MSEC))
		lt_ring_ask(now_ns);
	return READ_ONCE(lt_ring_wanted_now);
}

#endif /* _LT_RING_H */
