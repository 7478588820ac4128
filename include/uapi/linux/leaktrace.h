/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * The protocol between leaktrace.ko and its clients: one generic netlink
 * family. include/leaktrace.yaml is the specification; this header names the
 * same things in the same order, and tests/20-protocol.bats holds the two and
 * the loaded module together. It is the only file that both sides include.
 *
 * Rules of evolution: append only. A changed meaning is a new attribute.
 * Unknown attributes and flag bits are refused by the kernel and skipped by
 * clients.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. LEAKTRACE_A_TARGET_PID is a number of
 * the caller's own PID namespace, in requests and in answers (0: not visible
 * there); thread ids are those of the initial one.
 *
 * Every command needs CAP_SYS_ADMIN or CAP_PERFMON in the initial user namespace.
 *
 *  TARGET_ADD   do    TARGET_PID [TARGET_KINDS TARGET_FLAGS TARGET_MAX_OBJECTS
 *                     TARGET_PARENT TARGET_MAP... TARGET_CHAIN] -> as TARGET_GET.
 *                     Maps and chain are as those of MAPS_SET, there before the
 *                     first event. The
 *                     parent is the target of which this one is a descendant that
 *                     is older than its tracing. The target
 *                     lives until TARGET_DEL or, unless
 *                     LEAKTRACE_TARGET_F_BACKGROUND is set, until the
 *                     requesting socket closes. -EEXIST: already attached.
 *                     -ESRCH: no such process. -ENOSPC: too many targets.
 *  TARGET_DEL   do    TARGET_ID | nothing (all targets)
 *  TARGET_GET   dump  -> one message per target, TARGET_* with nested kinds
 *  TARGET_GET   do    TARGET_ID -> the same for one
 *  STATUS_GET   do    -> STATUS_*
 *  PROBE_GET    dump  -> one message per probe, PROBE_*
 *  SITE_GET     dump  TARGET_ID -> one message per site, SITE_*
 *  OBJECT_GET   dump  TARGET_ID [OBJECT_KIND] -> one message per live object or
 *                     run of pages, OBJECT_*
 *  STACK_GET    dump  TARGET_ID -> one message per stack used by its sites
 *  RECONCILE    do    TARGET_ID -> holds the table against the kernel's own
 *                     state and repairs it; replies as TARGET_GET does
 *  UNWIND_ADD   do    UNWIND_FD, a file that holds an unwind table
 *                     (leaktrace_unwind.h), at its position 0 -> UNWIND_ID. A
 *                     table with the same key is kept once. It stays while a
 *                     map uses it, and for a while after.
 *  UNWIND_GET   do    UNWIND_KEY -> UNWIND_ID, or -ENOENT: not there, compile it
 *  MAPS_SET     do    UNWIND_TARGET, UNWIND_GENERATION, UNWIND_MAP nests: all
 *                     executable mappings of the target, replacing what was
 *                     set before. -ESTALE: the target has new code since that
 *                     generation; read its maps again. [UNWIND_CHAIN]: how to find
 *                     the frames of the script that runs there (leaktrace_chain.h).
 *                     A forked child has both; exec drops them.
 *  GATE_OPEN    do    GATE_TARGET, of kind heap, GATE_FD, a file that holds a plan
 *                     (leaktrace_gate.h) at its position 0 -> as GATE_GET, without
 *                     doors. Writes into the target, so it needs CAP_SYS_ADMIN.
 *                     -EBUSY: it has an open gate. -EEXIST: something else is at
 *                     the gate's address. -ESTALE: at a required door is not what
 *                     the plan says. -EOPNOTSUPP: not on this architecture, or the
 *                     module was loaded without gates=1.
 *  GATE_CLOSE   do    GATE_TARGET. The text is as before; the gate's memory and
 *                     its islands stay, and do nothing.
 *  GATE_GET     dump  [GATE_TARGET] -> one message per gate, GATE_*, and after it
 *                     one per door: GATE_ADDRESS and a GATE_DOOR. Without a target
 *                     also what closed gates have left in processes that live.
 *  PAIR_OPEN    do    PAIR_TARGET, of kind pair, PAIR_DOORS (leaktrace_pair.h): what
 *                     functions of its libraries hand out and take back is followed,
 *                     beside what was before. Exec and its end close the doors.
 *                     -ENOENT: at a door is no code of a file. -ENOSPC: too many.
 *                     -EOPNOTSUPP: not on this architecture.
 *  EVENT        multicast groups "events" and, without BORN and DIED, "targets":
 *                     batches of nested events from one CPU's ring, with the
 *                     sequence number of the first. Each group has its rings.
 *                     Before them comes an empty message of command 0, by which
 *                     the module finds out whether anybody listens. Join, then
 *                     send any request: from its answer on you are known.
 *  STACK_REST         multicast group "targets": the memory above a stack that
 *                     ended early (NOMAP, NOTABLE, NO_CFI, UNSUP), for who has
 *                     all of DWARF. Each once, at most 20 a second of a target.
 */
