// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks, attached while there is a target and only then, and of these only what its
 * kinds need: a kind that is not followed costs nothing. The kinds declare
 * rows; this file resolves them by name, attaches, detaches, and knows the
 * state of each for STATUS. Tracepoints are not exported: they are found by
 * walking all of the kernel's; functions, by function.c.
 *
 * Rules for every probe, the review checklist:
 *  1. The first load decides 'not my process', without a lock.
 *  2. Then lt_probe_enter(): preemption off, which is an RCU read side, one at a
 *     time on this CPU; nested is counted and left. Since v6.13 (a363d27cdbc2) system
 *     call probes run with preemption on, so this is not left to the caller.
 *  3. No allocation; cells come from pools, and an empty pool is a counter.
 *  4. No sleeping lock; no wakeup but irq_work.
 *  5. Raw spinlocks only.
 *  6. What cannot be done here is queued to the task's way back (work.c).
 *  7. After lt_give_up() nothing is done at all: a bug of ours costs the trace,
 *     not the host.
 */
#include <linux/tracepoint.h>
#include <net/netlink.h>

#include "code.h"
#include "kind.h"
#include "leaktrace.h"
#include "probe.h"
#include "target.h"

enum {
	MAX_ROWS = 64,
};

struct row {
	const struct lt_probe *probe;
	struct lt_probe_state state;
	struct tracepoint *tp;
	unsigned long start;	/* of a function */
	unsigned int nr;	/* in rows */
};

static const struct lt_probe *const common_probes[] = {
	lt_lifecycle_probes, lt_code_probes,
};

static struct row rows[MAX_ROWS];
static int nrows;
static struct row *mmu_row;
static u32 followed;		/* kinds whose rows are attached, as far as they can be */
static DEFINE_PER_CPU(int, nesting);
static DEFINE_PER_CPU(u64, hits[MAX_ROWS]);
static const char *gave_up;

/* Every hook gets its row, tracepoints as their data. */
static const struct row *row_of(const void *hook)
{
	return hook ?: mmu_row;
}

/**
 * lt_give_up() - stop tracing, for good: something is not as it must be
 * @why: a constant string, for STATUS; the first one counts
 *
 * What is known stays, for a last report; what is hooked is unhooked when the
 * last target is detached.
 *
 * Context: any.
 */
void lt_give_up(const char *why)
{
	cmpxchg(&gave_up, NULL, why);
}

/**
 * lt_gave_up() - was lt_give_up() called
 *
 * Context: any.
 * Return: why, or NULL.
 */
const char *lt_gave_up(void)
{
	return READ_ONCE(gave_up);
}

/*
 * Whose it was is known of a target's own task only: what somebody else does to its memory or
 * its descriptors, as reclaim does, counts for the module alone.
 */
static noinline void count_nested(void)
{
	struct lt_target *t;

	rcu_read_lock();
	t = lt_target_current();
	if (t)
		lt_target_lost(t, LT_LOST_NESTED, 1);
	else
		atomic64_inc(&lt_lost[LT_LOST_NESTED]);
	rcu_read_unlock();
}

/**
 * lt_probe_resume() - go on with a probe's work on a target, later and elsewhere
 *
 * As lt_probe_enter(), but no hit of a hook.
 *
 * Context: any but NMI. On true the caller must lt_probe_leave().
 * Return: false if a probe is at work on this CPU already (counted), or we gave up.
 */
bool lt_probe_resume(void)
{
	if (unlikely(lt_gave_up()))
		return false;
	preempt_disable_notrace();
	if (__this_cpu_inc_return(nesting) == 1)
		return true;
	__this_cpu_dec(nesting);
	count_nested();
	preempt_enable_notrace();
	return false;
}

/**
 * lt_probe_enter() - begin a probe's work on a target
 * @hook: what the hook was given; NULL: mmu_notifier
 *
 * Context: any but NMI. On true the caller must lt_probe_leave().
 * Return: false if a probe is at work on this CPU already (counted), or we gave up.
 */
bool lt_probe_enter(const void *hook)
{
	if (!lt_probe_resume())
		return false;
	__this_cpu_inc(hits[row_of(hook)->nr]);
	return true;
}

/**
 * lt_probe_leave() - end what lt_probe_enter() began
 *
 * Context: as lt_probe_enter().
 */
void lt_probe_leave(void)
{
	__this_cpu_dec(nesting);
	preempt_enable_notrace();
}

static void match_tracepoint(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < nrows; i++)
		if (rows[i].probe->how == LEAKTRACE_PROBE_TRACEPOINT &&
		    !strcmp(rows[i].probe->name, tp->name))
			rows[i].tp = tp;
}

/* What can be known before anything is attached. */
static bool is_present(const struct row *r)
{
	switch (r->probe->how) {
	case LEAKTRACE_PROBE_TRACEPOINT:
		return r->tp;
	case LEAKTRACE_PROBE_FTRACE:
		return r->start;
	default:
		return true;
	}
}

static void collect_rows_of(const struct lt_probe *p)
{
	struct row *r;

	for (; p && p->name; p++) {
		if (WARN_ON_ONCE(nrows == MAX_ROWS))
			return;
		r = &rows[nrows];
		if (p->how == LEAKTRACE_PROBE_MMU_NOTIFIER)
			mmu_row = r;
		if (p->how == LEAKTRACE_PROBE_FTRACE)
			r->start = lt_function_find(p->name);
		r->nr = nrows++;
		r->probe = p;
	}
}

