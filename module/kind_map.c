// SPDX-License-Identifier: GPL-2.0
/*
 * map: a mapping of the target's address space, as a line of /proc/PID/maps shows it and
 * vm.max_map_count counts it: one vm_area_struct. [vdso] and [vvar] are two of them,
 * [vsyscall] is none.
 *
 * The kernel splits and merges these as it likes, so what is one object is a rule of
 * ours. An object is known by addresses: it lives on in the lowest mapping that still has
 * one of its addresses. From that follows:
 *
 *   created   by the call after which there is one mapping more. That is the mmap() of a
 *	       mapping that merges with none, but also the mprotect(), madvise(), mlock()
 *	       or munmap() that cuts one in two: the lower part stays what it was, the
 *	       upper one is created there (F_SPLIT), with the type of the whole. Whoever
 *	       runs into vm.max_map_count by guard pages has to look for their mprotect().
 *   released  by the call after which there is one less: munmap() or what is mapped over
 *	       it, and the call that makes two neighbours merge: then the upper one ends.
 *   neither   what grows, shrinks or moves (brk(), mremap(), stacks, a neighbour of the
 *	       same kind that merges with it) stays the same object. A mapping that merges
 *	       at once was never one.
 *
 * The alternative, one object for each mmap(), cannot be compared with anything that the
 * kernel has, and counts what costs nothing: a thousand neighbours that merge are one
 * entry of vm.max_map_count.
 *
 * What is unmapped is known before it goes: the mmu_notifier tells, on every road, and
 * costs others nothing. All else is found on the way back to user mode, by comparing the
 * range that a system call was about with the mappings that are there now: births need no
 * knowledge of how a kernel splits and merges. A mapping in that range which no object
 * explains was made by this call; one that only touches it is left to its own call, which
 * may be another thread's, on its way.
 *
 * Not seen at once but at the next reconcile, without a stack: what is split by
 * userfaultfd, by process_madvise() or by madvise() through io_uring, mapped by a driver's
 * ioctl(), for a shadow stack or for uprobes, and calls of 32-bit programs but those that
 * unmap.
 *
 * The mappings of a process that runs another program went with its address space; those
 * that execve() made are its baseline.
 *
 * Locks: map_table.lock, raw and irq-safe, as lt_mm.lock: under mmap_lock, those of
 * objects, sites and pools nest inside. Held for BATCH mappings or deaths at a time: one
 * call may merge tens of thousands.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/rbtree.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "arch.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "object.h"
#include "pool.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "work.h"

#ifndef PR_SET_VMA		/* v5.17, 9a10064f5625 */
#define PR_SET_VMA 0x53564d41
#endif

enum {
	BATCH = 32,		/* mappings, and deaths, under one lock */
	SUSPECTS = 4096,
	SECOND_LOOK_MS = 20,
};

/* A mapping as it was when it was last looked at. Its object has the key. */
struct map_node {
	union {
		struct rb_node node;	/* of map_table.nodes, by start */
		struct list_head moving;	/* of map_table.moving */
	};
	unsigned long start;
	unsigned long end;
	u64 key;			/* start; of a moving one a number of its own */
	const struct task_struct *mover;	/* its mremap() has taken it away; only compared */
	u32 index;			/* own cell */
	u8 type;
	bool tracked;			/* there was room for an object */
};

/* The mappings of a target. */
struct map_table {
	raw_spinlock_t lock;		/* protects all below */
	struct rb_root nodes;		/* none overlaps another */
	struct list_head moving;	/* between two places */
	u64 moves;
	bool confirmed;			/* was compared when the last user was gone */
};

/* What an object of this kind keeps: lt_object.own[OWN_BYTES]. */
enum { OWN_BYTES };

static struct lt_pool *pool;

static int map_init(void)
{
	pool = lt_pool_create("internal error: torn list of mappings", sizeof(struct map_node),
			      lt_max_objects);
	return pool ? 0 : -ENOMEM;
}

static void map_exit_store(void)
{
	lt_pool_destroy(pool);
	pool = NULL;
}

static int map_reset(bool prime)
{
	lt_pool_reset(pool);
	return prime ? lt_pool_prime(pool) : 0;
}

static u64 map_store_bytes(void)
{
	return lt_pool_bytes(pool);
}

static const struct lt_store map_store = {
	.init = map_init,
	.exit = map_exit_store,
	.reset = map_reset,
	.bytes = map_store_bytes,
};

static struct map_table *map_table_of(const struct lt_target *t)
{
	return t->data[LEAKTRACE_KIND_MAP];
}

/*
 * The table. Under its lock.
 */

