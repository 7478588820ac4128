// SPDX-License-Identifier: GPL-2.0
/*
 * Where an address space has code, and which unwind table goes with it: a
 * sorted array that user space sets and walkers read under RCU. If the code is an
 * interpreter's, a description of how to find a script's frames is with it.
 *
 * A stale entry would give silently wrong frames, so a mapping is dead the moment it
 * begins to be unmapped (mm.c), and user space is told; so it is of a pc in no mapping.
 * User space may tell us of a mapping that has been unmapped since it read of it. That is
 * harmful only once other code is mapped there, so new code makes what was read before
 * invalid (the generation). Exec has a new address space, hence no maps; a forked child
 * begins with a copy of what its parent had at that moment.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "arch.h"
#include "code.h"
#include "key.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "pool.h"
#include "probe.h"
#include "ring.h"
#include "target.h"
#include "work.h"

enum {
	MAX_MAPS = 1 << 16,
	NEWS_NS = 50 * NSEC_PER_MSEC,	/* at most one event in this time */
};

static atomic64_t generation;

/**
 * lt_maps_new() - an array to fill
 * @n: number of mappings
 *
 * Context: may sleep.
 * Return: the array or ERR_PTR.
 */
struct lt_maps *lt_maps_new(u32 n)
{
	struct lt_maps *maps;

	if (n > MAX_MAPS)
		return ERR_PTR(-E2BIG);
	maps = kvzalloc(struct_size(maps, map, n), LT_GFP_TABLE);
	if (!maps)
		return ERR_PTR(-ENOMEM);
	refcount_set(&maps->refs, 1);
	maps->generation = atomic64_inc_return(&generation);
	return maps;
}

/**
 * lt_maps_put() - release an array; with the last reference it is freed
 * @maps: the array, or NULL; if it was published, that ended a grace period ago
 *
 * Context: may sleep.
 */
void lt_maps_put(struct lt_maps *maps)
{
	u32 i;

	if (!maps || !refcount_dec_and_test(&maps->refs))
		return;
	for (i = 0; i < maps->n; i++)
		lt_table_put(maps->map[i].table);
	kfree(maps->chain);
	kvfree(maps);
}

/**
 * lt_maps_set() - publish an array
 * @m: address space
 * @maps: sorted; the address space's from now on; NULL: none
 *
 * Context: may sleep; callers are serialised by the target's rwsem, held for
 * writing, or @m is new.
 * Return: what it had, to be put a grace period later; or NULL.
 */
struct lt_maps *lt_maps_set(struct lt_mm *m, struct lt_maps *maps)
{
	struct lt_maps *old = rcu_dereference_protected(m->code.maps, true);

	rcu_assign_pointer(m->code.maps, maps);
	wake_up_all(&m->code.maps_set);
	return old;
}

/**
 * lt_maps_now() - keep what code a target has now
 * @t: the target
 *
 * Context: any. Inside a probe lt_maps_put() may follow: it is not the last, as who
 * replaces the array waits for the probe before it puts its own.
 * Return: the code; the caller puts its array.
 */
struct lt_maps_then lt_maps_now(const struct lt_target *t)
{
	struct lt_maps_then now = { };
	struct lt_mm *m;

	rcu_read_lock();
	now.generation = atomic64_read(&generation);
	m = rcu_dereference(t->mm);
	now.maps = m ? rcu_dereference(m->code.maps) : NULL;
	if (now.maps)
		refcount_inc(&now.maps->refs);
	rcu_read_unlock();
	return now;
}

static bool was_dead(const struct lt_map *map, u64 at)
{
	u64 dead = READ_ONCE(map->dead);

	return dead && dead <= at;
}

/**
 * lt_maps_copy() - a forked child has the code that its parent had at the fork
 * @then: of the parent; what has been unmapped or set there since is not the child's
 *
 * Context: may sleep.
 * Return: the child's array; NULL if there is none, or no memory.
 */
struct lt_maps *lt_maps_copy(const struct lt_maps_then *then)
{
	struct lt_maps *copy;
	u32 i;

