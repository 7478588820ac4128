// SPDX-License-Identifier: GPL-2.0
/*
 * A target's gate: code of the tool's in the target's own memory, to which its allocators'
 * entries jump (linux/leaktrace_gate.h). What it announces is kind_heap.c's, how a door is
 * opened patch.c's. Here: its memory, the order of things, and what is left.
 *
 * Opening: memory is mapped, filled and present; then islands, in padding; then a door after
 * the other, those of deaths first. Closing: births first. What stays is the memory and the
 * islands: a thread may be inside for as long as it likes. They do nothing, and are listed as
 * long as the address space lives; the next gate may take them over.
 *
 * Whoever forks while a door is open has a child with the doors, the gate, and no target: it
 * closes them itself before its first instruction in user mode.
 *
 * The target is not stopped, none of its threads is involved: memory is mapped by a worker that
 * borrows the address space.
 *
 * Locks: lt_gates.lock, one a target's, sleeps, outside of mmap_lock and inside of
 * lt_target.rwsem; gates_lock: the list, sleeps, a leaf. lt_gate.lock: raw, a leaf.
 */
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <net/netlink.h>

#include "gate.h"
#include "gate_check.h"
#include "leaktrace.h"
#include "mm.h"
#include "patch.h"
#include "pool.h"
#include "probe.h"
#include "target.h"
#include "work.h"

enum {
	MAX_LEFT = 256,		/* closed gates that are listed */
	MAX_CHILDREN = 4096,	/* that are on their way */
};

/* More is left of none that is drawn. */
#define LONGEST_COUNTDOWN	BIT_ULL(62)

static LIST_HEAD(gates);
static DEFINE_MUTEX(gates_lock);
static unsigned int nleft;
static u32 last_id;

/* A child that closes its doors. */
struct gate_child {
	struct callback_head head;
	struct lt_gate *gate;
	u32 index;		/* own cell */
};

static struct lt_pool *children;

static int gate_init(void)
{
	children = lt_pool_create("internal error: torn list of children",
				  sizeof(struct gate_child), MAX_CHILDREN);
	return children ? 0 : -ENOMEM;
}

static int gate_reset(bool prime)
{
	/* Children that are on their way have theirs until they ran: it is not taken back. */
	return prime ? lt_pool_prime(children) : 0;
}

static u64 gate_bytes(void)
{
	return lt_pool_bytes(children);
}

static void gate_free_rcu(struct rcu_head *head)
{
	struct lt_gate *gate = container_of(head, struct lt_gate, rcu);

	bitmap_free(gate->slots);
	kvfree(gate->plan);
	kfree(gate);
}

/**
 * lt_gate_put() - drop a reference
 * @gate: the gate, or NULL
 *
 * Context: process, if it may be the last one.
 */
void lt_gate_put(struct lt_gate *gate)
{
	if (!gate || !refcount_dec_and_test(&gate->refs))
		return;
	/* Probes compare the address, no more. */
	mmdrop(gate->mm);
	call_rcu(&gate->rcu, gate_free_rcu);
}

/**
 * lt_gate_get() - the gate that was opened last
 * @g: of a target
 *
 * Context: any.
 * Return: it with a reference, or NULL.
 */
struct lt_gate *lt_gate_get(struct lt_gates *g)
{
	struct lt_gate *gate;

	rcu_read_lock();
	gate = rcu_dereference(g->gate);
	if (gate && !refcount_inc_not_zero(&gate->refs))
		gate = NULL;
	rcu_read_unlock();
	return gate;
}

/* Off the list, under gates_lock. */
static void forget(struct lt_gate *gate)
{
	list_del_init(&gate->node);
	if (gate->detached)
		nleft--;
	lt_gate_put(gate);
}

/* Whose address space is gone, and the oldest ones if they are too many. */
static void forget_dead(void)
{
	struct lt_gate *gate, *next;

	list_for_each_entry_safe(gate, next, &gates, node)
		if (gate->detached && (!atomic_read(&gate->mm->mm_users) || nleft > MAX_LEFT))
			forget(gate);
}