static struct map_node *map_next(struct map_node *n)
{
	return rb_entry_safe(rb_next(&n->node), struct map_node, node);
}

/* The lowest that reaches above @addr. */
static struct map_node *map_above(const struct map_table *tb, unsigned long addr)
{
	struct rb_node *r = tb->nodes.rb_node;
	struct map_node *n, *found = NULL;

	while (r) {
		n = rb_entry(r, struct map_node, node);
		if (n->end > addr)
			found = n;
		r = n->end > addr ? r->rb_left : r->rb_right;
	}
	return found;
}

static void map_insert(struct map_table *tb, struct map_node *new)
{
	struct rb_node **link = &tb->nodes.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = new->start < rb_entry(parent, struct map_node, node)->start ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &tb->nodes);
}

static void map_set_bytes(struct lt_object *o, void *bytes)
{
	o->own[OWN_BYTES] = *(u64 *)bytes;
}

/* It is at [start, end) from now on, which is no other's. */
static void map_move(struct lt_target *t, struct map_table *tb, struct map_node *n,
		     unsigned long start, unsigned long end)
{
	u64 bytes = end - start;

	if (n->start != start) {
		rb_erase(&n->node, &tb->nodes);
		n->start = start;
		map_insert(tb, n);
	}
	n->end = end;
	if (!n->tracked)
		return;
	if (n->key != start)
		lt_object_rekey(t, LEAKTRACE_KIND_MAP, n->key, start);
	n->key = start;
	lt_object_update(t, LEAKTRACE_KIND_MAP, start, map_set_bytes, &bytes);
}

/* Counted also if there is no room for an object. */
static void map_born(struct lt_target *t, struct map_table *tb, const struct map_node *what,
		     u32 stack, u8 flags)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_MAP, .type = what->type, .key = what->start,
		.stack = stack & ~LT_STACK_CUT, .flags = flags,
		.own[OWN_BYTES] = what->end - what->start,
	};
	u32 index = lt_pool_alloc(pool);
	struct map_node *n;

	if (!index) {
		lt_target_lost(t, LT_LOST_OBJECTS, 1);
		lt_target_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
		return;
	}
	n = lt_pool_cell(pool, index);
	*n = *what;
	n->index = index;
	n->key = n->start;
	n->mover = NULL;
	n->tracked = lt_object_born(t, &b);
	map_insert(tb, n);
}

static void map_free(struct lt_target *t, struct map_node *n, u32 stack)
{
	struct lt_kind_stats *k = &t->kind[LEAKTRACE_KIND_MAP];

	if (n->tracked) {
		lt_object_died(t, LEAKTRACE_KIND_MAP, n->key, stack, NULL);
	} else {
		atomic64_dec_if_positive(&k->untracked);
		atomic64_inc(&k->foreign);
		lt_count_deaths(t, LEAKTRACE_KIND_MAP, 1);
	}
	lt_pool_free(pool, n->index);
}

static void map_died(struct lt_target *t, struct map_table *tb, struct map_node *n, u32 stack)
{
	rb_erase(&n->node, &tb->nodes);
	map_free(t, n, stack);
}

/*
 * The comparison
 */

static enum leaktrace_type map_type(const struct vm_area_struct *vma, bool is_stack)
{
	if (vma->vm_flags & VM_HUGETLB)
		return LEAKTRACE_TYPE_HUGE;
	if (vma->vm_flags & VM_GROWSDOWN)
		return LEAKTRACE_TYPE_STACK;
	if (vma->vm_file)
		return vma->vm_flags & VM_MAYSHARE &&
		       file_inode(vma->vm_file)->i_sb->s_magic == TMPFS_MAGIC ?
		       LEAKTRACE_TYPE_SHARED : LEAKTRACE_TYPE_FILE;
	if (vma->vm_ops)	/* what the kernel maps by itself */
		return LEAKTRACE_TYPE_UNKNOWN;
	return is_stack ? LEAKTRACE_TYPE_STACK : LEAKTRACE_TYPE_ANON;
}

struct map_suspects {
	u32 n;
	u64 start[SUSPECTS];		/* ascending */
};

enum map_how {
	MAP_CALL,	/* what a system call did to a range */
	MAP_BASELINE,	/* what is there now */
	MAP_LOOK,	/* only look: what differs is suspect */
	MAP_REPAIR,	/* of what differs, what was suspect */
	MAP_LAST,	/* of what differs, all: nobody is on their way any more */
};