#ifndef _UAPI_LINUX_LEAKTRACE_H
#define _UAPI_LINUX_LEAKTRACE_H

#include <linux/types.h>

#define LEAKTRACE_FAMILY_NAME		"leaktrace"
#define LEAKTRACE_FAMILY_VERSION	1
/* The newest series of Linux that was tested, here and nowhere else (docs/proof.md). On a
 * newer one the module loads only with untested=1.
 */
#define LEAKTRACE_TESTED_MAJOR		7
#define LEAKTRACE_TESTED_MINOR		2

#define LEAKTRACE_MCGRP_EVENTS		"events"	/* all events */
#define LEAKTRACE_MCGRP_TARGETS		"targets"	/* all but BORN and DIED */

enum leaktrace_cmd {
	LEAKTRACE_CMD_UNSPEC,
	LEAKTRACE_CMD_TARGET_ADD,
	LEAKTRACE_CMD_TARGET_DEL,
	LEAKTRACE_CMD_TARGET_GET,
	LEAKTRACE_CMD_STATUS_GET,
	LEAKTRACE_CMD_PROBE_GET,
	LEAKTRACE_CMD_SITE_GET,
	LEAKTRACE_CMD_OBJECT_GET,
	LEAKTRACE_CMD_STACK_GET,
	LEAKTRACE_CMD_RECONCILE,
	LEAKTRACE_CMD_EVENT,
	LEAKTRACE_CMD_UNWIND_ADD,
	LEAKTRACE_CMD_UNWIND_GET,
	LEAKTRACE_CMD_MAPS_SET,
	LEAKTRACE_CMD_STACK_REST,
	LEAKTRACE_CMD_GATE_OPEN,
	LEAKTRACE_CMD_GATE_CLOSE,
	LEAKTRACE_CMD_GATE_GET,
	LEAKTRACE_CMD_PAIR_OPEN,
	__LEAKTRACE_CMD_MAX
};

#define LEAKTRACE_CMD_MAX (__LEAKTRACE_CMD_MAX - 1)

/* What is followed. Values are bit numbers of LEAKTRACE_A_TARGET_KINDS. */
enum leaktrace_kind {
	LEAKTRACE_KIND_FD,
	LEAKTRACE_KIND_PAGE,
	LEAKTRACE_KIND_TIMER,
	LEAKTRACE_KIND_THREAD,
	LEAKTRACE_KIND_MAP,
	LEAKTRACE_KIND_HEAP,
	LEAKTRACE_KIND_PAIR,
	__LEAKTRACE_KIND_MAX
};

#define LEAKTRACE_KIND_MAX (__LEAKTRACE_KIND_MAX - 1)
#define LEAKTRACE_KINDS_ALL ((1U << __LEAKTRACE_KIND_MAX) - 1)
/* Followed if a request does not say. It stays as it is: what is new is asked for. */
#define LEAKTRACE_KINDS_DEFAULT (1U << LEAKTRACE_KIND_FD | 1U << LEAKTRACE_KIND_PAGE | \
				 1U << LEAKTRACE_KIND_TIMER | 1U << LEAKTRACE_KIND_THREAD)

/* What an object of a kind is. */
enum leaktrace_type {
	LEAKTRACE_TYPE_UNKNOWN,
	/* fd */
	LEAKTRACE_TYPE_FILE,
	LEAKTRACE_TYPE_DIRECTORY,
	LEAKTRACE_TYPE_DEVICE,
	LEAKTRACE_TYPE_SOCKET,
	LEAKTRACE_TYPE_PIPE,
	LEAKTRACE_TYPE_EPOLL,
	LEAKTRACE_TYPE_EVENTFD,
	LEAKTRACE_TYPE_TIMERFD,
	LEAKTRACE_TYPE_SIGNALFD,
	LEAKTRACE_TYPE_INOTIFY,
	LEAKTRACE_TYPE_FANOTIFY,
	LEAKTRACE_TYPE_MEMFD,
	LEAKTRACE_TYPE_PIDFD,
	LEAKTRACE_TYPE_IO_URING,
	LEAKTRACE_TYPE_BPF,
	LEAKTRACE_TYPE_PERF_EVENT,
	LEAKTRACE_TYPE_USERFAULTFD,
	LEAKTRACE_TYPE_ANON_INODE,
	/* page */
	LEAKTRACE_TYPE_ANON,
	LEAKTRACE_TYPE_SHMEM,
	/* timer */
	LEAKTRACE_TYPE_POSIX_TIMER,
	/* thread */
	LEAKTRACE_TYPE_THREAD,
	LEAKTRACE_TYPE_IO_WORKER,
	LEAKTRACE_TYPE_PROCESS,
	/* map; FILE and ANON, too */
	LEAKTRACE_TYPE_STACK,
	LEAKTRACE_TYPE_SHARED,
	LEAKTRACE_TYPE_HUGE,
	/* heap: by allocator */
	LEAKTRACE_TYPE_GLIBC,
	LEAKTRACE_TYPE_MUSL,
	LEAKTRACE_TYPE_JEMALLOC,
	LEAKTRACE_TYPE_TCMALLOC,
	LEAKTRACE_TYPE_MIMALLOC,
	LEAKTRACE_TYPE_ALLOCATOR,
	__LEAKTRACE_TYPE_MAX
};

