// SPDX-License-Identifier: GPL-2.0
/*
 * heap: a block of an allocator, as its gate samples them (linux/leaktrace_gate.h, gate.c).
 *
 * Born and died as the gate announces it, by an mremap() that the kernel refuses: the hook sees
 * whose it is, and the rest is done on the task's way back to user mode. There it may sleep, the
 * target's memory may be written, and its stack is whole. A death is announced before the block
 * is released, so that nobody can have the same address before we know. What a block tells of
 * all those that were not sampled is for the tool to say: of each is known its size and the mean
 * distance of samples when it was made.
 *
 * Blocks are objects of the common table: sampled, they are few. Blocks that were there before
 * the gate was opened are not known, and no baseline.
 *
 * A tag is a byte in the target's memory that says: this one may be sampled. Which slots are
 * in use is known here. A slot is taken before its byte is written, and free after that was
 * cleared: so no two blocks write the same one at the same time, and no lock is held while the
 * target's memory is brought in.
 *
 * Not seen: releases by a process that shares the memory and is exempt from our hooks, and
 * while another uprobe stands at a door (INEXACT_GATE).
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/netlink.h>
#include <trace/events/task.h>

#include "arch.h"
#include "gate.h"
#include "gate_check.h"
#include "heap.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "object.h"
#include "page.h"
#include "probe.h"
#include "site.h"
#include "stack.h"
#include "target.h"
#include "work.h"

enum {
	UNDOS = 64,		/* reallocations that may be undone */
	BATCH = 128,
};

/* What a block keeps in lt_object.own: its size; the mean then, and which of its slots it has. */
enum {
	OWN_BYTES,
	OWN_MEAN,
};

#define OTHER_SLOT	BIT_ULL(63)

/* A block of which realloc may say that it lives on. */
struct heap_undo {
	u64 block;
	u64 bytes;
	u32 tid;
	u32 stack;
	u8 type;
};

struct heap {
	struct lt_gates gates;
	atomic64_t live_bytes;
	spinlock_t lock;		/* protects what is below */
	struct heap_undo undo[UNDOS];
	unsigned int next_undo;
	struct rcu_head rcu;
};

/* An announcement. */
struct heap_news {
	struct lt_work *work;
	struct lt_target *t;
	struct heap *heap;
	struct lt_gate *gate;
	const struct leaktrace_gate_door *door;
	enum leaktrace_gate_op op;
	u64 bytes;
	u64 block;
	unsigned long at;		/* of the return address */
	unsigned long caller;		/* the return address */
	unsigned long word;		/* of the countdown, or of the answer */
	u32 stack;
};

static struct heap *heap_of(const struct lt_target *t)
{
	return t->data[LEAKTRACE_KIND_HEAP];
}

/*
 * Slots
 */

static u32 slot_of(const struct lt_gate *gate, u64 block, u64 mean)
{
	return leaktrace_gate_slot(block, gate->plan->tag_bits) ^ (mean & OTHER_SLOT ? 1 : 0);
}

/* Return: the mean, with the slot that is taken; 0: none is free. */
static u64 take_slot(struct lt_gate *gate, u64 block)
{
	u64 mean = gate->plan->mean_bytes;
	unsigned long flags;

	raw_spin_lock_irqsave(&gate->lock, flags);
	if (test_bit(slot_of(gate, block, mean), gate->slots))
		mean |= OTHER_SLOT;
	if (__test_and_set_bit(slot_of(gate, block, mean), gate->slots))
		mean = 0;
	raw_spin_unlock_irqrestore(&gate->lock, flags);
	return mean;
}

static void free_slot(struct lt_gate *gate, u64 block, u64 mean)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&gate->lock, flags);
	__clear_bit(slot_of(gate, block, mean), gate->slots);
	raw_spin_unlock_irqrestore(&gate->lock, flags);
}