struct map_walk {
	struct lt_target *t;
	struct map_table *tb;
	struct lt_mm *m;
	enum map_how how;
	unsigned long lo, hi;		/* mappings that touch [lo, hi] */
	u32 stack;
	u8 flags;			/* of what is born */
	bool is_stack;			/* anonymous memory is for a stack */
	/* the last mapping that was one of ours, as it was, so far as it did not differ */
	const struct map_node *last;
	unsigned long last_end;
	u8 last_type;
	unsigned long at;		/* done up to here */
	int left;			/* deaths before others get their turn */
	struct map_suspects *unknown;	/* mappings without an object */
	struct map_suspects *gone;	/* objects without a mapping */
};

static void map_suspect(struct map_suspects *s, u64 start)
{
	if (s->n < SUSPECTS)
		s->start[s->n] = start;
	s->n++;
}

static bool map_suspected(const struct map_suspects *s, u64 start)
{
	u32 lo = 0, hi = min_t(u32, s->n, SUSPECTS);

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (s->start[mid] == start)
			return true;
		if (s->start[mid] < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* A mapping is there that is none of ours. */
static void map_unknown(struct map_walk *w, const struct vm_area_struct *vma)
{
	bool split = w->last_end > vma->vm_start;
	struct map_node new = {
		.start = vma->vm_start, .end = vma->vm_end,
		.type = split ? w->last_type : map_type(vma, w->is_stack),
	};
	u8 flags = w->flags | (split ? LEAKTRACE_OBJECT_F_SPLIT : 0);

	if (w->how == MAP_LOOK)
		return map_suspect(w->unknown, vma->vm_start);
	if (w->how == MAP_CALL && !split && (vma->vm_end <= w->lo || vma->vm_start >= w->hi))
		return;		/* its call will come */
	if (w->how == MAP_REPAIR && !map_suspected(w->unknown, vma->vm_start))
		return;
	if (w->how >= MAP_REPAIR)
		atomic64_inc(&w->t->kind[LEAKTRACE_KIND_MAP].missed_births);
	map_born(w->t, w->tb, &new, w->stack, flags);
}

/* One of ours is there no more, or has become a part of another. */
static void map_gone(struct map_walk *w, struct map_node *n)
{
	if (w->how == MAP_LOOK)
		return map_suspect(w->gone, n->start);
	if (w->how == MAP_REPAIR && !map_suspected(w->gone, n->start))
		return;
	if (w->how >= MAP_REPAIR)
		atomic64_inc(&w->t->kind[LEAKTRACE_KIND_MAP].missed_deaths);
	w->left--;
	map_died(w->t, w->tb, n, w->stack);
}

/* Has it been found already? It is not narrowed to what was found where it only is looked. */
static bool map_was_last(const struct map_walk *w, const struct map_node *n)
{
	return n == w->last && (w->how == MAP_LOOK || w->how == MAP_REPAIR);
}

/* Are there too many to look twice at each? */
static bool map_too_many(const struct map_walk *w)
{
	return w->how == MAP_LOOK && w->gone->n > SUSPECTS;
}

/*
 * Ours below @addr that no mapping has any more. Who unmaps tells, in a moment.
 * Return: false if there are more.
 */
static bool map_check_hole(struct map_walk *w, unsigned long addr)
{
	struct map_node *n, *next;

	if (w->how < MAP_LOOK)
		return true;
	for (n = map_above(w->tb, w->at); n && n->end <= addr && !map_too_many(w); n = next) {
		if (w->left <= 0)
			return false;
		next = map_next(n);
		if (!map_was_last(w, n))
			map_gone(w, n);
	}
	return true;
}

/* From @n on: ours that are in one mapping with another one. May they be dealt with? */
static bool map_merge_is_sure(struct map_walk *w, struct map_node *n, unsigned long end)
{
	bool sure = true;

	if (w->how != MAP_LOOK && w->how != MAP_REPAIR)
		return true;
	for (; n && n->start < end && !map_too_many(w); n = map_next(n))
		if (w->how == MAP_LOOK) {
			if (n->end <= end)
				map_suspect(w->gone, n->start);
			sure = false;
		} else if (n->end <= end && !map_suspected(w->gone, n->start)) {
			return false;
		}
	return sure;
}

/* They end, but for what of the last is above. Return: false if there are more. */
static bool map_merge(struct map_walk *w, struct map_node *n, unsigned long end)
{
	struct map_node *next;

	for (; n && n->start < end; n = next) {
		if (w->left <= 0)
			return false;
		next = map_next(n);
		if (n->end <= end)
			map_gone(w, n);
		else
			map_move(w->t, w->tb, n, end, n->end);
	}
	return true;
}

/* Return: false if it is not done with. */
static bool map_compare(struct map_walk *w, const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start, end = vma->vm_end;
	struct map_node *n;

	if (!map_check_hole(w, start))
		return false;
	n = map_above(w->tb, start);
	if (n && map_was_last(w, n))
		n = map_next(n);
	if (!n || n->start >= end) {
		map_unknown(w, vma);
		return true;
	}
	if (map_merge_is_sure(w, map_next(n), end)) {
		if (!map_merge(w, map_next(n), end))
			return false;
		w->last_end = n->end;
		if (n->start != start || n->end != end)
			map_move(w->t, w->tb, n, start, end);
	} else {
		w->last_end = n->end;
	}
	w->last = n;
	w->last_type = n->type;
	return true;
}

/* mmap_lock is held. Return: whether there is more. */
static bool map_walk_batch(struct map_walk *w)
{
	struct vm_area_struct *vma = NULL;
	unsigned long flags;
	bool more = true;
	int i;

	if (w->how != MAP_CALL)
		lt_pool_top_up();
	w->left = BATCH;
	raw_spin_lock_irqsave(&w->tb->lock, flags);
	for (i = 0; i < BATCH && more; i++) {
		vma = find_vma(w->m->mm, w->at);
		if (!vma)
			more = !map_check_hole(w, ULONG_MAX);
		else if (vma->vm_start > w->hi)
			more = false;
		if (!vma || !more || !map_compare(w, vma))
			break;
		w->at = vma->vm_end;
	}
	raw_spin_unlock_irqrestore(&w->tb->lock, flags);
	return more;
}

static bool map_is_waited_for(const struct map_walk *w)
{
	return w->how != MAP_LAST && rwsem_is_contended(&w->m->mm->mmap_lock);
}

/* Compares with the mappings of the address space. Return: false if that came to nothing. */
static bool map_walk(struct map_walk *w)
{
	bool more = true, locked;

	w->at = w->lo ? w->lo - 1 : 0;
	while (more) {
		locked = w->how == MAP_LAST ? mmap_read_trylock(w->m->mm) :
			 lt_mm_read_lock_timeout(w->m);
		if (!locked)
			return false;
		do {
			more = map_walk_batch(w);
			cond_resched();
		} while (more && !map_is_waited_for(w));
		mmap_read_unlock(w->m->mm);
		if (more)
			usleep_range(50, 100);
	}
	return true;
}

/*
 * System calls that change mappings: what they did is looked at when they return.
 */

struct map_range_args {
	unsigned long start;
	unsigned long bytes;
	bool is_stack;
};

static void map_sync(struct lt_work *work, unsigned long start, unsigned long bytes,
		     bool is_stack, u32 stack)
{
	struct lt_target *t = work->target;
	struct map_walk w = {
		.t = t, .tb = map_table_of(t), .m = lt_mm_get(t), .how = MAP_CALL,
		.lo = start, .hi = start + bytes, .stack = (stack ?: work->stack) & ~LT_STACK_CUT,
		.is_stack = is_stack,
	};

	if (w.hi < w.lo)
		w.hi = ULONG_MAX;
	if (w.m && w.m->mm == current->mm && !map_walk(&w))
		lt_target_unconfirmed(t);
	lt_mm_put(w.m);
}

static void map_range_run(struct lt_work *w)
{
	const struct map_range_args *a = lt_work_args(w);
	u32 stack = lt_work_lock(w);

	if (!w->target->dead)
		map_sync(w, a->start, a->bytes, a->is_stack, stack);
	lt_work_unlock(w);
}

static const struct lt_work_type map_range_work = {
	.run = map_range_run,
	LT_WORK_ARGS(struct map_range_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* Where it is mapped is the result. */
static void map_result_run(struct lt_work *w)
{
	unsigned long start = regs_return_value(task_pt_regs(current));
	const struct map_range_args *a = lt_work_args(w);
	u32 stack = lt_work_lock(w);

	if (!w->target->dead && !IS_ERR_VALUE(start))
		map_sync(w, start, PAGE_ALIGN(a->bytes), a->is_stack, stack);
	lt_work_unlock(w);
}

static const struct lt_work_type map_result_work = {
	.run = map_result_run,
	LT_WORK_ARGS(struct map_range_args),
	.loss = LT_WORK_REPAIRABLE,
};

struct map_mremap_args {
	unsigned long from;
	unsigned long old_bytes;
	unsigned long new_bytes;
};

/* Unless another one was found there meanwhile, that has no call of its own. */
static void map_put_node(struct lt_target *t, struct map_table *tb, struct map_node *n,
			 unsigned long start, unsigned long end)
{
	struct map_node *there = map_above(tb, start);

	if (there && there->start < end) {
		map_free(t, n, 0);
		return;
	}
	n->start = start;
	map_insert(tb, n);
	map_move(t, tb, n, start, end);
}

/* What current's mremap() has taken away is at @to + its distance from @from now. */
static void map_put_down(struct lt_target *t, struct map_table *tb, unsigned long from,
			 unsigned long to)
{
	struct map_node *n;
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&tb->lock, flags);
		list_for_each_entry(n, &tb->moving, moving)
			if (n->mover == current)
				break;
		if (list_entry_is_head(n, &tb->moving, moving)) {
			n = NULL;
		} else {
			list_del(&n->moving);
			map_put_node(t, tb, n, n->start + to - from, n->end + to - from);
			if (to != from)
				atomic64_inc(&t->kind[LEAKTRACE_KIND_MAP].moved);
		}
		raw_spin_unlock_irqrestore(&tb->lock, flags);
	} while (n);
}

static void map_mremap_run(struct lt_work *w)
{
	unsigned long to = regs_return_value(task_pt_regs(current));
	const struct map_mremap_args *a = lt_work_args(w);
	u32 stack = lt_work_lock(w);

	if (!w->target->dead) {
		if (IS_ERR_VALUE(to))
			to = a->from;
		map_put_down(w->target, map_table_of(w->target), a->from, to);
		map_sync(w, a->from, a->old_bytes, false, stack);
		if (to != a->from || a->new_bytes > a->old_bytes)
			map_sync(w, to, a->new_bytes, false, stack);
	}
	lt_work_unlock(w);
}

static const struct lt_work_type map_mremap_work = {
	.run = map_mremap_run,
	LT_WORK_ARGS(struct map_mremap_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* NULL: not ours; else lt_probe_leave() has to be called. */
static struct lt_target *map_begin(const void *hook, unsigned long *args)
{
	struct lt_key *k;

	if (!lt_probe_enter(hook))
		return NULL;
	k = lt_key_find(current->mm, LT_KEY_MM);
	if (k && !READ_ONCE(k->mm->gone) && lt_target_wants(k->target, LEAKTRACE_KIND_MAP)) {
		syscall_get_arguments(current, task_pt_regs(current), args);
		return k->target;
	}
	lt_probe_leave();
	return NULL;
}

static void map_queue(struct lt_target *t, const struct lt_work_type *type,
		      unsigned long start, unsigned long bytes, bool is_stack)
{
	struct map_range_args a = { .start = start, .bytes = bytes, .is_stack = is_stack };

	lt_work_queue(t, current, type, lt_stack_capture(t), &a);
}

/* (addr, len). Not inline, like the next ones: the fast path needs no prologue. */
static noinline void map_range(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	map_queue(t, &map_range_work, args[0], PAGE_ALIGN(args[1]), false);
	lt_probe_leave();
}

static void notrace on_range(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_range(hook);
}

/* What is only about pages is called often, and changes no mapping. */
static bool advice_keeps_mappings(unsigned long advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_WILLNEED ||
	       advice == MADV_REMOVE || advice == MADV_COLD || advice == MADV_PAGEOUT;
}

static noinline void map_madvise(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	if (!advice_keeps_mappings(args[2]))
		map_queue(t, &map_range_work, args[0], PAGE_ALIGN(args[1]), false);
	lt_probe_leave();
}

static void notrace on_madvise(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_madvise(hook);
}

static noinline void map_prctl(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	if (args[0] == PR_SET_VMA)
		map_queue(t, &map_range_work, args[2], PAGE_ALIGN(args[3]), false);
	lt_probe_leave();
}

static void notrace on_prctl(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_prctl(hook);
}

static noinline void map_mmap(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	map_queue(t, &map_result_work, 0, args[1], args[3] & (MAP_STACK | MAP_GROWSDOWN));
	lt_probe_leave();
}

static void notrace on_mmap(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_mmap(hook);
}

/* How much it is, nobody needs to know: a mapping in which the result is, is new. */
static noinline void map_result(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	map_queue(t, &map_result_work, 0, PAGE_SIZE, false);
	lt_probe_leave();
}

static void notrace on_result(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_result(hook);
}

static noinline void map_all(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	map_queue(t, &map_range_work, 0, ULONG_MAX, false);
	lt_probe_leave();
}

static void notrace on_all(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_all(hook);
}

static noinline void map_brk(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6], now;

	t = map_begin(hook, args);
	if (!t)
		return;
	now = PAGE_ALIGN(READ_ONCE(current->mm->brk));
	/* What is less is unmapped. */
	if (args[0] > now)
		map_queue(t, &map_range_work, now, PAGE_ALIGN(args[0]) - now, false);
	lt_probe_leave();
}

static void notrace on_brk(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_brk(hook);
}

static void map_queue_mremap(struct lt_target *t, const unsigned long *args)
{
	struct map_mremap_args a = {
		.from = args[0], .old_bytes = PAGE_ALIGN(args[1]),
		.new_bytes = PAGE_ALIGN(args[2]),
	};

	lt_work_queue(t, current, &map_mremap_work, lt_stack_capture(t), &a);
}

static noinline void map_mremap(const void *hook)
{
	struct lt_target *t;
	unsigned long args[6];

	t = map_begin(hook, args);
	if (!t)
		return;
	/* The kernel refuses others, of which a gate makes many (kind_heap.c). */
	if (!offset_in_page(args[0]))
		map_queue_mremap(t, args);
	lt_probe_leave();
}

static void notrace on_mremap(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		map_mremap(hook);
}

#define MAP_ROW(_name, _fn, _required, _why) {					\
	.name = LT_SYSCALL(_name), .how = LEAKTRACE_PROBE_FTRACE,		\
	.kinds = LT_KINDBIT(MAP), .function = _fn, .required = _required, .why = _why }

static const struct lt_probe map_probes[] = {
	MAP_ROW("mmap", on_mmap, true, "mappings made"),
	MAP_ROW("mremap", on_mremap, true, "mappings moved, resized, cut in two"),
	MAP_ROW("brk", on_brk, true, "the heap's mapping made"),
	MAP_ROW("mprotect", on_range, true, "mappings cut in two and merged"),
	MAP_ROW("pkey_mprotect", on_range, false, "mappings cut in two and merged"),
	MAP_ROW("madvise", on_madvise, true, "mappings cut in two and merged"),
	MAP_ROW("mlock", on_range, true, "mappings cut in two and merged"),
	MAP_ROW("mlock2", on_range, true, "mappings cut in two and merged"),
	MAP_ROW("munlock", on_range, true, "mappings cut in two and merged"),
	MAP_ROW("mlockall", on_all, true, "mappings merged"),
	MAP_ROW("munlockall", on_all, true, "mappings merged"),
	MAP_ROW("mbind", on_range, false, "mappings cut in two by NUMA policy"),
	MAP_ROW("prctl", on_prctl, false, "mappings cut in two by their names"),
	MAP_ROW("mseal", on_range, false, "mappings cut in two, since v6.10"),
	MAP_ROW("remap_file_pages", on_range, false, "mappings of files cut in pieces"),
	MAP_ROW("shmat", on_result, false, "SysV shared memory"),
	MAP_ROW("map_shadow_stack", on_result, false, "shadow stacks, since v6.6"),
	MAP_ROW("io_setup", on_all, false, "rings of asynchronous I/O"),
	{ }
};

/*
 * What is unmapped, before it goes
 */

/* Numbers of ours that no mapping has for a start. */
static u64 map_moving_key(struct map_table *tb)
{
	return ++tb->moves << 1 | 1;
}

/* What mremap() takes away lives on where it puts it. Under the table's lock. */
static void map_take_away(struct lt_target *t, struct map_table *tb, struct map_node *n)
{
	u64 key = map_moving_key(tb);

	rb_erase(&n->node, &tb->nodes);
	if (n->tracked)
		lt_object_rekey(t, LEAKTRACE_KIND_MAP, n->key, key);
	n->key = key;
	n->mover = current;
	list_add_tail(&n->moving, &tb->moving);
}

/* [start, end) is no longer mapped. Under the table's lock. */
static void map_cut(struct lt_target *t, struct map_table *tb, struct map_node *n,
		    unsigned long start, unsigned long end, u32 stack)
{
	struct map_node upper = { .start = end, .end = n->end, .type = n->type };

	if (n->start >= start && n->end <= end) {
		map_died(t, tb, n, stack);
	} else if (n->start >= start) {
		map_move(t, tb, n, end, n->end);
	} else {
		map_move(t, tb, n, n->start, start);
		if (upper.end > end)
			map_born(t, tb, &upper, stack, LEAKTRACE_OBJECT_F_SPLIT);
	}
}

/* As many of ours in [*at, end) as may be dealt with at once. Return: whether there are more. */
static bool map_unmap_batch(struct lt_target *t, unsigned long *at, unsigned long end,
			    bool moves, u32 stack)
{
	struct map_table *tb = map_table_of(t);
	struct map_node *n, *next;
	unsigned long flags;
	int i = 0;

	raw_spin_lock_irqsave(&tb->lock, flags);
	for (n = map_above(tb, *at); n && n->start < end && i < BATCH; n = next, i++) {
		unsigned long start = *at;

		next = map_next(n);
		*at = min(n->end, end);
		if (!moves)
			map_cut(t, tb, n, start, end, stack);
		else if (n->start >= start && n->end <= end)
			map_take_away(t, tb, n);
	}
	raw_spin_unlock_irqrestore(&tb->lock, flags);
	return i == BATCH;
}

static bool map_any(struct lt_target *t, unsigned long start, unsigned long end)
{
	struct map_table *tb = map_table_of(t);
	struct map_node *n;
	unsigned long flags;
	bool any;

	raw_spin_lock_irqsave(&tb->lock, flags);
	n = map_above(tb, start);
	any = n && n->start < end;
	raw_spin_unlock_irqrestore(&tb->lock, flags);
	return any;
}

/* Within mremap(), the old place: of the part that moves. Who moves has a work for it. */
static bool map_moves(unsigned long start, unsigned long end)
{
	unsigned long args[6], n;

	if (lt_syscall_current(args) != LT_SYS_MREMAP)
		return false;
	n = min(PAGE_ALIGN(args[1]), PAGE_ALIGN(args[2]));
	return start >= args[0] && end <= args[0] + n;
}

/* Until v6.3 hugetlbfs says so also when pages of a file go, and their mappings stay. */
static bool map_keeps_mapping(const struct mmu_notifier_range *range)
{
#ifdef LT_HAVE_RANGE_VMA
	int nr = syscall_get_nr(current, task_pt_regs(current));

	return range->vma && is_vm_hugetlb_page(range->vma) && nr != __NR_munmap &&
	       nr != __NR_mmap && nr != __NR_mremap && nr != __NR_shmdt && nr != __NR_shmat;
#else
	return false;
#endif
}

static void map_invalidate(struct lt_mm *m, const struct mmu_notifier_range *range)
{
	unsigned long at = range->start, end = range->end;
	struct lt_target *t = m->target;
	bool moves, more;
	u32 stack = 0;

	/* The OOM killer's reaper and process_mrelease() take pages, not mappings. */
	if (range->event != MMU_NOTIFY_UNMAP || !lt_has_user_stack(current) ||
	    current->mm != m->mm || atomic_read(&t->exited) || map_keeps_mapping(range) ||
	    !map_any(t, at, end))
		return;
	moves = map_moves(at, end);
	if (!moves && lt_probe_enter(NULL)) {
		stack = lt_stack_capture_death(t);
		lt_probe_leave();
	}
	do {
		more = map_unmap_batch(t, &at, end, moves, stack);
		if (more && mmu_notifier_range_blockable(range))
			cond_resched();
	} while (more);
}

/*
 * A target's life
 */

static int map_attach(struct lt_target *t)
{
	struct map_table *tb = kzalloc(sizeof(*tb), GFP_KERNEL);

	if (!tb)
		return -ENOMEM;
	raw_spin_lock_init(&tb->lock);
	INIT_LIST_HEAD(&tb->moving);
	t->data[LEAKTRACE_KIND_MAP] = tb;
	return 0;
}

/* One of ours after the other, until there is none. */
static void map_forget(struct lt_target *t, struct map_table *tb, bool dies)
{
	struct map_node *n;
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&tb->lock, flags);
		n = rb_entry_safe(rb_first(&tb->nodes), struct map_node, node);
		if (n) {
			rb_erase(&n->node, &tb->nodes);
		} else {
			n = list_first_entry_or_null(&tb->moving, struct map_node, moving);
			if (n)
				list_del(&n->moving);
		}
		if (n && dies)
			map_free(t, n, 0);
		else if (n)
			lt_pool_free(pool, n->index);
		raw_spin_unlock_irqrestore(&tb->lock, flags);
		cond_resched();
	} while (n);
}