#define LEAKTRACE_TYPE_MAX (__LEAKTRACE_TYPE_MAX - 1)
/* And on: of kind pair, by the order of TARGET_PAIR, the functions that acquire. */
#define LEAKTRACE_TYPE_PAIR	128

/* LEAKTRACE_A_TARGET_FLAGS. Those of LEAKTRACE_TARGET_F_ALL may be asked for. */
#define LEAKTRACE_TARGET_F_FOLLOW_FORK	(1U << 0) /* children become targets */
#define LEAKTRACE_TARGET_F_BACKGROUND	(1U << 1) /* outlives the socket */
#define LEAKTRACE_TARGET_F_EXITED	(1U << 2) /* numbers are final */
#define LEAKTRACE_TARGET_F_FORKED	(1U << 3) /* came by FOLLOW_FORK */
/* wait up to 1 s for MAPS_SET after exec and dlopen */
#define LEAKTRACE_TARGET_F_HOLD		(1U << 4)
#define LEAKTRACE_TARGET_F_ALL		(LEAKTRACE_TARGET_F_FOLLOW_FORK | \
					 LEAKTRACE_TARGET_F_BACKGROUND | \
					 LEAKTRACE_TARGET_F_HOLD)

/* Reasons why a target's numbers are not exact: LEAKTRACE_A_TARGET_INEXACT. */
#define LEAKTRACE_INEXACT_TABLE_FULL	(1U << 0) /* objects not tracked */
#define LEAKTRACE_INEXACT_SITES_FULL	(1U << 1) /* births without a site */
#define LEAKTRACE_INEXACT_STACKS_FULL	(1U << 2) /* sites without a stack */
#define LEAKTRACE_INEXACT_NO_RECONCILE	(1U << 3) /* not yet held against /proc */
#define LEAKTRACE_INEXACT_PROBE_ABSENT	(1U << 4) /* a needed probe is missing */
#define LEAKTRACE_INEXACT_FD_SPACES	(1U << 5) /* too many private fd tables */
#define LEAKTRACE_INEXACT_NESTED	(1U << 6) /* probe hit inside a probe */
#define LEAKTRACE_INEXACT_WORK_FULL	(1U << 7) /* deferred work pool empty */
#define LEAKTRACE_INEXACT_CHILDREN	(1U << 8) /* a child is no target: too many are */
#define LEAKTRACE_INEXACT_GATE		(1U << 9) /* heap: releases that were not seen */
#define LEAKTRACE_INEXACT_PAIR		(1U << 10) /* pair: too many calls: some were forgotten */

/* Attributes of a target and of most requests. */
enum leaktrace_a_target {
	LEAKTRACE_A_TARGET_UNSPEC,
	LEAKTRACE_A_TARGET_PAD,
	LEAKTRACE_A_TARGET_ID,			/* u32, never 0, never reused */
	LEAKTRACE_A_TARGET_PID,			/* u32 */
	LEAKTRACE_A_TARGET_KINDS,		/* u32, bits 1 << KIND */
	LEAKTRACE_A_TARGET_FLAGS,		/* u32, LEAKTRACE_TARGET_F_* */
	LEAKTRACE_A_TARGET_MAX_OBJECTS,		/* u32, 0: module's default */
	LEAKTRACE_A_TARGET_PARENT,		/* u32, TARGET_ID, if FORKED or so added */
	LEAKTRACE_A_TARGET_COMM,		/* string */
	LEAKTRACE_A_TARGET_NOW_NS,		/* u64 */
	LEAKTRACE_A_TARGET_ATTACHED_NS,		/* u64 */
	LEAKTRACE_A_TARGET_EXITED_NS,		/* u64, if EXITED */
	LEAKTRACE_A_TARGET_EXIT_CODE,		/* u32, as wait(2), if EXITED */
	LEAKTRACE_A_TARGET_EXECS,		/* u32, since attach */
	LEAKTRACE_A_TARGET_INEXACT,		/* u32, LEAKTRACE_INEXACT_*; 0: exact */
	LEAKTRACE_A_TARGET_RECONCILED_NS,	/* u64, last time, 0: never */
	LEAKTRACE_A_TARGET_KIND,		/* nest, LEAKTRACE_A_KIND_*, one a kind */
	LEAKTRACE_A_TARGET_OBJECT_KIND,		/* u8, request filter of OBJECT_GET */
	LEAKTRACE_A_TARGET_GENERATION,		/* u32, grows with new code: for MAPS_SET */
	LEAKTRACE_A_TARGET_MAPS,		/* u32, mappings set now */
	LEAKTRACE_A_TARGET_MAP,			/* nest, LEAKTRACE_A_MAP_*, many, sorted by START */
	LEAKTRACE_A_TARGET_LOST,		/* nest, STATUS_LOST_*, since attach */
	LEAKTRACE_A_TARGET_CHILDREN_DROPPED,	/* u32, exited ones that made room for others */
	LEAKTRACE_A_TARGET_CHAIN,		/* binary, struct leaktrace_chain */
	LEAKTRACE_A_TARGET_PAIR,		/* string, a function that acquires, many */
	__LEAKTRACE_A_TARGET_MAX
};