static void gate_exit(void)
{
	struct lt_gate *gate, *next;

	mutex_lock(&gates_lock);
	list_for_each_entry_safe(gate, next, &gates, node)
		forget(gate);
	mutex_unlock(&gates_lock);
	lt_pool_destroy(children);
	children = NULL;
}

const struct lt_store lt_gate_store = {
	.init = gate_init,
	.exit = gate_exit,
	.reset = gate_reset,
	.bytes = gate_bytes,
};

/*
 * Memory
 */

struct mapping {
	struct work_struct work;
	struct mm_struct *mm;
	const struct leaktrace_gate_header *plan;
	bool unmap;
	int err;
};

static int map_part(unsigned long at, unsigned long bytes, unsigned long prot)
{
	unsigned long got = vm_mmap(NULL, at, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS |
				    MAP_FIXED_NOREPLACE, 0);

	if (IS_ERR_VALUE(got))
		return got;
	if (got == at)
		return 0;
	vm_munmap(got, bytes);
	return -EEXIST;
}

static int map_parts(const struct leaktrace_gate_header *h)
{
	unsigned long data = h->address + LEAKTRACE_GATE_SHARDS;
	unsigned long bytes = leaktrace_gate_bytes(h) - LEAKTRACE_GATE_SHARDS;
	int err = map_part(data, bytes, PROT_READ | PROT_WRITE);

	if (err)
		return err;
	err = map_part(h->address, LEAKTRACE_GATE_CODE_BYTES, PROT_READ | PROT_EXEC);
	if (err)
		vm_munmap(data, bytes);
	return err;
}

static void map_fn(struct work_struct *work)
{
	struct mapping *m = container_of(work, struct mapping, work);

	kthread_use_mm(m->mm);
	if (m->unmap)
		m->err = vm_munmap(m->plan->address, leaktrace_gate_bytes(m->plan));
	else
		m->err = map_parts(m->plan);
	kthread_unuse_mm(m->mm);
}

static int map_memory(struct mm_struct *mm, const struct leaktrace_gate_header *plan, bool unmap)
{
	struct mapping m = { .mm = mm, .plan = plan, .unmap = unmap };

	INIT_WORK_ONSTACK(&m.work, map_fn);
	schedule_work(&m.work);
	flush_work(&m.work);
	destroy_work_on_stack(&m.work);
	return m.err;
}

/* Private, of nothing, with these rights, from @at to @end. */
static bool is_anonymous(struct mm_struct *mm, unsigned long at, unsigned long end,
			 unsigned long rights)
{
	unsigned long mask = VM_READ | VM_WRITE | VM_EXEC | VM_MAYSHARE | VM_HUGETLB;
	struct vm_area_struct *vma;

	for (; at < end; at = vma->vm_end) {
		vma = find_vma(mm, at);
		if (!vma || vma->vm_start > at || vma->vm_file ||
		    (vma->vm_flags & mask) != rights)
			return false;
	}
	return true;
}

/* Is a gate that was closed there, with the same code? mmap_lock is held. */
static bool is_same_gate(struct mm_struct *mm, const struct leaktrace_gate_header *h)
{
	const u8 *code = leaktrace_gate_code(h);
	unsigned int at, n;
	u8 there[64];

	if (!is_anonymous(mm, h->address, h->address + LEAKTRACE_GATE_SHARDS,
			  VM_READ | VM_EXEC) ||
	    !is_anonymous(mm, h->address + LEAKTRACE_GATE_SHARDS,
			  h->address + leaktrace_gate_bytes(h), VM_READ | VM_WRITE))
		return false;
	for (at = 0; at < h->code_bytes; at += n) {
		n = min_t(unsigned int, h->code_bytes - at, sizeof(there));
		if (lt_patch_read(mm, h->address + at, there, n) || memcmp(there, code + at, n))
			return false;
	}
	return true;
}

