// SPDX-License-Identifier: GPL-2.0
/*
 * The addresses of the kernel objects by which probes know a target: its
 * signal_struct, fd tables, address space. A key is found under RCU, and a bit
 * in lt_filter says 'no target has it' with one load.
 *
 * An address may be used again once the object is freed, so a key counts only
 * while its target's process holds the object: an exited target's keys are
 * not found any more, and exec and unshare replace theirs on the way back to
 * user mode.
 *
 * Lock: key_lock, raw and irq-safe, a leaf, for writers.
 */
#include <linux/rculist.h>
#include <linux/slab.h>

#include "key.h"
#include "mm.h"
#include "target.h"

enum {
	KEY_BITS = 10,
};

unsigned long lt_filter[BITS_TO_LONGS(1 << LT_FILTER_BITS)];

static struct hlist_head keys[1 << KEY_BITS];
static u16 filter_users[1 << LT_FILTER_BITS];
static DEFINE_RAW_SPINLOCK(key_lock);	/* protects writes to keys, filter */

/**
 * lt_key_find() - the key of a kernel object, if a running target has it
 * @ptr: its address
 * @type: what it is
 *
 * Context: RCU read side.
 * Return: the key or NULL.
 */
struct lt_key *lt_key_find(const void *ptr, enum lt_key_type type)
{
	struct lt_key *k;

	hlist_for_each_entry_rcu(k, &keys[hash_ptr(ptr, KEY_BITS)], node)
		if (k->ptr == ptr && k->type == type && !atomic_read(&k->target->exited))
			return k;
	return NULL;
}

/**
 * lt_key_find_exited() - an exited target that nobody has reaped yet
 * @ptr: its signal_struct
 *
 * Context: RCU read side.
 * Return: the target or NULL.
 */
struct lt_target *lt_key_find_exited(const void *ptr)
{
	struct lt_key *k;

	hlist_for_each_entry_rcu(k, &keys[hash_ptr(ptr, KEY_BITS)], node)
		if (k->ptr == ptr && k->type == LT_KEY_SIGNAL &&
		    atomic_read(&k->target->exited))
			return k->target;
	return NULL;
}

/**
 * lt_key_add() - make a kernel object known as a target's
 * @ptr: its address
 * @type: what it is
 * @t: the target
 * @mm: for LT_KEY_MM
 * @fd_table: for LT_KEY_FILES
 *
 * Context: may sleep.
 * Return: the key, NULL without memory.
 */
struct lt_key *lt_key_add(const void *ptr, enum lt_key_type type,
			  struct lt_target *t, struct lt_mm *mm, u32 fd_table)
{
	u32 bit = hash_ptr(ptr, LT_FILTER_BITS);
	struct lt_key *k = kzalloc(sizeof(*k), GFP_KERNEL);
	unsigned long flags;

	if (!k)
		return NULL;
	k->ptr = ptr;
	k->bit = bit;
	k->type = type;
	k->fd_table = fd_table;
	k->target = t;
	k->mm = mm;
	raw_spin_lock_irqsave(&key_lock, flags);
	hlist_add_head_rcu(&k->node, &keys[hash_ptr(ptr, KEY_BITS)]);
	if (!filter_users[bit]++)
		set_bit(bit, lt_filter);
	raw_spin_unlock_irqrestore(&key_lock, flags);
	return k;
}

/**
 * lt_key_del() - forget a kernel object
 * @key: its key, or NULL; freed after a grace period
 *
 * Context: may sleep.
 */
void lt_key_del(struct lt_key *key)
{
	unsigned long flags;

	if (!key)
		return;
	raw_spin_lock_irqsave(&key_lock, flags);
	hlist_del_rcu(&key->node);
	if (!--filter_users[key->bit])
		clear_bit(key->bit, lt_filter);
	raw_spin_unlock_irqrestore(&key_lock, flags);
	kfree_rcu(key, rcu);
}

/* Any key of a target's; only the holder of its rwsem adds and deletes them. */
static struct lt_key *key_of_target(const struct lt_target *t)
{
	struct lt_key *k;
	int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		hlist_for_each_entry_rcu(k, &keys[i], node)
			if (k->target == t)
				return k;
	return NULL;
}

/**
 * lt_key_del_all() - forget all kernel objects of a target
 * @t: the target, whose address space is not followed any more
 *
 * Context: may sleep, t->rwsem held for writing.
 */
void lt_key_del_all(struct lt_target *t)
{
	struct lt_key *k;

	do {
		rcu_read_lock();
		k = key_of_target(t);
		rcu_read_unlock();
		lt_key_del(k);
	} while (k);
}