#define LEAKTRACE_A_TARGET_MAX (__LEAKTRACE_A_TARGET_MAX - 1)

/*
 * One kind's totals in one target. live = baseline + born - died, and the
 * difference between the table and the kernel at the last reconcile is in
 * the missed counters (already included in born and died).
 */
enum leaktrace_a_kind {
	LEAKTRACE_A_KIND_UNSPEC,
	LEAKTRACE_A_KIND_PAD,
	LEAKTRACE_A_KIND_ID,			/* u8 */
	LEAKTRACE_A_KIND_BASELINE,		/* u64, alive at attach */
	LEAKTRACE_A_KIND_BASELINE_LIVE,		/* u64, of these still alive */
	LEAKTRACE_A_KIND_BORN,			/* u64 */
	LEAKTRACE_A_KIND_DIED,			/* u64, baseline's deaths included */
	LEAKTRACE_A_KIND_LIVE,			/* u64, baseline included */
	LEAKTRACE_A_KIND_BYTES,			/* u64, of LIVE; pages only */
	LEAKTRACE_A_KIND_MISSED_BIRTHS,		/* u64, added by reconcile */
	LEAKTRACE_A_KIND_MISSED_DEATHS,		/* u64, removed by reconcile */
	LEAKTRACE_A_KIND_REBORN,		/* u64, births on a live key */
	LEAKTRACE_A_KIND_FOREIGN,		/* u64, deaths on an absent key */
	LEAKTRACE_A_KIND_UNTRACKED,		/* u64, alive but in no table */
	LEAKTRACE_A_KIND_MOVED,			/* u64, pages moved by mremap */
	__LEAKTRACE_A_KIND_MAX
};

#define LEAKTRACE_A_KIND_MAX (__LEAKTRACE_A_KIND_MAX - 1)

/* The module as a whole. */
enum leaktrace_a_status {
	LEAKTRACE_A_STATUS_UNSPEC,
	LEAKTRACE_A_STATUS_PAD,
	LEAKTRACE_A_STATUS_VERSION,		/* string, module version */
	LEAKTRACE_A_STATUS_TRACING,		/* u8, probes are on */
	LEAKTRACE_A_STATUS_STOPPED,		/* string, why tracing was given up */
	LEAKTRACE_A_STATUS_TARGETS,		/* u32 */
	LEAKTRACE_A_STATUS_TARGETS_MAX,		/* u32 */
	LEAKTRACE_A_STATUS_OBJECTS,		/* u64 */
	LEAKTRACE_A_STATUS_OBJECTS_MAX,		/* u64 */
	LEAKTRACE_A_STATUS_PAGE_CELLS,		/* u64, 256-byte cells of the page table */
	LEAKTRACE_A_STATUS_PAGE_CELLS_MAX,	/* u64 */
	LEAKTRACE_A_STATUS_SITES,		/* u64 */
	LEAKTRACE_A_STATUS_SITES_MAX,		/* u64 */
	LEAKTRACE_A_STATUS_STACKS,		/* u64 */
	LEAKTRACE_A_STATUS_STACKS_MAX,		/* u64 */
	LEAKTRACE_A_STATUS_RING_BYTES,		/* u64, one CPU's ring */
	LEAKTRACE_A_STATUS_RING_USED_BYTES,	/* u64, the fullest ring now */
	LEAKTRACE_A_STATUS_MEMORY_BYTES,	/* u64, all kernel memory in use */
	LEAKTRACE_A_STATUS_EVENTS,		/* u64, sent to a ring */
	LEAKTRACE_A_STATUS_LOST_RING,		/* u64, events: ring full */
	LEAKTRACE_A_STATUS_LOST_SOCKET,		/* u64, events: no room (NETLINK_BROADCAST_ERROR) */
	LEAKTRACE_A_STATUS_LOST_OBJECTS,	/* u64, births: table full */
	LEAKTRACE_A_STATUS_LOST_SITES,		/* u64, births: site table full */
	LEAKTRACE_A_STATUS_LOST_STACKS,		/* u64, births: stack table full */
	LEAKTRACE_A_STATUS_LOST_NESTED,		/* u64, probe hit inside a probe */
	LEAKTRACE_A_STATUS_LOST_WORK,		/* u64, deferred work pool empty */
	LEAKTRACE_A_STATUS_WORKS,		/* u64, deferred work pending now */
	LEAKTRACE_A_STATUS_UNWIND_TABLES,	/* u64, kept */
	LEAKTRACE_A_STATUS_UNWIND_BYTES,	/* u64, of these, included in MEMORY_BYTES */
	LEAKTRACE_A_STATUS_CPUS,		/* u64, processors that have memory for events */
	LEAKTRACE_A_STATUS_CPU_BYTES,		/* u64, of one of these, included in MEMORY_BYTES */
	__LEAKTRACE_A_STATUS_MAX
};