	if (!then->maps)
		return NULL;
	copy = lt_maps_new(then->maps->n);
	if (IS_ERR(copy))
		return NULL;
	if (then->maps->chain)
		copy->chain = kmemdup(then->maps->chain, sizeof(*copy->chain), GFP_KERNEL);
	for (i = 0; i < then->maps->n; i++) {
		copy->map[i] = then->maps->map[i];
		copy->map[i].dead = was_dead(&then->maps->map[i], then->generation);
		lt_table_hold(copy->map[i].table);
	}
	copy->n = then->maps->n;
	return copy;
}

/**
 * lt_maps_count() - mappings that a target's code has
 * @t: target
 *
 * Context: any.
 * Return: number.
 */
u32 lt_maps_count(const struct lt_target *t)
{
	struct lt_maps *maps;
	struct lt_mm *m;
	u32 n = 0;

	rcu_read_lock();
	m = rcu_dereference(t->mm);
	maps = m ? rcu_dereference(m->code.maps) : NULL;
	if (maps)
		n = maps->n;
	rcu_read_unlock();
	return n;
}

/**
 * lt_maps_changed() - tell user space that an address space's code changed
 * @m: address space
 *
 * Context: any.
 */
void lt_maps_changed(struct lt_mm *m)
{
	u64 now_ns = lt_now_ns();

	if (now_ns - READ_ONCE(m->code.changed_ns) < NEWS_NS)
		return;
	WRITE_ONCE(m->code.changed_ns, now_ns);
	lt_ring_note(m->target, LEAKTRACE_EVENT_MAPS, 0);
}

/* @anonymous: no file is mapped there, whose table could be the right one */
static bool is_covered(struct lt_mm *m, unsigned long pc, bool anonymous)
{
	struct lt_maps *maps;
	struct lt_map *map;
	bool yes;

	if (READ_ONCE(m->gone))
		return true;
	rcu_read_lock();
	maps = rcu_dereference(m->code.maps);
	map = maps && pc ? lt_maps_find(maps, pc) : NULL;
	yes = pc ? map && !READ_ONCE(map->dead) && !(anonymous && map->table) : !!maps;
	rcu_read_unlock();
	return yes;
}

/**
 * lt_maps_hold() - current has new code: give user space time to learn of it
 * @t: its target
 * @pc: an address in the new code; 0: all of it is new
 *
 * Only if the target's owner asked for it and somebody listens. If no answer came in time
 * once, the owner may be stopped or very slow: no thread waits again until it answers.
 *
 * Context: sleeps, up to the parameter hold_ms; no locks held.
 */
void lt_maps_hold(struct lt_target *t, unsigned long pc)
{
	struct lt_mm *m = lt_mm_get(t);

	if (!m)
		return;
	if (pc)
		lt_ring_note(t, LEAKTRACE_EVENT_MAPS, 0);
	if (!(t->flags & LEAKTRACE_TARGET_F_HOLD) || READ_ONCE(t->hold_timed_out))
		goto out;
	lt_netlink_find_listeners();
	if (lt_netlink_has_listeners(LT_GROUP_TARGETS) &&
	    !wait_event_killable_timeout(m->code.maps_set, is_covered(m, pc, false),
					 msecs_to_jiffies(lt_hold_ms)))
		WRITE_ONCE(t->hold_timed_out, true);
out:
	lt_mm_put(m);
}

/*
 * Is there code in [@start, @start + @len) that we don't know? Code that was made writable
 * for a while is not new. That of a compiler at run time is, the first time: it has no
 * tables, but a walk continues only into code that it knows. If that seems to have a
 * table, a file was mapped there when user space looked. Sleeps, no locks held.
 */
static bool is_new_code(struct lt_target *t, unsigned long start, unsigned long len)
{
	struct lt_mm *m = lt_mm_get(t);
	struct vm_area_struct *vma;
	unsigned long at = start;
	bool news = false;

	if (!m)
		return false;
	if (m->mm == current->mm) {
		mmap_read_lock(m->mm);
		while (!news && (vma = find_vma(m->mm, at)) && vma->vm_start < start + len) {
			at = max(vma->vm_start, at);
			news = (vma->vm_flags & VM_EXEC) && !is_covered(m, at, !vma->vm_file);
			at = vma->vm_end;
		}
		mmap_read_unlock(m->mm);
	}
	lt_mm_put(m);
	return news;
}