static void map_detach(struct lt_target *t)
{
	struct map_table *tb = map_table_of(t);

	if (!tb)
		return;
	map_forget(t, tb, false);
	t->data[LEAKTRACE_KIND_MAP] = NULL;
	kfree(tb);
}

static int map_baseline(struct lt_target *t)
{
	struct map_walk w = {
		.t = t, .tb = map_table_of(t), .m = lt_mm_get(t), .how = MAP_BASELINE,
		.hi = ULONG_MAX, .flags = LEAKTRACE_OBJECT_F_BASELINE,
	};
	bool done;

	if (t->parent)
		w.flags |= LEAKTRACE_OBJECT_F_INHERITED;
	done = !w.m || map_walk(&w);
	lt_mm_put(w.m);
	return done ? 0 : -EBUSY;
}

static void map_exec_begin(struct lt_target *t)
{
	struct map_table *tb = map_table_of(t);

	map_forget(t, tb, true);
	tb->confirmed = false;
}

static void map_exec(struct lt_target *t)
{
	struct map_walk w = {
		.t = t, .tb = map_table_of(t), .m = lt_mm_get(t), .how = MAP_BASELINE,
		.hi = ULONG_MAX, .flags = LEAKTRACE_OBJECT_F_BASELINE,
	};

	if (w.m && !map_walk(&w))
		lt_target_unconfirmed(t);
	lt_mm_put(w.m);
}