static bool write_tag(struct lt_gate *gate, u64 block, u64 mean, u8 tag)
{
	u64 at = gate->plan->address + LEAKTRACE_GATE_TAGS + slot_of(gate, block, mean);

	if (!put_user(tag, (u8 __user *)(unsigned long)at))
		return true;
	lt_gate_count(gate, LT_GATE_LOST_FAULTS);
	return false;
}

/*
 * Announcements. Between news_lock() and news_unlock() the target's tables stay, and no memory
 * of the target's is touched that is not there.
 */

/* Or another program's, or another gate: it is over. */
static bool is_current(void *arg)
{
	struct heap_news *n = arg;
	struct lt_gate *gate;

	n->heap = n->t->dead ? NULL : heap_of(n->t);
	gate = n->heap ? rcu_access_pointer(n->heap->gates.gate) : NULL;
	return gate == n->gate && !gate->finished && current->mm == n->gate->mm;
}

static bool news_lock(struct heap_news *n)
{
	return lt_work_lock_if(n->work, is_current, n);
}

static void news_unlock(struct heap_news *n)
{
	lt_work_unlock(n->work);
}

/* Under news_lock(), which is given up and taken again. Return: as that. */
static bool capture(struct heap_news *n)
{
	return lt_work_capture_call(n->work, n->at, n->caller, &n->stack, is_current, n);
}

static void make(struct heap_news *n, u64 mean, u8 type, u64 bytes)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_HEAP, .type = type, .key = n->block, .stack = n->stack,
		.own = { [OWN_BYTES] = bytes, [OWN_MEAN] = mean },
	};
	struct lt_object old;

	/* Its release was not seen. */
	if (lt_object_find(n->t, LEAKTRACE_KIND_HEAP, n->block, &old)) {
		free_slot(n->gate, n->block, old.own[OWN_MEAN]);
		atomic64_sub(old.own[OWN_BYTES], &n->heap->live_bytes);
	}
	atomic64_add(bytes, &n->heap->live_bytes);
	if (lt_object_born(n->t, &b))
		return;
	atomic64_sub(bytes, &n->heap->live_bytes);
	free_slot(n->gate, n->block, mean);
	lt_gate_count(n->gate, LT_GATE_LOST_OBJECTS);
}

/* Return: whether it was one of ours, and what it was; its slot is still taken. */
static bool unmake(struct heap_news *n, struct lt_object *o)
{
	if (!lt_object_died(n->t, LEAKTRACE_KIND_HEAP, n->block, n->stack, o))
		return false;
	atomic64_sub(o->own[OWN_BYTES], &n->heap->live_bytes);
	return true;
}

/* A sampled block's birth, but for its tag. Return: the mean and its slot; 0: it is lost. */
static u64 birth(struct heap_news *n, u8 type, u64 bytes)
{
	u64 mean;

	if (!news_lock(n))
		return 0;
	if (!capture(n))
		return 0;
	mean = take_slot(n->gate, n->block);
	if (mean)
		make(n, mean, type, bytes);
	else
		lt_gate_count(n->gate, LT_GATE_LOST_TAGS);
	news_unlock(n);
	return mean;
}

static void tag_it(struct heap_news *n, u64 mean)
{
	struct lt_object o;

	if (!mean || write_tag(n->gate, n->block, mean, leaktrace_gate_tag(n->block)))
		return;
	/* Its release would not be seen. */
	if (!news_lock(n))
		return;
	if (unmake(n, &o))
		free_slot(n->gate, n->block, mean);
	news_unlock(n);
}

/* Is the caller an entry of the allocator's, or the gate? */
static bool is_inner(const struct heap_news *n)
{
	const struct leaktrace_gate_header *h = n->gate->plan;
	const struct leaktrace_gate_door *d = leaktrace_gate_doors(h);
	u32 i;

	if (n->caller - h->address < LEAKTRACE_GATE_CODE_BYTES)
		return true;
	for (i = 0; i < h->ndoors; i++)
		if (n->caller - d[i].function < d[i].function_bytes)
			return true;
	return false;
}

