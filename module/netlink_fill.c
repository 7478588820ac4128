// SPDX-License-Identifier: GPL-2.0
/*
 * Structs to attributes, in the order of the uapi header. Every lt_fill_*
 * returns 0 or -EMSGSIZE and leaves a half-filled message to its caller to
 * cancel.
 */
#include <linux/kernel.h>
#include <linux/pid.h>
#include <net/netlink.h>

#include "code.h"
#include "kind.h"
#include "leaktrace.h"
#include "netlink.h"
#include "object.h"
#include "pair.h"
#include "probe.h"
#include "ring.h"
#include "site.h"
#include "stack.h"
#include "target.h"
#include "work.h"

static u64 count(const atomic64_t *v)
{
	s64 n = atomic64_read(v);

	return max_t(s64, n, 0);
}

static int fill_kind(struct sk_buff *skb, const struct lt_target *t, enum leaktrace_kind kind)
{
	const struct lt_kind_stats *k = &t->kind[kind];
	const struct lt_kind *ops = lt_kinds[kind];
	struct nlattr *nest = nla_nest_start(skb, LEAKTRACE_A_TARGET_KIND);
	u64 live = lt_kind_live(t, kind);
	struct lt_kind_counts sum;

	lt_kind_sum(t, kind, &sum);
	if (!nest || nla_put_u8(skb, LEAKTRACE_A_KIND_ID, kind) ||
	    LT_PUT64(skb, KIND, BASELINE, count(&k->baseline)) ||
	    /* of what is released without an object it is not known whether it was one of these */
	    LT_PUT64(skb, KIND, BASELINE_LIVE, min(count(&k->baseline_live), live)) ||
	    LT_PUT64(skb, KIND, BORN, sum.born) ||
	    LT_PUT64(skb, KIND, DIED, sum.died) ||
	    LT_PUT64(skb, KIND, LIVE, live) ||
	    LT_PUT64(skb, KIND, BYTES, ops->bytes ? ops->bytes(t) : 0) ||
	    LT_PUT64(skb, KIND, MISSED_BIRTHS, count(&k->missed_births)) ||
	    LT_PUT64(skb, KIND, MISSED_DEATHS, count(&k->missed_deaths)) ||
	    LT_PUT64(skb, KIND, REBORN, count(&k->reborn)) ||
	    LT_PUT64(skb, KIND, FOREIGN, count(&k->foreign)) ||
	    LT_PUT64(skb, KIND, UNTRACKED, count(&k->untracked)) ||
	    LT_PUT64(skb, KIND, MOVED, count(&k->moved)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_exit(struct sk_buff *skb, const struct lt_target *t, u32 flags)
{
	if (!(flags & LEAKTRACE_TARGET_F_EXITED))
		return 0;
	if (LT_PUT64(skb, TARGET, EXITED_NS, t->exited_ns) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_EXIT_CODE, t->exit_code))
		return -EMSGSIZE;
	return 0;
}

/* Its own losses. */
static int fill_lost(struct sk_buff *skb, const struct lt_target *t)
{
	struct nlattr *nest = nla_nest_start(skb, LEAKTRACE_A_TARGET_LOST);

	if (!nest || LT_PUT64(skb, STATUS, LOST_RING, count(&t->lost[LT_LOST_RING])) ||
	    LT_PUT64(skb, STATUS, LOST_SOCKET, count(&t->lost[LT_LOST_SOCKET])) ||
	    LT_PUT64(skb, STATUS, LOST_OBJECTS, count(&t->lost[LT_LOST_OBJECTS])) ||
	    LT_PUT64(skb, STATUS, LOST_SITES, count(&t->lost[LT_LOST_SITES])) ||
	    LT_PUT64(skb, STATUS, LOST_STACKS, count(&t->lost[LT_LOST_STACKS])) ||
	    LT_PUT64(skb, STATUS, LOST_NESTED, count(&t->lost[LT_LOST_NESTED])) ||
	    LT_PUT64(skb, STATUS, LOST_WORK, count(&t->lost[LT_LOST_WORK])))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * lt_fill_target() - a target and its totals, its pid as the reader knows it
 * @skb: message
 * @t: the target
 *
 * Context: may sleep.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_target(struct sk_buff *skb, const struct lt_target *t)
{
	/* Pairs with target_exit() in lifecycle.c. */
	u32 flags = smp_load_acquire(&t->flags);
	int kind;

	if (nla_put_u32(skb, LEAKTRACE_A_TARGET_ID, t->id) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_PID, pid_vnr(t->pid)) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_KINDS, t->kinds) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_FLAGS, flags) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_MAX_OBJECTS, t->max_objects) ||
	    (t->parent && nla_put_u32(skb, LEAKTRACE_A_TARGET_PARENT, t->parent->id)) ||
	    nla_put_string(skb, LEAKTRACE_A_TARGET_COMM, t->comm) ||
	    LT_PUT64(skb, TARGET, NOW_NS, lt_now_ns()) ||
	    LT_PUT64(skb, TARGET, ATTACHED_NS, t->attached_ns) ||
	    fill_exit(skb, t, flags) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_EXECS, t->execs) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_INEXACT, atomic_read(&t->inexact)) ||
	    LT_PUT64(skb, TARGET, RECONCILED_NS, t->reconciled_ns))
		return -EMSGSIZE;
	if (nla_put_u32(skb, LEAKTRACE_A_TARGET_GENERATION,
			atomic_read(&t->code_changes)) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_CHILDREN_DROPPED,
			READ_ONCE(t->children_dropped)) ||
	    nla_put_u32(skb, LEAKTRACE_A_TARGET_MAPS, lt_maps_count(t)))
		return -EMSGSIZE;
	for (kind = 0; kind < LT_KINDS; kind++)
		if (lt_target_wants(t, kind) && fill_kind(skb, t, kind))
			return -EMSGSIZE;
	return fill_lost(skb, t) ?: lt_pair_fill_names(skb, t);
}

