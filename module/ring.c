// SPDX-License-Identifier: GPL-2.0
/*
 * Events on their way to user space: a ring for each CPU and multicast group,
 * drained in batches by a work item. Events are news, never the truth: a full
 * ring drops and counts, and the numbers in the tables stay right. Every event has
 * a sequence number of its ring, so a reader sees the gap.
 *
 * There is a group without births and deaths, for clients that only follow the targets'
 * lives, as attach does: if no one listens to the other, those are not queued at all.
 *
 * Lock: ring->lock, raw and irq-safe, a leaf.
 */
#include <linux/irq_work.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "leaktrace.h"
#include "netlink.h"
#include "pool.h"
#include "ring.h"
#include "target.h"

enum {
	BATCH = 32,
	LIVES = 256,		/* events of a ring of LT_GROUP_TARGETS */
};

struct ring {
	raw_spinlock_t lock;	/* protects all below */
	u64 head;		/* sequence number of the next event */
	u64 tail;		/* of the oldest one kept */
	u64 lost;
	struct lt_event *event;
};

static struct ring_set {
	struct ring __percpu *rings;
	u32 events;		/* of each ring, a power of two */
} sets[__LT_GROUPS];

static bool traced;

/* Read by every event, written once in a millisecond. */
bool lt_ring_wanted_now ____cacheline_aligned_in_smp;
u64 lt_ring_asked_ns;

static void ring_drain_fn(struct work_struct *work);
static DECLARE_WORK(drain, ring_drain_fn);
static struct irq_work kick;

static void ring_kick_fn(struct irq_work *work)
{
	schedule_work(&drain);
}

static unsigned int ring_take_batch(struct ring_set *set, int cpu, struct lt_event *batch,
				    u64 *seq, u64 *lost)
{
	struct ring *r = per_cpu_ptr(set->rings, cpu);
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&r->lock, flags);
	*seq = r->tail;
	*lost = r->lost;
	while (n < BATCH && r->tail != r->head)
		batch[n++] = r->event[r->tail++ & (set->events - 1)];
	raw_spin_unlock_irqrestore(&r->lock, flags);
	return n;
}

/*
 * What a receiver had no room for: one that asked for NETLINK_BROADCAST_ERROR, that is. The
 * others are told by their own ENOBUFS, and netlink does not tell us.
 */
static void count_unsent(const struct lt_event *batch, unsigned int n)
{
	unsigned int i, same;
	struct lt_target *t;

	for (i = 0; i < n; i += same) {
		for (same = 1; i + same < n && batch[i + same].target == batch[i].target; same++)
			;
		t = lt_target_by_id(batch[i].target);
		if (t) {
			lt_target_lost(t, LT_LOST_SOCKET, same);
			lt_target_put(t);
		} else {		/* it begins or has ended */
			atomic64_add(same, &lt_lost[LT_LOST_SOCKET]);
		}
	}
}

/* At most one ring full: a CPU that fills it as fast would keep us here. */
static bool ring_drain(enum lt_group group, int cpu)
{
	static struct lt_event batch[BATCH];	/* one drain at a time */
	struct ring_set *set = &sets[group];
	unsigned int n, sent = 0;
	u64 seq, lost;

	while ((n = ring_take_batch(set, cpu, batch, &seq, &lost))) {
		if (lt_netlink_send_batch(group, cpu, seq, lost, batch, n))
			count_unsent(batch, n);
		cond_resched();
		sent += n;
		if (sent >= set->events)
			return true;
	}
	return false;
}

static bool ring_drain_set(enum lt_group group)
{
	bool more = false;
	int cpu;

	for_each_possible_cpu(cpu)
		more |= ring_drain(group, cpu);
	return more;
}

static void ring_drain_fn(struct work_struct *work)
{
	/* First: a thread may be waiting for the answer to one of these (lt_maps_hold()). */
	bool more = ring_drain_set(LT_GROUP_TARGETS);

	more |= ring_drain_set(LT_GROUP_EVENTS);
	/* Queued anew, behind others that wait for this worker, as the refill of pools. */
	if (more)
		schedule_work(work);
}

static int ring_init(void)
{
	struct ring_set *set;
	int cpu;

	init_irq_work(&kick, ring_kick_fn);
	sets[LT_GROUP_EVENTS].events = roundup_pow_of_two(lt_ring_bytes / sizeof(struct lt_event));
	sets[LT_GROUP_TARGETS].events = LIVES;
	for (set = sets; set < sets + __LT_GROUPS; set++) {
		set->rings = alloc_percpu(struct ring);
		if (!set->rings) {
			free_percpu(sets[0].rings);
			return -ENOMEM;
		}
		for_each_possible_cpu(cpu)
			raw_spin_lock_init(&per_cpu_ptr(set->rings, cpu)->lock);
	}
	return 0;
}

/* Another memory, or none, and what was in the old one is gone. */
static void ring_replace(struct ring *r, struct lt_event *new)
{
	struct lt_event *old;
	unsigned long flags;

	raw_spin_lock_irqsave(&r->lock, flags);
	old = r->event;
	r->event = new;
	r->tail = r->head;
	raw_spin_unlock_irqrestore(&r->lock, flags);
	kvfree(old);
}

