/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map of the module. An event travels down this page:
 *
 *   probe -> kind_*.c -> object.c -> site.c -> stack.c -> ring.c -> netlink.c
 *   (fires)  (birth or   (is it      (per call  (who       (queue)   (door)
 *             death)      live)       path)      did it)
 *
 * target.c decides whose event it is, page.c is object.c for pages, mm.c hears
 * of unmapping, work.c finishes on the way back to user mode what a probe may
 * not do, reconcile.c holds the tables against the kernel's own state.
 *
 * A struct used by one file only lives in that file.
 *
 * Locks, outermost first:
 *   lt_mutex         the list of targets: attach, detach, fork. Sleeps.
 *   lt_target.rwsem  read: a task uses the target's tables; write: its address
 *                    space or fd tables are replaced, or it ends. Sleeps.
 *   mmap_lock, alloc_lock, file_lock, siglock: the kernel's, of the target
 *   lt_mm.lock       pages of one address space. raw.
 *   object bucket    one of many, objects of all targets. raw, irq-safe.
 *   lt_site.lock     one site's counters. raw, irq-safe.
 *   pool, stack, ring, key locks: leaves. raw, irq-safe.
 */
#ifndef _LEAKTRACE_H
#define _LEAKTRACE_H

#include <linux/atomic.h>
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/leaktrace.h>
#include <linux/leaktrace_unwind.h>

#define LT_VERSION "0.1.0"

#include "kind.h"

struct ftrace_ops;
struct genl_family;
struct genl_info;
struct lt_event;
struct lt_key;
struct lt_maps;
struct lt_mm;
struct lt_object;
struct lt_site;
struct lt_target;
struct netlink_callback;
struct netlink_ext_ack;

/* main.c: module parameters and the one control mutex */
extern struct mutex lt_mutex;
extern unsigned int lt_max_objects, lt_max_sites;
extern unsigned int lt_max_stacks, lt_max_targets, lt_max_depth;
extern unsigned int lt_ring_bytes, lt_table_bytes, lt_hold_ms;
int lt_stores_reset(bool prime);
u64 lt_stores_bytes(void);

/* Losses by cause. Index of lt_lost[], the whole module's, and of a target's own. */
enum lt_loss {
	LT_LOST_OBJECTS,
	LT_LOST_SITES,
	LT_LOST_STACKS,
	LT_LOST_NESTED,
	LT_LOST_WORK,
	__LT_LOSSES
};

extern atomic64_t lt_lost[__LT_LOSSES];

/*
 * kind_page.c (births), mm.c (deaths, moves), page.c (the table),
 * pagewalk.c (the truth), pagesync.c (brings the two together)
 */
#define LT_BLOCK_PAGES	512	/* pages of one lt_block: what one pmd maps */

struct lt_mm {
	struct mmu_notifier mn;
	struct mm_struct *mm;
	struct lt_target *target;	/* holds a reference */
	struct lt_key *key;
	raw_spinlock_t lock;		/* protects blocks, last */
	struct rb_root blocks;
	struct lt_block *last;
	struct lt_maps __rcu *maps;	/* code, for stack walks */
	u64 changed_ns;			/* last LEAKTRACE_EVENT_MAPS */
	u64 rest_ns;			/* last LEAKTRACE_CMD_STACK_REST */
	wait_queue_head_t maps_set;	/* somebody waits for maps */
	bool listed;			/* baseline is complete */
	atomic_t invalidating;		/* between range_start and range_end */
	atomic_t invalidate_seq;
	bool gone;			/* address space is being torn down */
	bool confirmed;			/* and was compared with the page tables before */
	bool reaped;			/* the OOM killer took pages already */
	struct task_struct *mover;	/* has a LT_WORK_MREMAP; only compared, under mmap_lock */
	u32 moves;			/* by mremap so far; written under mmap_lock */
	refcount_t refs;
	struct rcu_head rcu;
};

struct lt_mm *lt_mm_attach(struct lt_target *t, struct mm_struct *mm,
			   struct lt_maps *maps);