static int fill_tables(struct sk_buff *skb)
{
	unsigned int cpus;
	u64 bytes, cpu_bytes = lt_stores_cpu_bytes(&cpus);
	u32 tables = lt_table_usage(&bytes);

	return LT_PUT64(skb, STATUS, OBJECTS, lt_object_used()) ||
	       LT_PUT64(skb, STATUS, OBJECTS_MAX, lt_max_objects) ||
	       LT_PUT64(skb, STATUS, SITES, lt_site_used()) ||
	       LT_PUT64(skb, STATUS, SITES_MAX, lt_max_sites) ||
	       LT_PUT64(skb, STATUS, STACKS, lt_stack_used()) ||
	       LT_PUT64(skb, STATUS, STACKS_MAX, lt_max_stacks) ||
	       LT_PUT64(skb, STATUS, RING_BYTES, lt_ring_bytes) ||
	       LT_PUT64(skb, STATUS, RING_USED_BYTES, lt_ring_used()) ||
	       LT_PUT64(skb, STATUS, UNWIND_TABLES, tables) ||
	       LT_PUT64(skb, STATUS, UNWIND_BYTES, bytes) ||
	       LT_PUT64(skb, STATUS, CPUS, cpus) ||
	       LT_PUT64(skb, STATUS, CPU_BYTES, cpu_bytes) ||
	       LT_PUT64(skb, STATUS, MEMORY_BYTES, lt_stores_bytes() + bytes) ? -EMSGSIZE : 0;
}

/* What is said of the kinds' own tables. */
static int fill_stores(struct sk_buff *skb)
{
	int i;

	for (i = 0; i < LT_KINDS; i++)
		if (lt_kinds[i]->fill_status && lt_kinds[i]->fill_status(skb))
			return -EMSGSIZE;
	return 0;
}