static void go_on(struct heap_news *n)
{
	if (put_user(lt_gate_draw(n->gate->plan), (u64 __user *)n->word))
		lt_gate_count(n->gate, LT_GATE_LOST_FAULTS);
}

static void on_birth(struct heap_news *n)
{
	if (is_inner(n)) {
		lt_gate_count(n->gate, LT_GATE_INNER);
	} else {
		tag_it(n, birth(n, n->door->type, n->bytes));
		lt_gate_count(n->gate, LT_GATE_BIRTHS);
	}
	go_on(n);
}

static void keep_undo(struct heap_news *n, const struct lt_object *o, u32 stack)
{
	struct heap *heap = n->heap;

	spin_lock(&heap->lock);
	heap->undo[heap->next_undo++ % UNDOS] = (struct heap_undo){
		.block = n->block, .bytes = o->own[OWN_BYTES], .tid = current->pid,
		.stack = stack, .type = o->type,
	};
	spin_unlock(&heap->lock);
}

/* Return: whether the block was sampled. */
static bool on_death(struct heap_news *n)
{
	struct lt_object o;
	bool ours = false;

	if (!news_lock(n))
		return false;
	/* Most are strangers where tags are dense: no stack is walked for them. */
	if (lt_object_find(n->t, LEAKTRACE_KIND_HEAP, n->block, NULL)) {
		if (!capture(n))
			return false;
		ours = unmake(n, &o);
	}
	if (ours && n->op == LEAKTRACE_GATE_OP_REALLOC_BEGIN)
		keep_undo(n, &o, lt_site_stack(o.site));
	news_unlock(n);
	lt_gate_count(n->gate, ours ? LT_GATE_DEATHS : LT_GATE_STRANGERS);
	if (!ours || !write_tag(n->gate, n->block, o.own[OWN_MEAN], 0))
		return ours;
	if (!news_lock(n))
		return true;
	free_slot(n->gate, n->block, o.own[OWN_MEAN]);
	news_unlock(n);
	return true;
}

static void on_realloc_begin(struct heap_news *n)
{
	u64 yes = 1;

	if (on_death(n) && put_user(yes, (u64 __user *)n->word))
		lt_gate_count(n->gate, LT_GATE_LOST_FAULTS);
}

static bool find_undo(struct heap_news *n, struct heap_undo *found)
{
	struct heap *heap = n->heap;
	unsigned int i;
	bool yes = false;

	spin_lock(&heap->lock);
	for (i = 0; i < UNDOS && !yes; i++) {
		yes = heap->undo[i].block == n->block && heap->undo[i].tid == current->pid;
		if (yes) {
			*found = heap->undo[i];
			heap->undo[i] = (struct heap_undo){ };
		}
	}
	spin_unlock(&heap->lock);
	return yes;
}

/* Where it was made it is made once more: so born - died is right, and so is the site. */
static void on_realloc_undo(struct heap_news *n)
{
	struct heap_undo undo = { };
	bool found;
	u64 mean = 0;

	if (!news_lock(n))
		return;
	found = find_undo(n, &undo);
	if (found) {
		n->stack = undo.stack;
		mean = take_slot(n->gate, n->block);
		if (mean)
			make(n, mean, undo.type, undo.bytes);
		else
			lt_gate_count(n->gate, LT_GATE_LOST_TAGS);
	}
	news_unlock(n);
	tag_it(n, mean);
	lt_gate_count(n->gate, found ? LT_GATE_UNDONE : LT_GATE_LOST_UNDOS);
}

static void on_drop(struct heap_news *n)
{
	lt_gate_count(n->gate, LT_GATE_DROPPED);
	go_on(n);
}