void lt_mm_detach(struct lt_target *t);
bool lt_mm_is_of(struct lt_target *t, struct task_struct *task);
extern const struct lt_store lt_page_store;
extern unsigned int lt_max_page_cells;
u32 lt_page_cells_used(void);
void lt_page_invalidate(struct lt_mm *m, const struct mmu_notifier_range *range);
bool lt_mm_read_lock_timeout(struct lt_mm *m);
struct lt_mm *lt_mm_get(struct lt_target *t);
void lt_mm_put(struct lt_mm *m);

bool lt_page_born(struct lt_mm *m, unsigned long page, u32 site, u64 now_ns, bool again);
bool lt_page_is_live(struct lt_mm *m, unsigned long page);
u64 lt_page_died(struct lt_mm *m, unsigned long first, unsigned long end,
		 u32 stack);
void lt_page_moved(struct lt_mm *m, unsigned long from, unsigned long to,
		   unsigned long n);
void lt_page_forget(struct lt_mm *m);
u32 lt_page_rewalked(struct lt_mm *m, unsigned long page, u64 born_ns, u32 cut, u32 stack);
void lt_page_baseline(struct lt_mm *m, unsigned long nr, const unsigned long *populated);
bool lt_page_block(struct lt_mm *m, unsigned long from, unsigned long *block,
		   unsigned long *live, unsigned long *young);

/* One run of pages of one birth, as lt_page_next_run() finds them. */
struct lt_page_run {
	unsigned long page;
	unsigned int n;
	u32 site;
	u64 born_ns;
	bool baseline;
};

bool lt_page_next_run(struct lt_mm *m, unsigned long from,
		      struct lt_page_run *run);

enum leaktrace_type lt_vma_type(struct vm_area_struct *vma);
void lt_walk_block(struct vm_area_struct *vma, unsigned long block,
		   unsigned long *populated, unsigned long *clean);
bool lt_walk_fault_in(unsigned long addr);
bool lt_walk_populated(struct vm_area_struct *vma, unsigned long addr);
bool lt_walk_pmd_none(struct mm_struct *mm, unsigned long addr);
bool lt_walk_shmem_cached(struct vm_area_struct *vma, unsigned long page);
unsigned long lt_walk_next_block(struct mm_struct *mm, unsigned long block);
int lt_mm_baseline(struct lt_mm *m, bool rwsem_held);
bool lt_mm_reconcile(struct lt_mm *m, bool last_user);
void lt_mm_sync_block(struct lt_mm *m, unsigned long addr, u32 site);

/*
 * key.c: is it a target's; target.c: whose event is it
 */
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

struct lt_kind_stats {
	atomic64_t baseline;
	atomic64_t baseline_live;
	atomic64_t born;
	atomic64_t died;
	atomic64_t missed_births;
	atomic64_t missed_deaths;
	atomic64_t reborn;
	atomic64_t foreign;
	atomic64_t untracked;
	atomic64_t moved;
};

struct lt_target {
	struct list_head node;		/* lt_targets, under lt_mutex */
	refcount_t refs;
	u32 id;
	struct lt_target *parent;	/* if FORKED; holds a reference */
	u32 portid;			/* netlink socket that owns it */
	pid_t tgid;			/* initial namespace */
	struct pid *pid;
	u32 kinds;
	u32 flags;			/* LEAKTRACE_TARGET_F_* */
	u32 max_objects;
	char comm[TASK_COMM_LEN];
	u64 attached_ns;
	u64 exited_ns;
	u32 exit_code;
	u32 execs;
	atomic_t code_changes;		/* new code mapped, exec included */
	bool hold_timed_out;			/* a hold was in vain: no MAPS_SET came */
	atomic_t inexact;		/* LEAKTRACE_INEXACT_* */
	u64 reconciled_ns;
	struct rw_semaphore rwsem;
	atomic_t pending_moves;		/* mremap works queued and not done */
	bool ready;			/* baseline is complete */
	bool dead;			/* detached: nobody may touch its tables */
	atomic_t exited;		/* probes must not touch it */
	atomic64_t objects;		/* in object.c's table */
	struct lt_kind_stats kind[LT_KINDS];
	atomic64_t lost[__LT_LOSSES];	/* not NESTED: whose it was is not known */
	u64 lost_ring, lost_socket;	/* events, of all targets, when it was attached */
	void *data[LT_KINDS];		/* of each kind's own */
	struct lt_mm __rcu *mm;
	struct rcu_head rcu;
};