#define LEAKTRACE_A_STATUS_MAX (__LEAKTRACE_A_STATUS_MAX - 1)

/* How a probe is attached. */
enum leaktrace_probe_how {
	LEAKTRACE_PROBE_TRACEPOINT,
	LEAKTRACE_PROBE_FTRACE,
	LEAKTRACE_PROBE_MMU_NOTIFIER,
};

enum leaktrace_a_probe {
	LEAKTRACE_A_PROBE_UNSPEC,
	LEAKTRACE_A_PROBE_PAD,
	LEAKTRACE_A_PROBE_NAME,			/* string */
	LEAKTRACE_A_PROBE_HOW,			/* u8, enum leaktrace_probe_how */
	LEAKTRACE_A_PROBE_KINDS,		/* u32, bits 1 << KIND it serves */
	LEAKTRACE_A_PROBE_REQUIRED,		/* u8 */
	LEAKTRACE_A_PROBE_PRESENT,		/* u8, this kernel has it */
	LEAKTRACE_A_PROBE_ATTACHED,		/* u8, it is on now */
	LEAKTRACE_A_PROBE_ERROR,		/* s32, negative errno of the last try */
	LEAKTRACE_A_PROBE_HITS,			/* u64, on targets */
	LEAKTRACE_A_PROBE_WHY,			/* string: what it is for, or why absent */
	__LEAKTRACE_A_PROBE_MAX
};

#define LEAKTRACE_A_PROBE_MAX (__LEAKTRACE_A_PROBE_MAX - 1)

/* LEAKTRACE_A_SITE_LIFETIMES: bucket i counts lifetimes in [2^i, 2^(i+1)) us;
 * the first also those below, the last also those above.
 */
#define LEAKTRACE_LIFETIME_BUCKETS	36
#define LEAKTRACE_RELEASES_MAX		4

enum leaktrace_a_site {
	LEAKTRACE_A_SITE_UNSPEC,
	LEAKTRACE_A_SITE_PAD,
	LEAKTRACE_A_SITE_ID,			/* u32 */
	LEAKTRACE_A_SITE_KIND,			/* u8 */
	LEAKTRACE_A_SITE_TYPE,			/* u8, enum leaktrace_type */
	LEAKTRACE_A_SITE_STACK,			/* u32, 0: unknown */
	LEAKTRACE_A_SITE_BORN,			/* u64 */
	LEAKTRACE_A_SITE_DIED,			/* u64 */
	LEAKTRACE_A_SITE_FIRST_NS,		/* u64, first birth */
	LEAKTRACE_A_SITE_LAST_NS,		/* u64, last birth */
	LEAKTRACE_A_SITE_LAST_DIED_NS,		/* u64, 0: none */
	LEAKTRACE_A_SITE_LIFETIME_MAX_NS,	/* u64 */
	LEAKTRACE_A_SITE_LIFETIME_SUM_NS,	/* u64 */
	LEAKTRACE_A_SITE_LIFETIMES,		/* nest: u32 array, see above */
	LEAKTRACE_A_SITE_RELEASE,		/* nest, LEAKTRACE_A_RELEASE_*, up to 4 */
	LEAKTRACE_A_SITE_RELEASED_ELSEWHERE,	/* u64, deaths in no RELEASE row */
	LEAKTRACE_A_SITE_TARGET,		/* u32, TARGET_ID */
	__LEAKTRACE_A_SITE_MAX
};

#define LEAKTRACE_A_SITE_MAX (__LEAKTRACE_A_SITE_MAX - 1)

enum leaktrace_a_release {
	LEAKTRACE_A_RELEASE_UNSPEC,
	LEAKTRACE_A_RELEASE_PAD,
	LEAKTRACE_A_RELEASE_STACK,		/* u32, 0: unknown */
	LEAKTRACE_A_RELEASE_COUNT,		/* u64 */
	__LEAKTRACE_A_RELEASE_MAX
};

#define LEAKTRACE_A_RELEASE_MAX (__LEAKTRACE_A_RELEASE_MAX - 1)

/* LEAKTRACE_A_OBJECT_FLAGS */
#define LEAKTRACE_OBJECT_F_BASELINE	(1U << 0) /* alive before attach */
#define LEAKTRACE_OBJECT_F_FOUND	(1U << 1) /* found by reconcile, no stack */
#define LEAKTRACE_OBJECT_F_ARMED	(1U << 2) /* timer: armed now */
#define LEAKTRACE_OBJECT_F_ZOMBIE	(1U << 3) /* process: exited, not reaped */
#define LEAKTRACE_OBJECT_F_EXITED	(1U << 4) /* thread: exited; not live; see CTID */
#define LEAKTRACE_OBJECT_F_INHERITED	(1U << 5) /* baseline that fork copied */
#define LEAKTRACE_OBJECT_F_SPLIT	(1U << 6) /* map: cut from another one */