/* current, on its way back to user mode, has mapped code. Sleeps, no locks held. */
static void code_mapped(struct lt_target *t, unsigned long start, unsigned long len)
{
	struct lt_mm *m = lt_mm_get(t);

	if (!m)
		return;
	/* Against MAPS_SET: what it brings is from after this, or refused. */
	down_read(&t->rwsem);
	atomic_inc(&t->code_changes);
	lt_maps_unmapped(m, start, start + len);
	up_read(&t->rwsem);
	lt_mm_put(m);
	lt_maps_hold(t, start);
}

struct code_args {
	unsigned long start;	/* 0: the system call's result tells */
	unsigned long bytes;
};

static void code_run(struct lt_work *w)
{
	const struct code_args *c = lt_work_args(w);
	unsigned long result = regs_return_value(task_pt_regs(current));

	if (IS_ERR_VALUE(result))
		return;
	if (!c->start)
		code_mapped(w->target, result, c->bytes);
	else if (is_new_code(w->target, c->start, c->bytes))
		code_mapped(w->target, c->start, c->bytes);
}

static const struct lt_work_type code_work = {
	.run = code_run,
	LT_WORK_ARGS(struct code_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* mmap and mprotect, which have (addr, len, prot) in common. mmap's result tells where.
 * noinline keeps the bystanders' path free of args[].
 */
static noinline void becomes_code(const void *hook, bool where_is_known)
{
	struct code_args code;
	unsigned long args[6];
	struct lt_target *t;

	syscall_get_arguments(current, task_pt_regs(current), args);
	if (!(args[2] & PROT_EXEC))
		return;
	t = lt_target_enter(hook, LEAKTRACE_KINDS_ALL);
	if (!t)
		return;
	code = (struct code_args){ .start = where_is_known ? args[0] : 0, .bytes = args[1] };
	if (current->mm)
		lt_work_queue(t, current, &code_work, 0, &code);
	lt_probe_leave();
}

static void notrace on_mmap(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		becomes_code(hook, false);
}

static void notrace on_mprotect(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		becomes_code(hook, true);
}

#define CODE_ROW(_name, _fn, _why) {						\
	.name = LT_SYSCALL(_name), .how = LEAKTRACE_PROBE_FTRACE,		\
	.kinds = LEAKTRACE_KINDS_ALL, .function = _fn, .why = _why }

const struct lt_probe lt_code_probes[] = {
	CODE_ROW("mmap", on_mmap, "code loaded, for stack walks"),
	CODE_ROW("mprotect", on_mprotect, "code made executable, for stack walks"),
	CODE_ROW("pkey_mprotect", on_mprotect, "code made executable, for stack walks"),
	{ }
};

/**
 * lt_maps_unmapped() - code is being unmapped
 * @m: address space
 * @start: address
 * @end: one past the last
 *
 * Context: any but interrupts.
 */
void lt_maps_unmapped(struct lt_mm *m, unsigned long start, unsigned long end)
{
	struct lt_maps *maps;
	struct lt_map *map;
	u64 now = 0;

	rcu_read_lock();
	maps = rcu_dereference(m->code.maps);
	for (map = maps ? maps->map : NULL; map && map < maps->map + maps->n; map++) {
		if (map->start >= end)
			break;
		if (map->end <= start || READ_ONCE(map->dead))
			continue;
		if (!now)
			now = atomic64_inc_return(&generation);
		cmpxchg(&map->dead, 0, now);	/* the earlier one is right */
	}
	if (now) /* pairs with lt_walk_user(): a walk of this generation sees what is dead */
		smp_store_release(&maps->generation, now);
	rcu_read_unlock();
	if (now)
		lt_maps_changed(m);
}