extern struct list_head lt_targets;

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

struct lt_target *lt_target_current(void);
struct lt_target *lt_target_add(struct task_struct *task, u32 kinds, u32 flags,
				u32 max_objects, u32 portid, struct lt_maps *maps,
				struct netlink_ext_ack *extack);
void lt_target_fork(struct lt_target *parent, u32 execs);
bool lt_target_confirm(struct lt_target *t);
void lt_target_unconfirmed(struct lt_target *t);
void lt_target_del(struct lt_target *t);
bool lt_target_is_owner(u32 portid);
void lt_target_del_by_port(u32 portid);
struct lt_target *lt_target_by_id(u32 id);
struct task_struct *lt_target_task(struct lt_target *t);
void lt_target_put(struct lt_target *t);
int lt_target_count(void);

static inline void lt_target_get(struct lt_target *t)
{
	refcount_inc(&t->refs);
}

static inline void lt_target_lost(struct lt_target *t, enum lt_loss why, u64 n)
{
	atomic64_add(n, &lt_lost[why]);
	atomic64_add(n, &t->lost[why]);
}

static inline bool lt_target_wants(const struct lt_target *t,
				   enum leaktrace_kind kind)
{
	return t->kinds & (1U << kind);
}

/* The next of the kinds that a target wants; the first after NULL, NULL after the last. */
static inline const struct lt_kind *lt_kind_next(const struct lt_target *t,
						 const struct lt_kind *kind)
{
	unsigned int i;

	for (i = kind ? kind->id + 1 : 0; i < LT_KINDS; i++)
		if (lt_target_wants(t, i))
			return lt_kinds[i];
	return NULL;
}

/* A snapshot: its parts change one by one. */
static inline u64 lt_kind_live(const struct lt_target *t, enum leaktrace_kind kind)
{
	const struct lt_kind_stats *k = &t->kind[kind];

	return max_t(s64, atomic64_read(&k->baseline) + atomic64_read(&k->born) -
		     atomic64_read(&k->died), 0);
}

static inline void lt_target_inexact(struct lt_target *t, u32 why)
{
	if ((atomic_read(&t->inexact) & why) != why)
		atomic_or(why, &t->inexact);
}

/* reconcile.c */
struct lt_ids {
	u32 *id;
	u32 n;
	u32 max;
};

struct lt_id_ops {
	enum leaktrace_kind kind;
	/* Appends what the kernel has now. */
	void (*list)(struct lt_target *t, struct lt_ids *ids);
	/* Is this object one that @list would list? NULL: all of the kind are. */
	bool (*listed)(const struct lt_object *o);
	/* Those of @ids that are still there get an object. False without memory. */
	bool (*add)(struct lt_target *t, const struct lt_ids *ids, u8 flags);
};

void lt_ids_add(struct lt_ids *ids, u32 id);
u32 *lt_ids_find(const struct lt_ids *ids, u32 id);
bool lt_ids_list(struct lt_target *t, const struct lt_id_ops *ops, bool known,
		 struct lt_ids *ids);
void lt_ids_baseline(struct lt_target *t, const struct lt_id_ops *ops, u8 flags);
void lt_ids_reconcile(struct lt_target *t, const struct lt_id_ops *ops);
int lt_reconcile(struct lt_target *t);

static inline u64 lt_now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

#include "work.h"
#include "probe.h"
#include "pool.h"
#include "tables.h"
#include "code.h"
#include "netlink.h"

#endif /* _LEAKTRACE_H */