/**
 * lt_gate_draw() - bytes until the next sample
 * @h: the plan
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_gate_draw(const struct leaktrace_gate_header *h)
{
	u32 draw = h->draw[get_random_u32() % LEAKTRACE_GATE_NDRAWS];

	if (h->mean_bytes == 1)
		return 0;
	return (h->mean_bytes * draw) >> LEAKTRACE_GATE_DRAW_SHIFT;
}

static int fill_code(struct mm_struct *mm, const struct leaktrace_gate_header *h)
{
	const u8 *code = leaktrace_gate_code(h);
	unsigned int at, n;
	int err = 0;

	for (at = 0; at < h->code_bytes && !err; at += n) {
		n = min_t(unsigned int, h->code_bytes - at, PAGE_SIZE);
		err = lt_patch_write(mm, h->address + at, code + at, n);
	}
	return err;
}

static int fill_data(struct mm_struct *mm, const struct leaktrace_gate_header *h)
{
	u64 at = LEAKTRACE_GATE_SHARDS, end = leaktrace_gate_bytes(h);
	u8 *page = kzalloc(PAGE_SIZE, GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!page)
		return -ENOMEM;
	for (; at < end && !err; at += PAGE_SIZE) {
		for (i = 0; i < PAGE_SIZE; i += LEAKTRACE_GATE_SHARD_BYTES)
			*(u64 *)(page + i) = at < LEAKTRACE_GATE_TAGS ? lt_gate_draw(h) : 0;
		err = lt_patch_write(mm, h->address + at, page, PAGE_SIZE);
		cond_resched();
	}
	kfree(page);
	return err;
}

/*
 * Doors
 */

static bool door_wants(struct lt_patch_probe *p, struct mm_struct *mm)
{
	struct lt_door *d = container_of(p, struct lt_door, probe);

	return mm == d->gate->mm;
}

/* Somebody passes through the old instruction: another int3 stands there, or ours again. */
static void door_trapped(struct lt_patch_probe *p)
{
	struct lt_door *d = container_of(p, struct lt_door, probe);

	if (READ_ONCE(d->state) != LEAKTRACE_DOOR_OPEN &&
	    READ_ONCE(d->state) != LEAKTRACE_DOOR_TRAPPED)
		return;
	WRITE_ONCE(d->state, LEAKTRACE_DOOR_TRAPPED);
	atomic64_inc(&d->traps);
	if (d->plan->flags & LEAKTRACE_GATE_DOOR_F_DEATH)
		lt_target_inexact(d->gate->target, LEAKTRACE_INEXACT_GATE);
}

static bool is_required(const struct lt_door *d)
{
	return d->plan->flags & LEAKTRACE_GATE_DOOR_F_REQUIRED;
}

static void refuse(struct lt_door *d, int err)
{
	d->state = LEAKTRACE_DOOR_REFUSED;
	d->error = err;
}

/* Is at the door what the plan says? mmap_lock is held. */
static int look_at_door(struct lt_gate *gate, struct lt_door *d)
{
	unsigned long at = d->plan->address;
	struct lt_patch_place place;
	u8 there[LEAKTRACE_GATE_JUMP_MAX];
	int err = lt_patch_find(gate->mm, at, &place);

	err = err ?: lt_patch_read(gate->mm, at, there, d->plan->jump_bytes);
	if (err)
		return err;
	if (memcmp(there, d->plan->old, d->plan->jump_bytes))
		return there[0] == 0xcc ? -EBUSY : -ESTALE;
	d->probe.inode = igrab(place.inode);
	d->probe.offset = place.offset;
	d->held = d->probe.inode;
	return d->held ? 0 : -ENOENT;
}

/* mmap_lock is held. */
static int look_at_island(struct lt_gate *gate, const struct leaktrace_gate_island *i, bool again)
{
	struct lt_patch_place place;
	u8 there[LEAKTRACE_GATE_ISLAND_BYTES];
	int err = lt_patch_find(gate->mm, i->address, &place);

	err = err ?: lt_patch_read(gate->mm, i->address, there, sizeof(there));
	if (err || !memcmp(there, i->old, sizeof(there)))
		return err;
	return again && !memcmp(there, i->jump, sizeof(there)) ? 0 : -ESTALE;
}