enum leaktrace_a_object {
	LEAKTRACE_A_OBJECT_UNSPEC,
	LEAKTRACE_A_OBJECT_PAD,
	LEAKTRACE_A_OBJECT_KIND,		/* u8 */
	LEAKTRACE_A_OBJECT_TYPE,		/* u8 */
	LEAKTRACE_A_OBJECT_ID,			/* u64: descriptor, address, timer, tid, handle */
	LEAKTRACE_A_OBJECT_COUNT,		/* u32, pages of a run; absent: 1 */
	LEAKTRACE_A_OBJECT_SITE,		/* u32, 0: baseline or unknown */
	LEAKTRACE_A_OBJECT_BORN_NS,		/* u64, 0: baseline */
	LEAKTRACE_A_OBJECT_FLAGS,		/* u32 */
	LEAKTRACE_A_OBJECT_SPACE,		/* u32, fd: 0 main table, else a thread's own */
	LEAKTRACE_A_OBJECT_CLOCK,		/* u32, timer: clockid_t */
	LEAKTRACE_A_OBJECT_INTERVAL_NS,		/* u64, timer */
	LEAKTRACE_A_OBJECT_EXPIRATIONS,		/* u64, timer: signals since attach */
	LEAKTRACE_A_OBJECT_OVERRUNS,		/* u64, timer */
	LEAKTRACE_A_OBJECT_CTID,		/* u64, thread: address of its tid word */
	LEAKTRACE_A_OBJECT_EXITED_NS,		/* u64, thread with F_EXITED, zombie */
	LEAKTRACE_A_OBJECT_BYTES,		/* u64, map, heap: its size */
	LEAKTRACE_A_OBJECT_MEAN_BYTES,		/* u64, heap: mean distance of samples then */
	__LEAKTRACE_A_OBJECT_MAX
};

#define LEAKTRACE_A_OBJECT_MAX (__LEAKTRACE_A_OBJECT_MAX - 1)

/* Where a stack walk ended: LEAKTRACE_A_STACK_STATUS. */
enum leaktrace_stack_status {
	LEAKTRACE_STACK_ROOT,		/* complete: a root was reached */
	LEAKTRACE_STACK_DEPTH,		/* the depth limit */
	LEAKTRACE_STACK_FAULT,		/* stack memory not readable without a fault */
	LEAKTRACE_STACK_NOPROGRESS,	/* next frame not above this one, or misaligned */
	LEAKTRACE_STACK_NONE,		/* no user context (kernel thread, remote access) */
	LEAKTRACE_STACK_COMPAT,		/* 32-bit task */
	LEAKTRACE_STACK_LOST,		/* stack table full */
	LEAKTRACE_STACK_NOMAP,		/* pc in no known mapping */
	LEAKTRACE_STACK_NOTABLE,	/* no unwind table */
	LEAKTRACE_STACK_NO_CFI,		/* no row covers this pc */
	LEAKTRACE_STACK_UNSUP,		/* a rule we do not evaluate */
	LEAKTRACE_STACK_STALE,		/* mapping changed under the table */
	LEAKTRACE_STACK_JIT,		/* anonymous executable memory */
	LEAKTRACE_STACK_UPROBE,		/* uprobe trampoline */
	__LEAKTRACE_STACK_MAX
};

/* How the walk through a script's frames ended: LEAKTRACE_A_STACK_CHAIN. */
enum leaktrace_chain_status {
	LEAKTRACE_CHAIN_NONE,		/* no description of any */
	LEAKTRACE_CHAIN_WHOLE,		/* all frames are there */
	LEAKTRACE_CHAIN_NO_STATE,	/* the thread runs no script */
	LEAKTRACE_CHAIN_FAULT,		/* memory not readable without a fault */
	LEAKTRACE_CHAIN_BUDGET,		/* more frames than are followed */
	__LEAKTRACE_CHAIN_MAX
};

#define LEAKTRACE_STACK_DEPTH_MAX	1024
#define LEAKTRACE_STACK_REST_BYTES	(16 << 10) /* of LEAKTRACE_A_STACK_MEMORY */

enum leaktrace_a_stack {
	LEAKTRACE_A_STACK_UNSPEC,
	LEAKTRACE_A_STACK_PAD,
	LEAKTRACE_A_STACK_ID,			/* u32 */
	LEAKTRACE_A_STACK_STATUS,		/* u8, enum leaktrace_stack_status */
	LEAKTRACE_A_STACK_GUESSED,		/* u8, frames found by frame pointer only */
	LEAKTRACE_A_STACK_PCS,			/* binary: u64 each, innermost first; chain last */
	LEAKTRACE_A_STACK_TARGET,		/* u32, TARGET_ID; this and below: STACK_REST */
	LEAKTRACE_A_STACK_KEPT,			/* u32, frames of the stack that stand */
	LEAKTRACE_A_STACK_IP,			/* u64, within the last of them */
	LEAKTRACE_A_STACK_SP,			/* u64, of that frame */
	LEAKTRACE_A_STACK_BP,			/* u64, of that frame; absent: not known */
	LEAKTRACE_A_STACK_MEMORY,		/* binary, from SP on, at most 16 KiB */
	LEAKTRACE_A_STACK_CHAIN,		/* u8, enum leaktrace_chain_status */
	__LEAKTRACE_A_STACK_MAX
};