/* Is it the address of one of the gate's countdowns? */
static bool is_countdown(const struct lt_gate *gate, unsigned long at)
{
	unsigned long first = gate->plan->address + LEAKTRACE_GATE_SHARDS;

	return at - first < LEAKTRACE_GATE_NSHARDS * LEAKTRACE_GATE_SHARD_BYTES &&
	       !((at - first) % LEAKTRACE_GATE_SHARD_BYTES);
}

/* What was announced, as far as it makes sense. */
static bool read_news(struct heap_news *n)
{
	unsigned long args[6];
	u32 door;

	syscall_get_arguments(current, task_pt_regs(current), args);
	n->op = args[1] & 0xff;
	door = args[1] >> 8;
	n->bytes = args[2];
	n->block = args[3];
	n->at = args[4];
	n->word = args[5];
	if (args[0] != (n->gate->plan->address | 1) || args[1] >> 8 != door ||
	    door >= n->gate->plan->ndoors)
		return false;
	n->door = leaktrace_gate_doors(n->gate->plan) + door;
	if ((n->op == LEAKTRACE_GATE_OP_BIRTH || n->op == LEAKTRACE_GATE_OP_DROP) &&
	    !is_countdown(n->gate, n->word))
		return false;
	if (n->op == LEAKTRACE_GATE_OP_REALLOC_BEGIN && n->word % sizeof(u64))
		return false;
	return n->op == LEAKTRACE_GATE_OP_DROP ||
	       !get_user(n->caller, (unsigned long __user *)n->at);
}

static void tell(struct heap_news *n)
{
	switch (n->op) {
	case LEAKTRACE_GATE_OP_BIRTH:
		return on_birth(n);
	case LEAKTRACE_GATE_OP_DEATH:
		on_death(n);
		return;
	case LEAKTRACE_GATE_OP_REALLOC_BEGIN:
		return on_realloc_begin(n);
	case LEAKTRACE_GATE_OP_REALLOC_UNDO:
		return on_realloc_undo(n);
	case LEAKTRACE_GATE_OP_DROP:
		return on_drop(n);
	default:
		lt_gate_count(n->gate, LT_GATE_INVALID);
	}
}

static void news_run(struct lt_work *w)
{
	struct heap_news n = { .work = w, .t = w->target };
	struct heap *heap;

	lt_work_lock(w);
	heap = n.t->dead ? NULL : heap_of(n.t);
	n.gate = heap ? lt_gate_get(&heap->gates) : NULL;
	lt_work_unlock(w);
	if (!n.gate)
		return;
	if (current->mm == n.gate->mm && read_news(&n))
		tell(&n);
	else
		lt_gate_count(n.gate, LT_GATE_INVALID);
	lt_gate_put(n.gate);
}

static const struct lt_work_type news_work = {
	.run = news_run,
	.loss = LT_WORK_IRREPARABLE,
};

/* The target whose address space current has, if there was a gate. RCU read side. */
static struct lt_target *target_with_gate(struct lt_gate **gate)
{
	struct lt_key *k = lt_key_find(current->mm, LT_KEY_MM);
	struct heap *heap;

	if (!k || !lt_target_wants(k->target, LEAKTRACE_KIND_HEAP))
		return NULL;
	heap = heap_of(k->target);
	*gate = heap ? rcu_dereference_check(heap->gates.gate, rcu_read_lock_sched_held()) : NULL;
	return *gate && (*gate)->mm == current->mm ? k->target : NULL;
}

/* Not inline, like the next one: the fast path needs no prologue. */
static noinline void heap_mremap(const void *hook)
{
	unsigned long args[6];
	struct lt_target *t;
	struct lt_gate *gate;

	syscall_get_arguments(current, task_pt_regs(current), args);
	if (!(args[0] & 1) || !lt_probe_enter(hook))
		return;
	t = target_with_gate(&gate);
	if (t && args[0] == (gate->plan->address | 1))
		lt_work_queue(t, current, &news_work, 0, NULL);
	lt_probe_leave();
}