/* mmap_lock is held. */
static int look(struct lt_gate *gate, bool again, struct netlink_ext_ack *extack)
{
	const struct leaktrace_gate_island *island = leaktrace_gate_islands(gate->plan);
	int err;
	u32 i;

	for (i = 0; i < gate->plan->nislands; i++) {
		err = look_at_island(gate, &island[i], again);
		if (err) {
			NL_SET_ERR_MSG(extack, "at an island is not what the plan says");
			return err;
		}
	}
	for (i = 0; i < gate->plan->ndoors; i++) {
		err = look_at_door(gate, &gate->door[i]);
		if (!err)
			continue;
		refuse(&gate->door[i], err);
		if (is_required(&gate->door[i])) {
			NL_SET_ERR_MSG(extack, "at a required door is not what the plan says");
			return err;
		}
	}
	return 0;
}

static int write_islands(struct lt_gate *gate)
{
	const struct leaktrace_gate_island *island = leaktrace_gate_islands(gate->plan);
	int err = 0;
	u32 i;

	for (i = 0; i < gate->plan->nislands && !err; i++)
		err = lt_patch_write(gate->mm, island[i].address, island[i].jump,
				     LEAKTRACE_GATE_ISLAND_BYTES);
	return err;
}

/* Is the same code still mapped there? mmap_lock is held. */
static bool is_there(const struct lt_door *d, struct mm_struct *mm)
{
	struct lt_patch_place place;

	return !lt_patch_find(mm, d->plan->address, &place) &&
	       place.inode == d->probe.inode && place.offset == d->probe.offset;
}

static void close_door(struct lt_door *d, struct mm_struct *mm)
{
	WRITE_ONCE(d->state, LEAKTRACE_DOOR_CLOSED);
	mmap_write_lock(mm);
	if (is_there(d, mm))
		d->error = lt_patch_close(mm, d->plan);
	mmap_write_unlock(mm);
}

static int open_door(struct lt_gate *gate, struct lt_door *d)
{
	int err = lt_patch_register(&d->probe);

	if (err)
		return err;
	mmap_write_lock(gate->mm);
	err = is_there(d, gate->mm) ? lt_patch_open(gate->mm, d->plan) : -ESTALE;
	if (!err)
		WRITE_ONCE(d->state, LEAKTRACE_DOOR_OPEN);
	mmap_write_unlock(gate->mm);
	if (err)
		lt_patch_unregister(&d->probe);
	return err;
}

static int open_doors(struct lt_gate *gate, struct netlink_ext_ack *extack)
{
	struct lt_door *d;
	int err;

	for (d = gate->door; d < gate->door + gate->plan->ndoors; d++) {
		if (d->state == LEAKTRACE_DOOR_REFUSED)
			continue;
		err = fatal_signal_pending(current) ? -EINTR : open_door(gate, d);
		if (!err)
			continue;
		refuse(d, err);
		if (is_required(d) || err == -EINTR) {
			NL_SET_ERR_MSG(extack, "a required door could not be opened");
			return err;
		}
	}
	return 0;
}

/* From here on their addresses are only compared: children may be on their way. */
static void put_inodes(struct lt_gate *gate)
{
	struct lt_door *d;

	for (d = gate->door; d < gate->door + gate->plan->ndoors; d++) {
		if (d->held)
			iput(d->probe.inode);
		d->held = false;
	}
}

/* Births first. The address space may be gone. */
static void close_doors(struct lt_gate *gate)
{
	struct lt_door *d;

	if (mmget_not_zero(gate->mm)) {
		for (d = gate->door + gate->plan->ndoors; d-- > gate->door;)
			if (d->state == LEAKTRACE_DOOR_OPEN || d->state == LEAKTRACE_DOOR_TRAPPED)
				close_door(d, gate->mm);
		mmput(gate->mm);
	}
	for (d = gate->door + gate->plan->ndoors; d-- > gate->door;) {
		lt_patch_unregister(&d->probe);
		if (d->state != LEAKTRACE_DOOR_REFUSED)
			d->state = LEAKTRACE_DOOR_CLOSED;
	}
	lt_patch_unregistered();
	put_inodes(gate);
	gate->open = false;
}