#define LEAKTRACE_A_STACK_MAX (__LEAKTRACE_A_STACK_MAX - 1)

/* LEAKTRACE_A_MAP_FLAGS */
#define LEAKTRACE_MAP_F_JIT	(1U << 0) /* no table: code made at run time */
#define LEAKTRACE_MAP_F_NO_CFI	(1U << 1) /* no table: a file without any */

/* Attributes of UNWIND_ADD, UNWIND_GET and MAPS_SET. */
enum leaktrace_a_unwind {
	LEAKTRACE_A_UNWIND_UNSPEC,
	LEAKTRACE_A_UNWIND_PAD,
	LEAKTRACE_A_UNWIND_TARGET,		/* u32, TARGET_ID */
	LEAKTRACE_A_UNWIND_FD,			/* u32, open file of the caller */
	LEAKTRACE_A_UNWIND_ID,			/* u32, never 0 */
	LEAKTRACE_A_UNWIND_KEY,			/* binary, 24 bytes */
	LEAKTRACE_A_UNWIND_GENERATION,		/* u32, TARGET_GENERATION when maps were read */
	LEAKTRACE_A_UNWIND_MAP,			/* nest, LEAKTRACE_A_MAP_*, many, sorted by START */
	LEAKTRACE_A_UNWIND_CHAIN,		/* binary, struct leaktrace_chain */
	__LEAKTRACE_A_UNWIND_MAX
};

#define LEAKTRACE_A_UNWIND_MAX (__LEAKTRACE_A_UNWIND_MAX - 1)

enum leaktrace_a_map {
	LEAKTRACE_A_MAP_UNSPEC,
	LEAKTRACE_A_MAP_PAD,
	LEAKTRACE_A_MAP_START,			/* u64, address in the target */
	LEAKTRACE_A_MAP_END,			/* u64 */
	LEAKTRACE_A_MAP_BIAS,			/* u64, address - ELF virtual address */
	LEAKTRACE_A_MAP_TABLE,			/* u32, UNWIND_ID; 0: none */
	LEAKTRACE_A_MAP_FLAGS,			/* u32, LEAKTRACE_MAP_F_* */
	__LEAKTRACE_A_MAP_MAX
};

#define LEAKTRACE_A_MAP_MAX (__LEAKTRACE_A_MAP_MAX - 1)

enum leaktrace_gate_state {
	LEAKTRACE_GATE_OPEN,
	LEAKTRACE_GATE_CLOSED,
};

/* A target's gate, or what a closed one has left behind. */
enum leaktrace_a_gate {
	LEAKTRACE_A_GATE_UNSPEC,
	LEAKTRACE_A_GATE_PAD,
	LEAKTRACE_A_GATE_TARGET,		/* u32, TARGET_ID it is or was of */
	LEAKTRACE_A_GATE_FD,			/* u32, open file of the caller */
	LEAKTRACE_A_GATE_PID,			/* u32, initial pid namespace */
	LEAKTRACE_A_GATE_STATE,			/* u8, enum leaktrace_gate_state */
	LEAKTRACE_A_GATE_ADDRESS,		/* u64 */
	LEAKTRACE_A_GATE_BYTES,			/* u64, of the target's memory */
	LEAKTRACE_A_GATE_MEAN_BYTES,		/* u64, mean distance of samples */
	LEAKTRACE_A_GATE_ISLANDS,		/* u32, jumps in padding */
	LEAKTRACE_A_GATE_BIRTHS,		/* u64, announced */
	LEAKTRACE_A_GATE_DEATHS,		/* u64, announced, of sampled blocks */
	LEAKTRACE_A_GATE_STRANGERS,		/* u64, of blocks that were none */
	LEAKTRACE_A_GATE_INNER,			/* u64, births inside another entry, left */
	LEAKTRACE_A_GATE_DROPPED,		/* u64, no block was made */
	LEAKTRACE_A_GATE_UNDONE,		/* u64, realloc failed */
	LEAKTRACE_A_GATE_LOST_TAGS,		/* u64, births: no slot was free */
	LEAKTRACE_A_GATE_LOST_OBJECTS,		/* u64, births: table full */
	LEAKTRACE_A_GATE_LOST_FAULTS,		/* u64, the gate's memory is gone */
	LEAKTRACE_A_GATE_LOST_UNDOS,		/* u64, which block lives on is not known */
	LEAKTRACE_A_GATE_INVALID,		/* u64, announcements that make no sense */
	LEAKTRACE_A_GATE_CHILDREN,		/* u64, that closed their doors */
	LEAKTRACE_A_GATE_LOST_CHILDREN,		/* u64, that could not */
	LEAKTRACE_A_GATE_DOOR,			/* nest, LEAKTRACE_A_DOOR_* */
	__LEAKTRACE_A_GATE_MAX
};

