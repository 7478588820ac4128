/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kind of object is to the rest of the module: one file, kind_*.c, with one
 * struct lt_kind, which is one row of lt_kinds[] (kind.c). Nothing outside that file
 * knows a kind by its name.
 *
 * Objects of most kinds are kept in the common table (object.c), by a 64-bit key. Such
 * a kind has no @dump: it only fills in what is its own of each object. A kind whose
 * objects come by the million or are looked up by range keeps a table of its own, with a
 * @store for its memory and a @dump, as 'page' does (page.c).
 */
#ifndef _LT_KIND_H
#define _LT_KIND_H

#include <linux/leaktrace.h>
#include <linux/types.h>

struct lt_dump;
struct lt_mm;
struct lt_object;
struct lt_probe;
struct lt_target;
struct mmu_notifier_range;
struct sk_buff;
struct task_struct;

#define LT_KINDS	__LEAKTRACE_KIND_MAX
#define LT_KINDBIT(k)	(1U << LEAKTRACE_KIND_##k)

/* Are the last numbers of an exited target known to be right? */
enum lt_final {
	LT_FINAL_PENDING,	/* not yet: the kernel's state is still there */
	LT_FINAL_UNCONFIRMED,	/* it is gone, and was not compared, or differed */
	LT_FINAL_CONFIRMED,
};

/**
 * struct lt_kind - a kind of object and what is done with it
 * @id: its index in lt_kinds[]
 * @name: as users know it
 * @probes: hooks, ended by a row without a name. A row may serve other kinds, too
 * @store: memory that all its targets share, if it keeps a table of its own
 *
 * Every operation may be NULL, and is only called for targets that want the kind:
 *
 *	while ((kind = lt_kind_next(t, kind)))
 *		if (kind->reconcile)
 *			kind->reconcile(t);
 *
 * 'May sleep' means process context, no spinlock held.
 *
 * A target's life:
 *
 * @attach: makes what it keeps for a target: t->data[kind]. First of all, before any
 *	probe can find the target. May sleep; t->rwsem held for writing. 0 or -errno
 * @baseline: lists what is there now with LEAKTRACE_OBJECT_F_BASELINE, and for a child
 *	(t->parent) what fork copied with _F_INHERITED. Probes are on: what is born
 *	meanwhile stays as it is. May sleep; t->rwsem held for writing. 0 or -errno
 * @baseline_walk: the same for what takes long. May sleep; t->rwsem held for reading, may
 *	be given up and taken again. 0 or -errno
 * @clone: @child was made, with @clone_flags, and has not run: a thread of the target's
 *	(CLONE_THREAD), or a child process that is to be followed. Probe
 * @exec_begin: current runs another program; t->mm is the address space that is gone.
 *	May sleep; t->rwsem held for writing
 * @exec: the same; t->mm is the new one, or NULL
 * @thread_exit: current exits, and is not the last thread. Probe
 * @exit: current, the last thread, exits; it still has its fd table. May compare a last
 *	time, for @final. Probe; may be called on two CPUs at once
 * @final: of an exited target: see enum lt_final. NULL: its end says nothing of this
 *	kind, and the table stands as it was. Context: any but interrupts
 * @stop: the target is about to end; probes still find it. May be called when @attach was
 *	not, or failed. May sleep; t->rwsem held for reading
 * @detach: frees what @attach made. No probe, work or dump can reach the target any
 *	more. May sleep; t->rwsem held for writing
 *
 * Exactness:
 *
 * @reconcile_begin: before @reconcile, what needs t->rwsem held for writing. May sleep
 * @reconcile: compares with the kernel's own state and repairs; lt_target_unconfirmed() if that
 *	could not be done. May sleep; t->rwsem held for reading. It may be given up and taken
 *	again: the target may be dead (t->dead) afterwards
 *
 * Memory of the target's own address space, from its mmu_notifier:
 *
 * @mm_attach: @m is followed from now on: t->mm, which exec replaces. May make what it
 *	keeps for it, m->data[kind], which is freed with kfree() when the last reference to
 *	@m is gone. Before the notifier is registered. May sleep. 0 or -errno
 * @mm_detach: @m is not followed any more, no probe or callback can reach it. May sleep
 * @invalidate: a range is about to be unmapped or otherwise invalidated. Context of
 *	mmu_notifier_ops.invalidate_range_start: no lock of ours held
 * @release: the address space ends with its last user, or is not followed any more
 *
 * What clients see:
 *
 * @fill: puts LEAKTRACE_A_OBJECT_ID and what else is the kind's own of an object in the
 *	common table. Under that bucket's lock. 0 or -EMSGSIZE
 * @dump: puts all objects of a table of its own (see struct lt_dump), from where the
 *	last call left off. May sleep; t->rwsem held for reading. 0 or -errno
 * @dump_end: frees dump->walk, if @dump set it. May sleep
 * @bytes: bytes of memory that live objects stand for. Context: any
 * @fill_status: puts what STATUS says of its store. 0 or -EMSGSIZE
 */
struct lt_kind {
	enum leaktrace_kind id;
	const char *name;
	const struct lt_probe *probes;
	const struct lt_store *store;

	int (*attach)(struct lt_target *t);
	int (*baseline)(struct lt_target *t);
	int (*baseline_walk)(struct lt_target *t);
	void (*clone)(struct lt_target *t, struct task_struct *child, u64 clone_flags);
	void (*exec_begin)(struct lt_target *t);
	void (*exec)(struct lt_target *t);
	void (*thread_exit)(struct lt_target *t);
	void (*exit)(struct lt_target *t);
	enum lt_final (*final)(struct lt_target *t);
	void (*stop)(struct lt_target *t);
	void (*detach)(struct lt_target *t);

	void (*reconcile_begin)(struct lt_target *t);
	void (*reconcile)(struct lt_target *t);

	int (*mm_attach)(struct lt_mm *m);
	void (*mm_detach)(struct lt_mm *m);
	void (*invalidate)(struct lt_mm *m, const struct mmu_notifier_range *range);
	void (*release)(struct lt_mm *m);

	int (*fill)(struct sk_buff *skb, const struct lt_object *o);
	int (*dump)(struct lt_target *t, struct lt_dump *dump);
	void (*dump_end)(struct lt_dump *dump);
	u64 (*bytes)(const struct lt_target *t);
	int (*fill_status)(struct sk_buff *skb);
};

extern const struct lt_kind lt_kind_fd;
extern const struct lt_kind lt_kind_page;
extern const struct lt_kind lt_kind_timer;
extern const struct lt_kind lt_kind_thread;
extern const struct lt_kind lt_kind_map;
extern const struct lt_kind lt_kind_heap;
extern const struct lt_kind lt_kind_pair;

/* By enum leaktrace_kind. */
extern const struct lt_kind *const lt_kinds[LT_KINDS];

#endif /* _LT_KIND_H */
