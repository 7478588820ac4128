/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map of the module. An event travels down this page:
 *
 *   probe -> kind_*.c -> object.c -> site.c -> stack.c -> ring.c -> netlink.c
 *   (fires)  (birth or   (is it      (per call  (user      (queue)   (to clients)
 *             death)      live)       path)      stack)
 *
 * kind.h says what a kind is. target.c and key.c decide whose event it is, lifecycle.c
 * follows fork, exec and exit, page.c is object.c for pages, mm.c hears of unmapping,
 * work.c finishes on the way back to user mode what a probe may not do, reconcile.c
 * compares the tables with the kernel's own state.
 *
 * A struct used by one file only is declared in that file; every header can be included
 * alone.
 *
 * Locks, outermost first:
 *   lt_mutex         the list of targets, and whether probes are attached. Sleeps.
 *   lt_target.rwsem  read: a task uses the target's tables; write: its address
 *                    space or fd tables are replaced, or it ends. Sleeps.
 *   mmap_lock, alloc_lock, file_lock, siglock: the kernel's, of the target
 *   lt_pages.lock    which blocks of pages one address space has. raw.
 *   block lock       one of many, by a block's number: its pages. raw.
 *   object bucket    one of many, objects of all targets. raw, irq-safe.
 *   site counters    one of many, by site id. raw, irq-safe.
 *   pool, stack, ring, key locks: leaves. raw, irq-safe.
 */
#ifndef _LEAKTRACE_H
#define _LEAKTRACE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

#define LT_VERSION "0.1.0"

struct lt_event;
struct lt_key;
struct lt_kind;
struct lt_maps;
struct lt_mm;
struct lt_object;
struct lt_site;
struct lt_target;

/* main.c: module parameters and the one control mutex */
extern struct mutex lt_mutex;
extern unsigned int lt_max_objects, lt_max_sites;
extern unsigned int lt_max_stacks, lt_max_targets, lt_max_depth;
extern unsigned int lt_ring_bytes, lt_table_bytes, lt_hold_ms;
extern bool lt_gates;

/**
 * struct lt_store - memory of a table that all targets share
 * @init: at load: heads and bounds, hardly any memory yet; 0 or -ENOMEM
 * @exit: at unload, and only after an @init that succeeded
 * @reset: gives all memory back after the last target; with @prime: gets the first
 *	memory for the next one, 0 or -ENOMEM. Under lt_mutex, no probe is attached.
 *	NULL: keeps what @init made
 * @bytes: kernel memory in use, for STATUS; or NULL. Context: any
 * @cpu_get: after a @reset with @prime: memory for one processor that is online or about to
 *	be, kept until the next @reset; 0 or -ENOMEM: what it would have kept is lost, and
 *	counted. NULL: needs none. May sleep
 * @cpu_bytes: how much that is
 */
struct lt_store {
	int (*init)(void);
	void (*exit)(void);
	int (*reset)(bool prime);
	u64 (*bytes)(void);
	int (*cpu_get)(unsigned int cpu);
	u64 (*cpu_bytes)(void);
};

int lt_stores_reset(bool prime);
u64 lt_stores_bytes(void);
u64 lt_stores_cpu_bytes(unsigned int *cpus);

/* Losses by cause. Index of lt_lost[], the whole module's, and of a target's own. */
enum lt_loss {
	LT_LOST_OBJECTS,
	LT_LOST_SITES,
	LT_LOST_STACKS,
	LT_LOST_NESTED,
	LT_LOST_WORK,
	LT_LOST_RING,
	LT_LOST_SOCKET,
	__LT_LOSSES
};

extern atomic64_t lt_lost[__LT_LOSSES];

static inline u64 lt_now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

#endif /* _LEAKTRACE_H */