static void notrace on_mremap(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->mm)))
		heap_mremap(hook);
}

/* After lt_give_up(), too: the child is to be as its program is on disk. */
static noinline void heap_fork(struct task_struct *child)
{
	struct lt_gate *gate;

	rcu_read_lock();
	if (target_with_gate(&gate))
		lt_gate_fork(gate, child);
	rcu_read_unlock();
}

/* current may be a process that only shares the target's address space. */
static void notrace on_task_newtask(void *data, struct task_struct *task,
				    LT_CLONE_FLAGS_TYPE clone_flags)
{
	if (unlikely(lt_filter_hit(current->mm)) && !(clone_flags & CLONE_VM))
		heap_fork(task);
}

static const struct lt_probe heap_probes[] = {
	{
		.name = LT_SYSCALL("mremap"), .how = LEAKTRACE_PROBE_FTRACE,
		.kinds = LT_KINDBIT(HEAP), .function = on_mremap, .required = true,
		.why = "blocks, as a gate announces them",
	}, {
		LT_TRACEPOINT(task_newtask),
		.kinds = LT_KINDBIT(HEAP), .required = true,
		.why = "children that close a gate's doors",
	},
	{ }
};

/*
 * A target's life
 */

static int heap_attach(struct lt_target *t)
{
	struct heap *heap = kzalloc(sizeof(*heap), GFP_KERNEL_ACCOUNT);

	if (!heap)
		return -ENOMEM;
	mutex_init(&heap->gates.lock);
	spin_lock_init(&heap->lock);
	t->data[LEAKTRACE_KIND_HEAP] = heap;
	return 0;
}

/*
 * The doors are closed as long as who forks is found. A fork that has copied them open is
 * given some time to come to its hook: from the copy to there it is not far.
 */
static void heap_stop(struct lt_target *t)
{
	struct heap *heap = heap_of(t);

	if (!heap)
		return;
	mutex_lock(&heap->gates.lock);
	heap->gates.ended = true;
	mutex_unlock(&heap->gates.lock);
	if (lt_gate_close(&heap->gates))
		msleep(LT_SECOND_LOOK_MS);
}

static void heap_detach(struct lt_target *t)
{
	struct heap *heap = heap_of(t);

	if (!heap)
		return;
	lt_gate_leave(&heap->gates);
	WRITE_ONCE(t->data[LEAKTRACE_KIND_HEAP], NULL);
	kfree_rcu(heap, rcu);	/* heap_bytes() */
}

struct heap_batch {
	unsigned int n;
	u64 block[BATCH];
};

static int collect(const struct lt_object *o, void *arg)
{
	struct heap_batch *b = arg;

	b->block[b->n++] = o->key;
	return b->n == BATCH;
}

/* All blocks that are known; the target's rwsem is held for writing. */
static void end_blocks(struct lt_target *t)
{
	struct heap_batch *b = kmalloc(sizeof(*b), GFP_KERNEL);
	struct heap *heap = heap_of(t);
	u32 bucket = 0;

	while (b) {
		b->n = 0;
		lt_object_walk(t, LT_KINDBIT(HEAP), &bucket, collect, b);
		if (!b->n)
			break;
		while (b->n--)
			lt_object_died(t, LEAKTRACE_KIND_HEAP, b->block[b->n], 0, NULL);
		cond_resched();
	}
	if (!b)
		lt_target_inexact(t, LEAKTRACE_INEXACT_GATE);
	kfree(b);
	atomic64_set(&heap->live_bytes, 0);
	memset(heap->undo, 0, sizeof(heap->undo));
}

/* The blocks went with the address space. */
static void heap_exec_begin(struct lt_target *t)
{
	lt_gate_leave(&heap_of(t)->gates);
	end_blocks(t);
}

static void heap_reconcile(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);

	if (m)
		lt_gate_rearm(&heap_of(t)->gates, m);
	lt_mm_put(m);
}