static int ring_reset(bool prime)
{
	int cpu, i;

	irq_work_sync(&kick);
	while (flush_work(&drain))
		;	/* it may have queued itself again */
	for (i = 0; i < __LT_GROUPS; i++)
		for_each_possible_cpu(cpu)
			ring_replace(per_cpu_ptr(sets[i].rings, cpu), NULL);
	WRITE_ONCE(traced, prime);
	return 0;
}

static int ring_cpu_get(unsigned int cpu)
{
	struct lt_event *new;
	struct ring *r;
	int i;

	for (i = 0; i < __LT_GROUPS; i++) {
		r = per_cpu_ptr(sets[i].rings, cpu);
		if (r->event)
			continue;
		new = kvzalloc_node(array_size(sets[i].events, sizeof(*new)), LT_GFP_TABLE,
				    cpu_to_node(cpu));
		if (!new)
			return -ENOMEM;
		ring_replace(r, new);
	}
	return 0;
}

static u64 ring_cpu_bytes(void)
{
	u64 events = 0;
	int i;

	for (i = 0; i < __LT_GROUPS; i++)
		events += sets[i].events;
	return events * sizeof(struct lt_event);
}

static void ring_exit(void)
{
	int cpu, i;

	irq_work_sync(&kick);
	cancel_work_sync(&drain);
	for (i = 0; i < __LT_GROUPS; i++) {
		for_each_possible_cpu(cpu)
			kvfree(per_cpu_ptr(sets[i].rings, cpu)->event);
		free_percpu(sets[i].rings);
	}
}

static u64 ring_bytes(void)
{
	unsigned int cpus = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		cpus += !!READ_ONCE(per_cpu_ptr(sets[LT_GROUP_EVENTS].rings, cpu)->event);
	return cpus * ring_cpu_bytes();
}

const struct lt_store lt_ring_store = {
	.init = ring_init,
	.exit = ring_exit,
	.reset = ring_reset,
	.bytes = ring_bytes,
	.cpu_get = ring_cpu_get,
	.cpu_bytes = ring_cpu_bytes,
};

static void ring_put(enum lt_group group, struct lt_target *t, const struct lt_event *e)
{
	bool first, dropped = false, lost = false;
	struct ring_set *set = &sets[group];
	unsigned long flags;
	struct ring *r;

	if (!lt_netlink_has_listeners(group))
		return;
	r = raw_cpu_ptr(set->rings);
	raw_spin_lock_irqsave(&r->lock, flags);
	first = r->head == r->tail;
	if (!r->event) {
		/* No memory for a CPU that came online. If nothing is traced, not a loss. */
		lost = READ_ONCE(traced);
		dropped = true;
	} else if (r->head - r->tail >= set->events) {
		lost = true;
		dropped = true;
	} else {
		r->event[r->head++ & (set->events - 1)] = *e;
	}
	r->lost += lost;
	raw_spin_unlock_irqrestore(&r->lock, flags);
	if (lost)
		lt_target_lost(t, LT_LOST_RING, 1);
	if (first || dropped)
		irq_work_queue(&kick);
}

/**
 * lt_ring_ask() - does anybody want births and deaths, for lt_ring_wanted()
 * @now_ns: the time
 *
 * Context: any.
 */
void lt_ring_ask(u64 now_ns)
{
	WRITE_ONCE(lt_ring_wanted_now, lt_netlink_has_listeners(LT_GROUP_EVENTS));
	WRITE_ONCE(lt_ring_asked_ns, now_ns);
}

/**
 * lt_ring_put() - queue a birth or a death, if somebody listens
 * @t: target
 * @e: the event
 *
 * Context: any.
 */
void lt_ring_put(struct lt_target *t, const struct lt_event *e)
{
	ring_put(LT_GROUP_EVENTS, t, e);
}

/**
 * lt_ring_note() - queue an event in a target's own life
 * @t: target
 * @op: EXEC, EXIT, FORK, DETACH or MAPS
 * @id: FORK: the child's target id
 *
 * Context: any.
 */
void lt_ring_note(struct lt_target *t, enum leaktrace_event_op op, u64 id)
{
	struct lt_event e = {
		.time_ns = lt_now_ns(), .id = id, .target = t->id,
		.tid = current->pid, .count = 1, .op = op,
	};

	ring_put(LT_GROUP_TARGETS, t, &e);
	ring_put(LT_GROUP_EVENTS, t, &e);
}

/**
 * lt_ring_events() - events queued since load
 *
 * Context: any.
 * Return: number.
 */
u64 lt_ring_events(void)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu_ptr(sets[LT_GROUP_EVENTS].rings, cpu)->head);
	return n;
}

/**
 * lt_ring_used() - the fullest ring
 *
 * Context: any.
 * Return: bytes.
 */
u32 lt_ring_used(void)
{
	struct ring_set *set = &sets[LT_GROUP_EVENTS];
	u64 most = 0, tail;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(set->rings, cpu);

		tail = READ_ONCE(r->tail);
		smp_rmb();	/* the head is never behind the tail of before */
		most = max(most, min_t(u64, READ_ONCE(r->head) - tail, set->events));
	}
	return most * sizeof(struct lt_event);
}