/* What moves has no place. */
static void map_check_moving(struct map_walk *w)
{
	struct map_node *n, *tmp;
	unsigned long flags;

	raw_spin_lock_irqsave(&w->tb->lock, flags);
	list_for_each_entry_safe(n, tmp, &w->tb->moving, moving) {
		if (w->how == MAP_LOOK) {
			map_suspect(w->gone, n->key);
		} else if (w->how == MAP_LAST || map_suspected(w->gone, n->key)) {
			atomic64_inc(&w->t->kind[LEAKTRACE_KIND_MAP].missed_deaths);
			list_del(&n->moving);
			map_free(w->t, n, 0);
		}
	}
	raw_spin_unlock_irqrestore(&w->tb->lock, flags);
}

/* Twice, as a difference may be a call that is on its way. */
static bool map_look_twice(struct map_walk *w)
{
	map_check_moving(w);	/* their keys are the lowest */
	if (!map_walk(w))
		return false;
	if (!w->unknown->n && !w->gone->n)
		return true;
	msleep(SECOND_LOOK_MS);
	w->how = MAP_REPAIR;
	w->last = NULL;
	w->last_end = 0;
	map_check_moving(w);
	return map_walk(w) && w->unknown->n <= SUSPECTS && w->gone->n <= SUSPECTS;
}