static struct lt_gate *new_gate(struct lt_target *t, struct mm_struct *mm,
				struct leaktrace_gate_header *plan)
{
	struct lt_gate *gate = kzalloc(struct_size(gate, door, plan->ndoors), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!gate)
		return NULL;
	gate->slots = bitmap_zalloc(1U << plan->tag_bits, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!gate->slots) {
		kfree(gate);
		return NULL;
	}
	gate->plan = plan;
	mmgrab(mm);
	gate->mm = mm;
	gate->target = t;
	gate->target_id = t->id;
	gate->tgid = t->tgid;
	raw_spin_lock_init(&gate->lock);
	refcount_set(&gate->refs, 1);
	for (i = 0; i < plan->ndoors; i++) {
		gate->door[i].gate = gate;
		gate->door[i].plan = leaktrace_gate_doors(plan) + i;
		gate->door[i].probe.wants = door_wants;
		gate->door[i].probe.trapped = door_trapped;
	}
	return gate;
}

/* What an earlier gate left at the same place is this one's now. */
static void list_gate(struct lt_gate *gate)
{
	struct lt_gate *g, *next;

	refcount_inc(&gate->refs);
	mutex_lock(&gates_lock);
	list_for_each_entry_safe(g, next, &gates, node)
		if (g->mm == gate->mm && g->plan->address == gate->plan->address)
			forget(g);
	gate->id = ++last_id;
	list_add_tail(&gate->node, &gates);
	forget_dead();
	mutex_unlock(&gates_lock);
}

/* It is no target's any more: listed, as long as its address space lives. */
static void leave(struct lt_gate *gate)
{
	if (!gate)
		return;
	mutex_lock(&gates_lock);
	if (!list_empty(&gate->node)) {
		gate->detached = true;
		nleft++;
	}
	forget_dead();
	mutex_unlock(&gates_lock);
	lt_gate_put(gate);
}

/* Memory, and islands. @gate->mm is held, and nobody jumps to there. */
static int build(struct lt_gate *gate, struct netlink_ext_ack *extack)
{
	int err = map_memory(gate->mm, gate->plan, false);
	bool again = err == -EEXIST;

	if (err && !again)
		return err;
	if (mmap_write_lock_killable(gate->mm))
		err = -EINTR;
	else if (again && !is_same_gate(gate->mm, gate->plan))
		err = -EEXIST;
	else
		err = 0;
	if (err == -EINTR)
		goto unmap;
	if (!err)
		err = look(gate, again, extack) ?: fill_data(gate->mm, gate->plan);
	if (!err && !again)
		err = fill_code(gate->mm, gate->plan);
	err = err ?: write_islands(gate);
	mmap_write_unlock(gate->mm);
	if (!err)
		return 0;
unmap:
	if (!again)
		map_memory(gate->mm, gate->plan, true);
	return err;
}

/* @g->lock and @mm are held. */
static int open_in(struct lt_target *t, struct lt_gates *g, struct mm_struct *mm,
		   struct leaktrace_gate_header *plan, struct netlink_ext_ack *extack)
{
	struct lt_gate *gate = new_gate(t, mm, plan), *old;
	int err;

	if (!gate) {
		kvfree(plan);
		return -ENOMEM;
	}
	err = build(gate, extack);
	if (err) {
		put_inodes(gate);
		lt_gate_put(gate);
		return err;
	}
	list_gate(gate);
	old = rcu_replace_pointer(g->gate, gate, lockdep_is_held(&g->lock));
	/* Who forks from now on finds it. */
	synchronize_rcu();
	leave(old);
	gate->open = true;
	err = open_doors(gate, extack);
	if (err)
		close_doors(gate);
	return err;
}

static int refuse_open(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the target has a gate that is open");
	return -EBUSY;
}

static int open_locked(struct lt_target *t, struct lt_gates *g,
		       struct leaktrace_gate_header *plan, struct netlink_ext_ack *extack)
{
	struct lt_gate *gate = rcu_dereference_protected(g->gate, lockdep_is_held(&g->lock));
	struct lt_mm *m = lt_mm_get(t);
	int err = -ESRCH;