#define LEAKTRACE_A_GATE_MAX (__LEAKTRACE_A_GATE_MAX - 1)

enum leaktrace_door_state {
	LEAKTRACE_DOOR_CLOSED,
	LEAKTRACE_DOOR_OPEN,
	LEAKTRACE_DOOR_TRAPPED,			/* a uprobe stands there: bypassed */
	LEAKTRACE_DOOR_REFUSED,			/* could not be opened: ERROR */
};

enum leaktrace_a_door {
	LEAKTRACE_A_DOOR_UNSPEC,
	LEAKTRACE_A_DOOR_PAD,
	LEAKTRACE_A_DOOR_NAME,			/* string, the function's */
	LEAKTRACE_A_DOOR_ADDRESS,		/* u64, of the instruction */
	LEAKTRACE_A_DOOR_ENTRY,			/* u8, enum leaktrace_gate_entry */
	LEAKTRACE_A_DOOR_TYPE,			/* u8, enum leaktrace_type */
	LEAKTRACE_A_DOOR_STATE,			/* u8, enum leaktrace_door_state */
	LEAKTRACE_A_DOOR_ERROR,			/* s32, negative errno */
	LEAKTRACE_A_DOOR_TRAPS,			/* u64, passed by a uprobe while open */
	__LEAKTRACE_A_DOOR_MAX
};

#define LEAKTRACE_A_DOOR_MAX (__LEAKTRACE_A_DOOR_MAX - 1)

enum leaktrace_event_op {
	LEAKTRACE_EVENT_BORN,
	LEAKTRACE_EVENT_DIED,
	LEAKTRACE_EVENT_EXEC,			/* the target called execve */
	LEAKTRACE_EVENT_EXIT,			/* the target is gone */
	LEAKTRACE_EVENT_FORK,			/* a child became a target: ID */
	LEAKTRACE_EVENT_DETACH,			/* tracing ended */
	LEAKTRACE_EVENT_MAPS,			/* executable mappings changed: MAPS_SET is due */
	__LEAKTRACE_EVENT_MAX
};

/* One message holds one CPU's batch. */
/* Attributes of PAIR_OPEN. */
enum leaktrace_a_pair {
	LEAKTRACE_A_PAIR_UNSPEC,
	LEAKTRACE_A_PAIR_PAD,
	LEAKTRACE_A_PAIR_TARGET,		/* u32, TARGET_ID */
	LEAKTRACE_A_PAIR_DOORS,			/* binary, struct leaktrace_pair_door, many */
	__LEAKTRACE_A_PAIR_MAX
};

#define LEAKTRACE_A_PAIR_MAX (__LEAKTRACE_A_PAIR_MAX - 1)

enum leaktrace_a_batch {
	LEAKTRACE_A_BATCH_UNSPEC,
	LEAKTRACE_A_BATCH_PAD,
	LEAKTRACE_A_BATCH_CPU,			/* u32 */
	LEAKTRACE_A_BATCH_SEQ,			/* u64, of the first event here */
	LEAKTRACE_A_BATCH_LOST,			/* u64, on this CPU since load */
	LEAKTRACE_A_BATCH_EVENT,		/* nest, LEAKTRACE_A_EVENT_*, many */
	__LEAKTRACE_A_BATCH_MAX
};

#define LEAKTRACE_A_BATCH_MAX (__LEAKTRACE_A_BATCH_MAX - 1)

enum leaktrace_a_event {
	LEAKTRACE_A_EVENT_UNSPEC,
	LEAKTRACE_A_EVENT_PAD,
	LEAKTRACE_A_EVENT_OP,			/* u8, enum leaktrace_event_op */
	LEAKTRACE_A_EVENT_KIND,			/* u8, BORN and DIED */
	LEAKTRACE_A_EVENT_TARGET,		/* u32 */
	LEAKTRACE_A_EVENT_TIME_NS,		/* u64 */
	LEAKTRACE_A_EVENT_ID,			/* u64, object id; FORK: child's TARGET_ID */
	LEAKTRACE_A_EVENT_COUNT,		/* u32, pages; absent: 1 */
	LEAKTRACE_A_EVENT_SITE,			/* u32, BORN and DIED; 0: baseline */
	LEAKTRACE_A_EVENT_STACK,		/* u32, DIED: where; BORN: the site's */
	LEAKTRACE_A_EVENT_TID,			/* u32, in the initial pid namespace, as ID */
	__LEAKTRACE_A_EVENT_MAX
};

#define LEAKTRACE_A_EVENT_MAX (__LEAKTRACE_A_EVENT_MAX - 1)

#endif /* _UAPI_LINUX_LEAKTRACE_H */
