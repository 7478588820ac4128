/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contents of trace files, for writer, reader and compaction.
 * docs/trace-format.md describes the records; the numbers below are part of the
 * format.
 */
#ifndef LEAKTRACE_TRACE_H
#define LEAKTRACE_TRACE_H

#include "leaktrace.h"

enum { META_EXE = 1, META_HOSTNAME, META_KERNEL, META_WALL_MINUS_MONO_US, META_FD_LIMIT,
       META_VERSION, META_INTERRUPTED, META_LIMIT, META_MAX = META_LIMIT };
enum { SYM_PC = 1, SYM_RETURN, SYM_FRAME, SYM_MAX = SYM_FRAME };
enum { FRAME_FUNCTION = 1, FRAME_FILE, FRAME_LINE, FRAME_MODULE, FRAME_BUILD_ID, FRAME_OFFSET,
       FRAME_INLINED, FRAME_MAX = FRAME_INLINED };
enum { EX_KIND = 1, EX_SPACE, EX_ID, EX_BORN_NS, EX_WHAT, EX_MAX = EX_WHAT };
enum { SNAPSHOT_TARGET = 1, SNAPSHOT_TIME_NS, SNAPSHOT_MAX = SNAPSHOT_TIME_NS };
enum { POINT_TARGET = 1, POINT_TIME_NS, POINT_KINDS, POINT_SITES, POINT_LOAD,
       POINT_MAX = POINT_LOAD };
enum { EVENTS_LIST = 1 };

enum { FRAMES_MAX = 64, MESSAGE_BYTES = 64 << 10 };

/* Rows of POINT and EVENTS, little endian. */
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

struct point {
	uint32_t target;
	uint64_t time_ns;
	struct kind_row kinds[KINDS];	/* in the host's byte order */
	struct site_row *sites;		/* the reader's are malloced */
	size_t nkinds, nsites;
	struct proc_load load;
};

_Static_assert(sizeof(struct kind_row) == 32 && sizeof(struct site_row) == 24 &&
	       sizeof(struct load_row) == 24 &&
	       sizeof(struct event_row) == 40, "as in docs/trace-format.md");

/* Rows per attribute, which holds less than 64 KiB. */
enum { ROWS_MAX = 2000, EVENT_ROWS_MAX = 1000 };

/* writer.c */
struct written_set {				/* what the file already has of a target */
	uint32_t *stack;
	uint64_t *pc;			/* pc * 2, plus 1 for a return address */
	size_t nstacks, npcs, nrests;
	uint64_t maps_hash;
};

void written_set_clear(struct written_set *k);

/*
 * Writes a snapshot of m->target: the kernel's tables, which are read into m as
 * well, and names that are not in the file yet. 0 or -errno.
 */
int trace_put_tables(struct client *c, struct model *m, struct file_writer *w, struct written_set *k);
int trace_put_names(struct model *m, struct file_writer *w, bool symbols, struct written_set *k);
int trace_put_edge(struct file_writer *w, unsigned int type, const struct target *t);
int trace_put_point(struct file_writer *w, const struct point *p);
int trace_put_events(struct file_writer *w, const struct event_row *e, size_t n);

/* records.c: decodes records; 0, -EBADMSG or -ENOMEM */
/* META: data about the host goes to m, data about the target to snapshot. */
int trace_take_meta(struct model *m, struct model *snapshot, struct nlattr *attrs, int len);
int trace_take_symbol(struct model *m, struct nlattr *attrs, int len);
int trace_take_example(struct model *m, struct nlattr *attrs, int len);
int trace_take_maps(struct model *m, const void *data, size_t len);
int trace_edge(struct nlattr *attrs, int len, uint32_t *target, uint64_t *time_ns);
int trace_point(struct nlattr *attrs, int len, struct point *p);

/* reader.c */
struct trace_target {
	uint32_t id, pid;
	uint64_t attached_ns;
	char comm[64], exe[256];	/* as of the last snapshot; may be truncated */
};

struct trace_survey {			/* free targets */
	struct trace_target *targets;	/* in order of appearance; at least one */
	size_t n;
	uint64_t first_ns, last_ns;	/* of any snapshot or point */
	double wall_minus_mono_s;
	bool recording;			/* more than one snapshot */
};

int trace_survey(const char *path, struct trace_survey *s, char *err, size_t errlen);

/*
 * Selects part of a recording: what happened to a target after from_ns and up
 * to to_ns, as precisely as its snapshots allow. base is the last snapshot up
 * to from_ns; m is the last one up to to_ns, or if there is none between the
 * two, the first one after. base may be NULL; it stays empty (target.id 0) if
 * tracing began later.
 */
struct trace_part {
	uint32_t target;		/* 0: the first */
	uint64_t from_ns, to_ns;	/* 0, UINT64_MAX: all */
};

int trace_read_part(const char *path, const struct trace_part *part, struct model *m,
		    struct model *base, char *err, size_t errlen);

#endif