/* Who only reads the totals holds no lock. */
static u64 heap_bytes(const struct lt_target *t)
{
	struct heap *heap;
	s64 bytes;

	rcu_read_lock();
	heap = READ_ONCE(t->data[LEAKTRACE_KIND_HEAP]);
	bytes = heap ? atomic64_read(&heap->live_bytes) : 0;
	rcu_read_unlock();
	return max_t(s64, bytes, 0);
}

static int heap_fill(struct sk_buff *skb, const struct lt_object *o)
{
	if (LT_PUT64(skb, OBJECT, ID, o->key) ||
	    LT_PUT64(skb, OBJECT, BYTES, o->own[OWN_BYTES]) ||
	    LT_PUT64(skb, OBJECT, MEAN_BYTES, o->own[OWN_MEAN] & ~OTHER_SLOT))
		return -EMSGSIZE;
	return 0;
}

const struct lt_kind lt_kind_heap = {
	.id = LEAKTRACE_KIND_HEAP,
	.name = "heap",
	.probes = heap_probes,
	.store = &lt_gate_store,
	.attach = heap_attach,
	.exec_begin = heap_exec_begin,
	.stop = heap_stop,
	.detach = heap_detach,
	.reconcile = heap_reconcile,
	.fill = heap_fill,
	.bytes = heap_bytes,
};

/*
 * Commands
 */

/* t->rwsem is held on success. */
static struct heap *begin_command(struct lt_target *t, struct netlink_ext_ack *extack)
{
	struct heap *heap;

	if (down_read_killable(&t->rwsem))
		return ERR_PTR(-EINTR);
	heap = t->dead ? NULL : heap_of(t);
	if (heap)
		return heap;
	up_read(&t->rwsem);
	NL_SET_ERR_MSG(extack, "the target does not follow kind heap");
	return ERR_PTR(-EINVAL);
}

/*
 * Of blocks that were sampled by an earlier gate nothing more would be heard: they are released
 * unseen while it is closed, and the next one has no tags for them.
 */
static int end_earlier(struct lt_target *t)
{
	struct heap *heap;

	if (down_write_killable(&t->rwsem))
		return -EINTR;
	heap = t->dead ? NULL : heap_of(t);
	if (heap && lt_gate_finish(&heap->gates))
		end_blocks(t);
	up_write(&t->rwsem);
	return 0;
}

/**
 * lt_heap_open() - open a gate
 * @t: its target
 * @plan: checked, of kvmalloc(); ours from now on
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, no lock held.
 * Return: 0 or negative errno.
 */
int lt_heap_open(struct lt_target *t, struct leaktrace_gate_header *plan,
		 struct netlink_ext_ack *extack)
{
	int err = end_earlier(t);
	struct heap *heap = err ? ERR_PTR(err) : begin_command(t, extack);

	if (IS_ERR(heap)) {
		kvfree(plan);
		return PTR_ERR(heap);
	}
	err = lt_gate_open(t, &heap->gates, plan, extack);
	up_read(&t->rwsem);
	return err;
}

/**
 * lt_heap_close() - close it
 * @t: its target
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, no lock held.
 * Return: 0 or negative errno.
 */
int lt_heap_close(struct lt_target *t, struct netlink_ext_ack *extack)
{
	struct heap *heap = begin_command(t, extack);

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	lt_gate_close(&heap->gates);
	up_read(&t->rwsem);
	return 0;
}

/**
 * lt_heap_stop() - close all gates: tracing was stopped
 *
 * Context: may sleep, no lock held.
 */
void lt_heap_stop(void)
{
	struct lt_target *t;
	u32 id = 0;

	while ((t = lt_target_next(id))) {
		id = t->id;
		down_read(&t->rwsem);
		if (!t->dead && heap_of(t))
			lt_gate_close(&heap_of(t)->gates);
		up_read(&t->rwsem);
		lt_target_put(t);
	}
}
