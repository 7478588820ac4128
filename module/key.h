/* SPDX-License-Identifier: GPL-2.0 */
/* key.c: the kernel objects by which probes know a target. */
#ifndef _LT_KEY_H
#define _LT_KEY_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct lt_mm;
struct lt_target;

enum lt_key_type {
	LT_KEY_SIGNAL,		/* a thread group, by signal_struct */
	LT_KEY_FILES,		/* an fd table */
	LT_KEY_MM,		/* an address space */
};

/* Found under RCU by the kernel object's address. Freed by RCU. */
struct lt_key {
	struct hlist_node node;
	const void *ptr;	/* NULL: the object is gone, the key is not yet */
	enum lt_key_type type;
	u32 bit;		/* of lt_filter */
	u32 fd_table;		/* LT_KEY_FILES: number within the target */
	struct lt_target *target;
	struct lt_mm *mm;	/* LT_KEY_MM */
	struct rcu_head rcu;
};

/*
 * One bit per hashed address of a key: the first load of every probe. A
 * bystander's probe ends here unless its address collides with a target's.
 */
enum { LT_FILTER_BITS = 12 };
extern unsigned long lt_filter[BITS_TO_LONGS(1 << LT_FILTER_BITS)];

static inline bool lt_filter_hit(const void *ptr)
{
	u32 bit = hash_ptr(ptr, LT_FILTER_BITS);

	return READ_ONCE(lt_filter[BIT_WORD(bit)]) & BIT_MASK(bit);
}

struct lt_key *lt_key_find(const void *ptr, enum lt_key_type type);
struct lt_target *lt_key_find_exited(const void *ptr);
struct lt_key *lt_key_add(const void *ptr, enum lt_key_type type,
			  struct lt_target *t, struct lt_mm *mm, u32 fd_table);
void lt_key_del(struct lt_key *key);
void lt_key_del_all(struct lt_target *t);

#endif /* _LT_KEY_H */