static void collect_rows(void)
{
	int i;

	for (i = 0; i < LT_KINDS; i++)
		collect_rows_of(lt_kinds[i]->probes);
	for (i = 0; i < ARRAY_SIZE(common_probes); i++)
		collect_rows_of(common_probes[i]);
	for_each_kernel_tracepoint(match_tracepoint, NULL);
	for (i = 0; i < nrows; i++)
		rows[i].state.present = is_present(&rows[i]);
}

static bool is_function(const struct row *r)
{
	return r->probe->how == LEAKTRACE_PROBE_FTRACE;
}

static void set_state(struct row *r, int err)
{
	r->state.present = err != -ENOENT;
	r->state.attached = !err;
	r->state.error = err;
}

/* Does it serve one of @kinds, and not one that it has been attached for before? */
static bool is_new(const struct row *r, u32 kinds)
{
	return r->probe->kinds & kinds && !(r->probe->kinds & followed);
}

static int add_function(struct row *r)
{
	/* There may have been no memory to look for it. */
	if (!r->start)
		r->start = lt_function_find(r->probe->name);
	if (!r->start)
		return -ENOENT;
	return lt_function_add(r->start, r->probe->name, r->probe->function, r);
}

static void attach_functions(u32 kinds)
{
	int err = lt_function_begin();
	struct row *r;

	for (r = rows; r < rows + nrows; r++)
		if (is_function(r) && is_new(r, kinds))
			set_state(r, err ?: add_function(r));
	if (!err)
		err = lt_function_attach();
	if (!err)
		return;
	for (r = rows; r < rows + nrows; r++)
		if (is_function(r) && is_new(r, kinds) && r->state.attached)
			set_state(r, err);
}

static int attach_tracepoint(struct row *r)
{
	if (!r->tp)
		return -ENOENT;
	return tracepoint_probe_register(r->tp, (void *)r->probe->tracepoint, r);
}

static void attach_row(struct row *r)
{
	if (r->probe->how == LEAKTRACE_PROBE_TRACEPOINT)
		set_state(r, attach_tracepoint(r));
	else if (!is_function(r))
		set_state(r, 0);
}

static void detach_functions(void)
{
	bool any = false;
	struct row *r;

	for (r = rows; r < rows + nrows; r++)
		if (is_function(r)) {
			any |= r->state.attached;
			r->state.attached = false;
		}
	if (any)
		lt_function_detach();
	lt_function_clear();
}

static void detach_row(struct row *r)
{
	if (r->state.attached && r->probe->how == LEAKTRACE_PROBE_TRACEPOINT)
		tracepoint_probe_unregister(r->tp, (void *)r->probe->tracepoint, r);
	if (!is_function(r))
		r->state.attached = false;
}

/* Is it hooked; or could it be, while nothing is. */
static bool serves(const struct row *r)
{
	return followed ? r->state.attached : r->state.present;
}

/* Required, and no other row serves the same purpose. */
static bool needed(const struct row *r)
{
	int i;

	if (r->state.attached || !r->probe->required || !r->probe->either)
		return r->probe->required;
	for (i = 0; i < nrows; i++)
		if (&rows[i] != r && rows[i].probe->either == r->probe->either && serves(&rows[i]))
			return false;
	return true;
}

/**
 * lt_probe_missing() - kinds that lack a probe they need
 *
 * Context: under lt_mutex.
 * Return: LEAKTRACE_KIND bits.
 */
u32 lt_probe_missing(void)
{
	u32 missing = 0;
	int i;

	for (i = 0; i < nrows; i++)
		if (!rows[i].state.attached && needed(&rows[i]))
			missing |= rows[i].probe->kinds;
	return missing;
}

/**
 * lt_probe_start() - attach every row that this kernel has for some kinds
 * @kinds: LEAKTRACE_KIND bits; what was attached for others stays
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, under lt_mutex.
 * Return: 0; -ENOENT if no probe at all could be attached.
 */
int lt_probe_start(u32 kinds, struct netlink_ext_ack *extack)
{
	bool any = false;
	int i;

	if (!nrows)
		collect_rows();
	if (kinds & ~followed)
		attach_functions(kinds);
	for (i = 0; i < nrows; i++) {
		if (is_new(&rows[i], kinds))
			attach_row(&rows[i]);
		any |= rows[i].state.attached;
	}
	followed |= kinds;
	if (any)
		return 0;
	NL_SET_ERR_MSG(extack, "no probe could be attached: is ftrace disabled?");
	return -ENOENT;
}

/**
 * lt_probe_stop() - detach all rows; no probe runs any more on return
 *
 * Context: may sleep, under lt_mutex.
 */
void lt_probe_stop(void)
{
	int i;

	for (i = nrows; i-- > 0;)
		detach_row(&rows[i]);
	detach_functions();
	tracepoint_synchronize_unregister();
	followed = 0;
}

/**
 * lt_probe_count() - rows
 *
 * Context: under lt_mutex.
 * Return: number of rows.
 */
int lt_probe_count(void)
{
	if (!nrows)
		collect_rows();
	return nrows;
}

/**
 * lt_probe_row() - a row as declared
 * @i: less than lt_probe_count()
 *
 * Context: any.
 * Return: the row.
 */
const struct lt_probe *lt_probe_row(int i)
{
	return rows[i].probe;
}

/**
 * lt_probe_row_state() - what became of a row
 * @i: less than lt_probe_count()
 * @state: filled in
 *
 * Context: under lt_mutex.
 */
void lt_probe_row_state(int i, struct lt_probe_state *state)
{
	int cpu;

	*state = rows[i].state;
	/* While nothing is followed: for whoever follows its kinds. */
	state->required = needed(&rows[i]) &&
			  (!followed || rows[i].probe->kinds & followed);
	for_each_possible_cpu(cpu)
		state->hits += READ_ONCE(per_cpu(hits[i], cpu));
}