	if (lt_gave_up())
		err = -ESHUTDOWN;
	else if (gate && gate->open)
		err = refuse_open(extack);
	else if (m && !g->ended && !READ_ONCE(m->gone) && mmget_not_zero(m->mm))
		err = 0;
	if (!err) {
		err = open_in(t, g, m->mm, plan, extack);
		mmput(m->mm);
	} else {
		kvfree(plan);
	}
	lt_mm_put(m);
	return err;
}

/**
 * lt_gate_open() - open a target's gate
 * @t: the target
 * @g: its gates
 * @plan: checked, of kvmalloc(); ours from now on
 * @extack: for the reason of a refusal
 *
 * Context: may sleep; no lock held, the target's neither.
 * Return: 0 or negative errno: no door is open.
 */
int lt_gate_open(struct lt_target *t, struct lt_gates *g, struct leaktrace_gate_header *plan,
		 struct netlink_ext_ack *extack)
{
	int err;

	if (!lt_patch_supported()) {
		kvfree(plan);
		return -EOPNOTSUPP;
	}
	if (mutex_lock_killable(&g->lock)) {
		kvfree(plan);
		return -EINTR;
	}
	err = open_locked(t, g, plan, extack);
	mutex_unlock(&g->lock);
	return err;
}

/**
 * lt_gate_close() - close the doors of a target's gate, if it has one that is open
 * @g: its gates
 *
 * Its memory and its islands stay.
 *
 * Context: may sleep.
 * Return: whether it had.
 */
bool lt_gate_close(struct lt_gates *g)
{
	struct lt_gate *gate;
	bool open;

	mutex_lock(&g->lock);
	gate = rcu_dereference_protected(g->gate, lockdep_is_held(&g->lock));
	open = gate && gate->open;
	if (open)
		close_doors(gate);
	mutex_unlock(&g->lock);
	return open;
}

/**
 * lt_gate_finish() - a closed gate's blocks are known no more: it is not heard any longer
 * @g: its gates
 *
 * Context: may sleep, the target's rwsem is held for writing.
 * Return: whether there is one, and it is closed.
 */
bool lt_gate_finish(struct lt_gates *g)
{
	struct lt_gate *gate;
	bool closed;

	mutex_lock(&g->lock);
	gate = rcu_dereference_protected(g->gate, lockdep_is_held(&g->lock));
	closed = gate && !gate->open;
	if (closed)
		gate->finished = true;
	mutex_unlock(&g->lock);
	return closed;
}

/**
 * lt_gate_leave() - a target's gate is nobody's any more: it is what is left of it
 * @g: its gates; none is opened any more
 *
 * Context: may sleep.
 */
void lt_gate_leave(struct lt_gates *g)
{
	struct lt_gate *gate;

	mutex_lock(&g->lock);
	gate = rcu_replace_pointer(g->gate, NULL, lockdep_is_held(&g->lock));
	if (gate && gate->open)
		close_doors(gate);
	mutex_unlock(&g->lock);
	if (!gate)
		return;
	synchronize_rcu();
	leave(gate);
}

/* mmap_lock is held. */
static void rearm(struct lt_gate *gate, u64 *page)
{
	const struct leaktrace_gate_header *h = gate->plan;
	unsigned long at = h->address + LEAKTRACE_GATE_SHARDS;
	unsigned int i, step = LEAKTRACE_GATE_SHARD_BYTES / sizeof(*page);

	for (; at < h->address + LEAKTRACE_GATE_TAGS; at += PAGE_SIZE) {
		if (lt_patch_read(gate->mm, at, page, PAGE_SIZE))
			return;
		for (i = 0; i < PAGE_SIZE / sizeof(*page); i += step)
			if (page[i] > LONGEST_COUNTDOWN)
				lt_patch_write_word(gate->mm, at + i * sizeof(*page),
						    lt_gate_draw(h));
	}
}

