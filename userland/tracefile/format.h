/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contents of trace files, for writer, reader and compaction.
 * docs/trace-format.md describes the records; the numbers below are part of the
 * format.
 */
#ifndef LEAKTRACE_TRACEFILE_FORMAT_H
#define LEAKTRACE_TRACEFILE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "model/kind.h"
#include "model/proc_load.h"

/* Types of records other than the kernel's messages. */
enum { RECORD_META = 0x100, RECORD_SYMBOL, RECORD_MAPS, RECORD_EXAMPLE,
       RECORD_BEGIN, RECORD_END, RECORD_POINT, RECORD_EVENTS, RECORD_CHILDREN, RECORD_TAIL_CALLS,
       RECORD_RUNTIME_SITE };

/* Their attributes. */
enum { META_EXE = 1, META_HOSTNAME, META_KERNEL, META_WALL_MINUS_MONO_US, META_FD_LIMIT,
       META_VERSION, META_INTERRUPTED, META_LIMIT, META_CGROUP, META_CONTAINER, META_POD, META_BASELINE,
       META_LEDGER, META_OOM_KILLED, META_MAX = META_OOM_KILLED };
enum { SYM_PC = 1, SYM_RETURN, SYM_FRAME, SYM_MAX = SYM_FRAME };
enum { FRAME_FUNCTION = 1, FRAME_FILE, FRAME_LINE, FRAME_MODULE, FRAME_BUILD_ID, FRAME_OFFSET,
       FRAME_INLINED, FRAME_LEADS_BY_INFERENCE, FRAME_NOT_CALLED, FRAME_MISSING_DEBUG,
       FRAME_RUST_LIBRARY, FRAME_SCRIPT, FRAME_MAX = FRAME_SCRIPT };
enum { TAIL_INNER = 1, TAIL_INNER_RETURN, TAIL_FRAME, TAIL_OUTER, TAIL_MAX = TAIL_OUTER };
enum { EX_KIND = 1, EX_SPACE, EX_ID, EX_BORN_NS, EX_WHAT, EX_MAX = EX_WHAT };
enum { SNAPSHOT_TARGET = 1, SNAPSHOT_TIME_NS, SNAPSHOT_MAX = SNAPSHOT_TIME_NS };
enum { POINT_TARGET = 1, POINT_TIME_NS, POINT_KINDS, POINT_SITES, POINT_LOAD,
       POINT_MAX = POINT_LOAD };
enum { EVENTS_LIST = 1 };
enum { CHILDREN_TIME_NS = 1, CHILDREN_LOOKS, CHILDREN_TOTAL, CHILDREN_LIST, CHILDREN_ENDED,
       CHILDREN_LAST = CHILDREN_ENDED };
enum { RUNTIME_ID = 1, RUNTIME_KIND, RUNTIME_TYPE, RUNTIME_COUNTS, RUNTIME_OWN, RUNTIME_VERDICT, RUNTIME_CONFIDENCE,
       RUNTIME_RATE, RUNTIME_EVIDENCE, RUNTIME_ROOT, RUNTIME_CHAIN, RUNTIME_GROWN_BYTES, RUNTIME_BY, RUNTIME_FRAME,
       RUNTIME_LAST = RUNTIME_FRAME };

enum { FRAMES_MAX = 64, MESSAGE_BYTES = 64 << 10 };

/* Sites of a runtime in a snapshot, and frames of each. */
enum { RUNTIME_SITES_MAX = 1000, RUNTIME_FRAMES_MAX = 128 };

/* Rows of POINT, EVENTS, CHILDREN and RUNTIME_SITE, little endian. */
struct kind_row {
	uint32_t kind, reserved;
	uint64_t born, died, live;
};

struct site_row {
	uint32_t site, kind;
	uint64_t born, died;
};

struct load_row {
	uint64_t read_bytes, written_bytes, cpu_us;
};

struct event_row {
	uint64_t time_ns, id;
	uint32_t target, site, stack, tid, count;
	uint8_t op, kind;
	uint16_t reserved;
};

struct child_row {
	uint64_t forked_ns;
	uint32_t pid;
	uint8_t flags, reserved[3];	/* CHILD_ROW_… */
	char comm[32];			/* 0 bytes behind it */
};

enum { CHILD_ROW_ZOMBIE = 1, CHILD_ROW_TRACED = 2, CHILD_ROW_OBJECT = 4 };

struct ended_row {			/* of a group of children */
	uint32_t group, reserved;
	uint64_t ended, lifetime_max_ns;
	uint32_t lifetimes[36];
};

struct runtime_row {
	uint64_t baseline, live, baseline_bytes, bytes, in_thread, age_max_us;
};

_Static_assert(sizeof(struct kind_row) == 32 && sizeof(struct site_row) == 24 &&
	       sizeof(struct load_row) == 24 &&
	       sizeof(struct event_row) == 40 && sizeof(struct child_row) == 48 &&
	       sizeof(struct ended_row) == 168 && sizeof(struct runtime_row) == 48, "as in trace-format.md");

/* Rows per attribute, which holds less than 64 KiB. */
enum { ROWS_MAX = 2000, EVENT_ROWS_MAX = 1000, CHILD_ROWS_MAX = 1000 };

/* A POINT: a target's counters at one time. */
struct point {
	uint32_t target;
	uint64_t time_ns;		/* CLOCK_MONOTONIC of the traced host */
	struct kind_row kinds[KINDS];	/* in the host's byte order */
	struct site_row *sites;		/* the reader's are malloced */
	size_t nkinds, nsites;
	struct proc_load load;
};

#endif