static void map_reconcile(struct lt_target *t)
{
	struct map_suspects *all = kvcalloc(2, sizeof(*all), LT_GFP_TABLE);
	struct map_walk w = {
		.t = t, .tb = map_table_of(t), .m = lt_mm_get(t), .how = MAP_LOOK,
		.hi = ULONG_MAX, .flags = LEAKTRACE_OBJECT_F_FOUND,
		.unknown = all, .gone = all + 1,
	};
	bool done = all;

	if (all && w.m && !READ_ONCE(w.m->gone) && mmget_not_zero(w.m->mm)) {
		done = map_look_twice(&w);
		mmput(w.m->mm);
	}
	if (!done)
		lt_target_unconfirmed(t);
	lt_mm_put(w.m);
	kvfree(all);
}

/* The last user is gone: nobody is on their way any more. */
static void map_release(struct lt_mm *m)
{
	struct map_table *tb = map_table_of(m->target);
	struct map_walk w = {
		.t = m->target, .tb = tb, .m = m, .how = MAP_LAST,
		.hi = ULONG_MAX, .flags = LEAKTRACE_OBJECT_F_FOUND,
	};

	if (READ_ONCE(m->gone) || lt_gave_up())
		return;
	map_check_moving(&w);
	WRITE_ONCE(tb->confirmed, map_walk(&w));
}

static enum lt_final map_final(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);
	enum lt_final final = LT_FINAL_CONFIRMED;

	if (m && !READ_ONCE(m->gone))
		final = LT_FINAL_PENDING;
	else if (m && !READ_ONCE(map_table_of(t)->confirmed))
		final = LT_FINAL_UNCONFIRMED;
	lt_mm_put(m);
	return final;
}

static int map_fill(struct sk_buff *skb, const struct lt_object *o)
{
	if (LT_PUT64(skb, OBJECT, ID, o->key) ||
	    LT_PUT64(skb, OBJECT, BYTES, o->own[OWN_BYTES]))
		return -EMSGSIZE;
	return 0;
}

const struct lt_kind lt_kind_map = {
	.id = LEAKTRACE_KIND_MAP,
	.name = "map",
	.probes = map_probes,
	.store = &map_store,
	.attach = map_attach,
	.baseline = map_baseline,
	.exec_begin = map_exec_begin,
	.exec = map_exec,
	.final = map_final,
	.detach = map_detach,
	.reconcile = map_reconcile,
	.invalidate = map_invalidate,
	.release = map_release,
	.fill = map_fill,
};