static int fill_losses(struct sk_buff *skb)
{
	return LT_PUT64(skb, STATUS, EVENTS, lt_ring_events()) ||
	       LT_PUT64(skb, STATUS, LOST_RING, count(&lt_lost[LT_LOST_RING])) ||
	       LT_PUT64(skb, STATUS, LOST_SOCKET, count(&lt_lost[LT_LOST_SOCKET])) ||
	       LT_PUT64(skb, STATUS, LOST_OBJECTS, count(&lt_lost[LT_LOST_OBJECTS])) ||
	       LT_PUT64(skb, STATUS, LOST_SITES, count(&lt_lost[LT_LOST_SITES])) ||
	       LT_PUT64(skb, STATUS, LOST_STACKS, count(&lt_lost[LT_LOST_STACKS])) ||
	       LT_PUT64(skb, STATUS, LOST_NESTED, count(&lt_lost[LT_LOST_NESTED])) ||
	       LT_PUT64(skb, STATUS, LOST_WORK, count(&lt_lost[LT_LOST_WORK])) ||
	       LT_PUT64(skb, STATUS, WORKS, lt_work_pending()) ? -EMSGSIZE : 0;
}

/**
 * lt_fill_status() - the module as a whole
 * @skb: message
 *
 * Context: may sleep.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_status(struct sk_buff *skb)
{
	const char *why = lt_gave_up();
	int n = lt_target_count();

	if (nla_put_string(skb, LEAKTRACE_A_STATUS_VERSION, LT_VERSION) ||
	    (why && nla_put_string(skb, LEAKTRACE_A_STATUS_STOPPED, why)) ||
	    nla_put_u8(skb, LEAKTRACE_A_STATUS_TRACING, n > 0) ||
	    nla_put_u32(skb, LEAKTRACE_A_STATUS_TARGETS, n) ||
	    nla_put_u32(skb, LEAKTRACE_A_STATUS_TARGETS_MAX, lt_max_targets))
		return -EMSGSIZE;
	return fill_tables(skb) ?: fill_stores(skb) ?: fill_losses(skb);
}

/**
 * lt_fill_probe() - a probe row and what became of it
 * @skb: message
 * @row: its number
 *
 * Context: under lt_mutex.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_probe(struct sk_buff *skb, int row)
{
	const struct lt_probe *p = lt_probe_row(row);
	struct lt_probe_state s;

	lt_probe_row_state(row, &s);
	if (nla_put_string(skb, LEAKTRACE_A_PROBE_NAME, p->name) ||
	    nla_put_u8(skb, LEAKTRACE_A_PROBE_HOW, p->how) ||
	    nla_put_u32(skb, LEAKTRACE_A_PROBE_KINDS, p->kinds) ||
	    nla_put_u8(skb, LEAKTRACE_A_PROBE_REQUIRED, s.required) ||
	    nla_put_u8(skb, LEAKTRACE_A_PROBE_PRESENT, s.present) ||
	    nla_put_u8(skb, LEAKTRACE_A_PROBE_ATTACHED, s.attached) ||
	    nla_put_s32(skb, LEAKTRACE_A_PROBE_ERROR, s.error) ||
	    LT_PUT64(skb, PROBE, HITS, s.hits) ||
	    nla_put_string(skb, LEAKTRACE_A_PROBE_WHY, p->why))
		return -EMSGSIZE;
	return 0;
}

static int fill_releases(struct sk_buff *skb, const struct lt_site *s)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < LEAKTRACE_RELEASES_MAX && s->release[i].count; i++) {
		nest = nla_nest_start(skb, LEAKTRACE_A_SITE_RELEASE);
		if (!nest ||
		    nla_put_u32(skb, LEAKTRACE_A_RELEASE_STACK, s->release[i].stack) ||
		    LT_PUT64(skb, RELEASE, COUNT, s->release[i].count))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/**
 * lt_fill_site() - a site and its counters
 * @skb: message
 * @s: copy of the site
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_site(struct sk_buff *skb, const struct lt_site *s)
{
	if (nla_put_u32(skb, LEAKTRACE_A_SITE_ID, s->id) ||
	    nla_put_u8(skb, LEAKTRACE_A_SITE_KIND, s->kind) ||
	    nla_put_u8(skb, LEAKTRACE_A_SITE_TYPE, s->type) ||
	    nla_put_u32(skb, LEAKTRACE_A_SITE_STACK, s->stack) ||
	    LT_PUT64(skb, SITE, BORN, s->born) ||
	    LT_PUT64(skb, SITE, DIED, s->died) ||
	    LT_PUT64(skb, SITE, FIRST_NS, s->first_ns) ||
	    LT_PUT64(skb, SITE, LAST_NS, s->last_ns) ||
	    LT_PUT64(skb, SITE, LAST_DIED_NS, s->last_died_ns) ||
	    LT_PUT64(skb, SITE, LIFETIME_MAX_NS, s->lifetime_max_ns) ||
	    LT_PUT64(skb, SITE, LIFETIME_SUM_NS, s->lifetime_sum_ns) ||
	    (s->died && nla_put(skb, LEAKTRACE_A_SITE_LIFETIMES, sizeof(s->lifetime),
				s->lifetime)) ||
	    fill_releases(skb, s) ||
	    LT_PUT64(skb, SITE, RELEASED_ELSEWHERE, s->released_elsewhere) ||
	    nla_put_u32(skb, LEAKTRACE_A_SITE_TARGET, s->target))
		return -EMSGSIZE;
	return 0;
}

/**
 * lt_fill_object_head() - what all kinds say of an object
 * @skb: message
 * @o: the object
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_object_head(struct sk_buff *skb, const struct lt_object *o)
{
	if (nla_put_u8(skb, LEAKTRACE_A_OBJECT_KIND, o->kind) ||
	    nla_put_u8(skb, LEAKTRACE_A_OBJECT_TYPE, o->type) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_SITE, o->site) ||
	    LT_PUT64(skb, OBJECT, BORN_NS, o->born_ns))
		return -EMSGSIZE;
	return 0;
}

/**
 * lt_fill_object() - an object of the common table
 * @skb: message
 * @o: the object
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_object(struct sk_buff *skb, const struct lt_object *o)
{
	if (lt_fill_object_head(skb, o) || lt_kinds[o->kind]->fill(skb, o) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_FLAGS, o->flags))
		return -EMSGSIZE;
	return 0;
}

/**
 * lt_fill_stack() - a stack
 * @skb: message
 * @id: its id
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_stack(struct sk_buff *skb, u32 id)
{
	const struct lt_stack *s = lt_stack_at(id);

	if (!s)
		return 0;
	if (nla_put_u32(skb, LEAKTRACE_A_STACK_ID, id) ||
	    nla_put_u8(skb, LEAKTRACE_A_STACK_STATUS, s->status) ||
	    nla_put_u8(skb, LEAKTRACE_A_STACK_GUESSED, s->guessed) ||
	    nla_put(skb, LEAKTRACE_A_STACK_PCS, s->nr * sizeof(u64), s->pc) ||
	    nla_put_u8(skb, LEAKTRACE_A_STACK_CHAIN, s->chain))
		return -EMSGSIZE;
	return 0;
}

static int fill_object_event(struct sk_buff *skb, const struct lt_event *e)
{
	if (e->op > LEAKTRACE_EVENT_DIED)
		return 0;
	if (nla_put_u8(skb, LEAKTRACE_A_EVENT_KIND, e->kind) ||
	    (e->count != 1 && nla_put_u32(skb, LEAKTRACE_A_EVENT_COUNT, e->count)) ||
	    nla_put_u32(skb, LEAKTRACE_A_EVENT_SITE, e->site) ||
	    nla_put_u32(skb, LEAKTRACE_A_EVENT_STACK, e->stack))
		return -EMSGSIZE;
	return 0;
}

/**
 * lt_fill_event() - one event of a batch
 * @skb: message
 * @e: the event
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_fill_event(struct sk_buff *skb, const struct lt_event *e)
{
	struct nlattr *nest = nla_nest_start(skb, LEAKTRACE_A_BATCH_EVENT);

	if (!nest || nla_put_u8(skb, LEAKTRACE_A_EVENT_OP, e->op) ||
	    nla_put_u32(skb, LEAKTRACE_A_EVENT_TARGET, e->target) ||
	    LT_PUT64(skb, EVENT, TIME_NS, e->time_ns) ||
	    LT_PUT64(skb, EVENT, ID, e->id) ||
	    nla_put_u32(skb, LEAKTRACE_A_EVENT_TID, e->tid) ||
	    fill_object_event(skb, e))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