/**
 * lt_gate_rearm() - have countdowns go on that have stopped
 * @g: its gates
 * @m: the target's address space
 *
 * They stand near 2^64 if somebody has not come to his announcement (a signal, longjmp()), or
 * that was lost. Who is on his way to it finds another value, and draws the next one himself.
 *
 * Context: may sleep.
 */
void lt_gate_rearm(struct lt_gates *g, struct lt_mm *m)
{
	struct lt_gate *gate = lt_gate_get(g);
	u64 *page = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (gate && page && READ_ONCE(gate->open) && gate->mm == m->mm &&
	    mmget_not_zero(m->mm)) {
		if (lt_mm_read_lock_timeout(m)) {
			rearm(gate, page);
			mmap_read_unlock(m->mm);
		}
		mmput(m->mm);
	}
	kfree(page);
	lt_gate_put(gate);
}

/**
 * lt_gate_walk() - all gates, those that are left included
 * @fn: called for each until it returns something else than 0
 * @arg: passed to @fn
 *
 * Context: may sleep.
 * Return: the last result of @fn.
 */
int lt_gate_walk(int (*fn)(struct lt_gate *gate, void *arg), void *arg)
{
	struct lt_gate *gate;
	int err = 0;

	if (mutex_lock_killable(&gates_lock))
		return -EINTR;
	forget_dead();
	list_for_each_entry(gate, &gates, node) {
		err = fn(gate, arg);
		if (err)
			break;
	}
	mutex_unlock(&gates_lock);
	return err;
}

/**
 * lt_gate_find() - a target's last gate
 * @target: its id
 *
 * Context: may sleep.
 * Return: the gate with a reference, or NULL.
 */
struct lt_gate *lt_gate_find(u32 target)
{
	struct lt_gate *gate, *found = NULL;

	mutex_lock(&gates_lock);
	list_for_each_entry(gate, &gates, node)
		if (gate->target_id == target)
			found = gate;
	if (found)
		refcount_inc(&found->refs);
	mutex_unlock(&gates_lock);
	return found;
}

/*
 * Children
 */

static int close_in_child(struct lt_gate *gate, struct mm_struct *mm)
{
	struct lt_door *d;
	int err = 0, one;

	mmap_read_lock(mm);
	for (d = gate->door + gate->plan->ndoors; d-- > gate->door;) {
		if (!d->probe.inode || !is_there(d, mm))
			continue;
		one = lt_patch_close_child(mm, d->plan);
		err = err ?: one;
	}
	mmap_read_unlock(mm);
	return err;
}

static void child_free(struct gate_child *c)
{
	unsigned long flags;

	local_irq_save(flags);
	lt_pool_free(children, c->index);
	local_irq_restore(flags);
}

/* Before the first instruction in user mode. */
static void child_fn(struct callback_head *head)
{
	struct gate_child *c = container_of(head, struct gate_child, head);
	struct lt_gate *gate = c->gate;

	if (current->mm && !(current->flags & PF_EXITING))
		lt_gate_count(gate, close_in_child(gate, current->mm) ?
			      LT_GATE_LOST_CHILDREN : LT_GATE_CHILDREN);
	child_free(c);
	lt_gate_put(gate);
	module_put(THIS_MODULE);
}

/**
 * lt_gate_fork() - have a child close the doors that it has got
 * @gate: its parent's
 * @child: has an address space of its own, and was not woken yet
 *
 * Context: any but interrupts, RCU read side; the target lives.
 */
void lt_gate_fork(struct lt_gate *gate, struct task_struct *child)
{
	struct gate_child *c;
	unsigned long flags;
	u32 index;

	local_irq_save(flags);
	index = lt_pool_alloc(children);
	local_irq_restore(flags);
	if (!index || !refcount_inc_not_zero(&gate->refs)) {
		lt_gate_count(gate, LT_GATE_LOST_CHILDREN);
		return;
	}
	c = lt_pool_cell(children, index);
	c->index = index;
	c->gate = gate;
	init_task_work(&c->head, child_fn);
	__module_get(THIS_MODULE);	/* the target has one */
	if (!lt_work_at_first_return(child, &c->head))
		return;
	module_put(THIS_MODULE);
	child_free(c);
	lt_gate_put(gate);
}
