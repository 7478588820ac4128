/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An invented recording. Target 7 leaks a descriptor a second at conn_open, and
 * opens and closes ten at log_line. Numbers of a moment follow from its second.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "analysis/analysis.h"
#include "model/history.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "report/text.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/reader.h"
#include "tracefile/writer.h"
#include "util/style.h"
#include "util/units.h"
#include "check.h"

enum { TARGET = 7, LEAKING = 1, RESTING = 2, ATTACHED_S = 1000, WALL_S = 1600000000 };

static struct nl_msg *msg;

static inline void begin_message(void)
{
	msg = nlmsg_alloc_size(1 << 16);
	nlmsg_put(msg, 0, 0, 0, 0, 0);
}

static inline void end_message(struct file_writer *w, unsigned int type)
{
	file_append(w, type, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)));
	nlmsg_free(msg);
}

static inline struct target target_at(uint32_t id, unsigned int s)
{
	struct target t = {
		.id = id, .pid = 4000 + id, .kinds = 1 << LEAKTRACE_KIND_FD, .comm = "server",
		.attached_ns = ATTACHED_S * NSEC_PER_SEC, .now_ns = (ATTACHED_S + s) * NSEC_PER_SEC,
	};

	t.kind[LEAKTRACE_KIND_FD] = (struct kind_totals){
		.present = true, .baseline = 5, .baseline_live = 5, .born = 11 * s, .died = 10 * s,
		.live = 5 + s,
	};
	return t;
}

static inline void put_target(struct file_writer *w, const struct target *t)
{
	const struct kind_totals *n = &t->kind[LEAKTRACE_KIND_FD];
	struct nlattr *nest;

	begin_message();
	nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, t->id);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_PID, t->pid);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_KINDS, t->kinds);
	nla_put_string(msg, LEAKTRACE_A_TARGET_COMM, t->comm);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_NOW_NS, t->now_ns);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_RECONCILED_NS, t->now_ns);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_ATTACHED_NS, t->attached_ns);
	nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
	nla_put_u8(msg, LEAKTRACE_A_KIND_ID, LEAKTRACE_KIND_FD);
	nla_put_u64(msg, LEAKTRACE_A_KIND_BASELINE, n->baseline);
	nla_put_u64(msg, LEAKTRACE_A_KIND_BASELINE_LIVE, n->baseline_live);
	nla_put_u64(msg, LEAKTRACE_A_KIND_BORN, n->born);
	nla_put_u64(msg, LEAKTRACE_A_KIND_DIED, n->died);
	nla_put_u64(msg, LEAKTRACE_A_KIND_LIVE, n->live);
	nla_nest_end(msg, nest);
	end_message(w, LEAKTRACE_CMD_TARGET_GET);
}

static inline void put_site(struct file_writer *w, uint32_t id, uint64_t born, uint64_t died,
			    uint64_t now_ns)
{
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS] = { [20] = died };

	begin_message();
	nla_put_u32(msg, LEAKTRACE_A_SITE_ID, id);
	nla_put_u8(msg, LEAKTRACE_A_SITE_KIND, LEAKTRACE_KIND_FD);
	nla_put_u8(msg, LEAKTRACE_A_SITE_TYPE, LEAKTRACE_TYPE_SOCKET);
	nla_put_u32(msg, LEAKTRACE_A_SITE_STACK, id);
	nla_put_u64(msg, LEAKTRACE_A_SITE_BORN, born);
	nla_put_u64(msg, LEAKTRACE_A_SITE_DIED, died);
	nla_put_u64(msg, LEAKTRACE_A_SITE_FIRST_NS, ATTACHED_S * NSEC_PER_SEC + 1);
	nla_put_u64(msg, LEAKTRACE_A_SITE_LAST_NS, now_ns);
	nla_put(msg, LEAKTRACE_A_SITE_LIFETIMES, sizeof(lifetimes), lifetimes);
	end_message(w, LEAKTRACE_CMD_SITE_GET);
}

static inline void put_object(struct file_writer *w, uint64_t id, uint32_t site, uint64_t born_ns)
{
	begin_message();
	nla_put_u8(msg, LEAKTRACE_A_OBJECT_KIND, LEAKTRACE_KIND_FD);
	nla_put_u8(msg, LEAKTRACE_A_OBJECT_TYPE, LEAKTRACE_TYPE_SOCKET);
	nla_put_u64(msg, LEAKTRACE_A_OBJECT_ID, id);
	nla_put_u32(msg, LEAKTRACE_A_OBJECT_SITE, site);
	nla_put_u64(msg, LEAKTRACE_A_OBJECT_BORN_NS, born_ns);
	if (!site)
		nla_put_u32(msg, LEAKTRACE_A_OBJECT_FLAGS, LEAKTRACE_OBJECT_F_BASELINE);
	end_message(w, LEAKTRACE_CMD_OBJECT_GET);
}

static inline void put_stack(struct file_writer *w, uint32_t id, uint64_t load, const char *function)
{
	uint64_t pcs[] = { load + 0x1000 * id, load + 0x500 };
	const char *const names[] = { function, "main" };

	begin_message();
	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, id);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, LEAKTRACE_STACK_ROOT);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	end_message(w, LEAKTRACE_CMD_STACK_GET);
	for (int i = 0; i < 2; i++) {
		struct nlattr *nest;

		begin_message();
		nla_put_u64(msg, SYM_PC, pcs[i]);
		nla_put_u8(msg, SYM_RETURN, i > 0);
		nest = nla_nest_start(msg, SYM_FRAME);
		if (names[i])
			nla_put_string(msg, FRAME_FUNCTION, names[i]);
		nla_put_string(msg, FRAME_MODULE, "/bin/server");
		nla_put_string(msg, FRAME_BUILD_ID, "0123abcd");
		nla_put_u64(msg, FRAME_OFFSET, pcs[i] - load);
		nla_nest_end(msg, nest);
		end_message(w, RECORD_SYMBOL);
	}
}

static inline void put_meta(struct file_writer *w)
{
	begin_message();
	nla_put_string(msg, META_EXE, "/bin/server");
	nla_put_string(msg, META_HOSTNAME, "host");
	nla_put_u64(msg, META_WALL_MINUS_MONO_US, (WALL_S - ATTACHED_S) * 1000000LL);
	end_message(w, RECORD_META);
}

/* What a look at second s has; names only where they are new. */
static inline void put_state(struct file_writer *w, const struct target *t, unsigned int s,
			     uint64_t load)
{
	put_meta(w);
	put_target(w, t);
	put_site(w, LEAKING, s, 0, t->now_ns);
	put_site(w, RESTING, 10 * s, 10 * s, t->now_ns);
	if (load) {
		put_stack(w, LEAKING, load, "conn_open");
		put_stack(w, RESTING, load, "log_line");
	}
	for (unsigned int i = 0; i < 5; i++)
		put_object(w, i, 0, 0);
	for (unsigned int i = 0; i < s; i++)
		put_object(w, 5 + i, LEAKING, t->attached_ns + i * NSEC_PER_SEC + NSEC_PER_SEC / 2);
}

static inline void put_snapshot(struct file_writer *w, uint32_t id, unsigned int s, bool names)
{
	struct target t = target_at(id, s);

	trace_write_edge(w, RECORD_BEGIN, &t);
	put_state(w, &t, s, names ? 0x400000 : 0);
	trace_write_edge(w, RECORD_END, &t);
	file_flush(w);
}

static inline void put_point(struct file_writer *w, uint32_t id, unsigned int s)
{
	struct target t = target_at(id, s);
	const struct kind_totals *n = &t.kind[LEAKTRACE_KIND_FD];
	struct site_row rows[] = {
		{ LEAKING, LEAKTRACE_KIND_FD, s, 0 }, { RESTING, LEAKTRACE_KIND_FD, 10 * s, 10 * s },
	};
	struct point p = {
		.target = id, .time_ns = t.now_ns, .nkinds = 1, .sites = rows, .nsites = 2,
		.kinds[0] = { LEAKTRACE_KIND_FD, 0, n->born, n->died, n->live },
		.load = { .known = true, .done = { 1000 * s, 100 * s, 10 * s } },
	};
	struct event_row e = { .time_ns = t.now_ns, .target = id, .op = LEAKTRACE_EVENT_MAPS };

	trace_write_point(w, &p);
	trace_write_events(w, &e, 1);
	file_flush(w);
}

/* --- one in a file --- */

enum { EVERY_S = 10, LOOKS = 40, LAST_S = EVERY_S * LOOKS };

static char path[] = "/tmp/leaktrace-test-XXXXXX", err[256];
static uint64_t whole_at[LOOKS + 1];	/* bytes after which look i is whole */

/* A look and a point by turns: looks at 10, 20, …; points at 5, 15, … */
static inline void write_recording(void)
{
	struct file_writer *w = file_record(path, err, sizeof(err));

	for (unsigned int i = 1; i <= LOOKS; i++) {
		put_point(w, TARGET, i * EVERY_S - 5);
		put_snapshot(w, TARGET, i * EVERY_S, i == 1);
		whole_at[i] = file_bytes(w);
	}
	CHECK(!file_finish(w));
}

static inline int look(struct model *m, const struct trace_part *part, struct model *base)
{
	const struct trace_part all = { .to_ns = UINT64_MAX };

	model_init(m);
	if (base)
		model_init(base);
	*err = '\0';
	return trace_read_part(path, part ?: &all, m, base, err, sizeof(err));
}

static inline void run_analysis(struct model *m)
{
	struct analysis_options opts = { 0 };

	analysis_run(m, &opts, history_curve, m->history);
}

/* Everything that a report says, so that a sanitizer sees it. */
static inline void say_all(struct model *m)
{
	char *all = NULL;
	size_t len;
	FILE *f = open_memstream(&all, &len);

	run_analysis(m);
	for (int format = FORMAT_TEXT; format <= FORMAT_FOLDED; format++) {
		struct report_style how = { .format = format, .all = true };

		CHECK(!report_write(f, m, &how));
	}
	fclose(f);
	free(all);
}

static inline void check_state(struct model *m, unsigned int s)
{
	struct site *leaking = model_site(m, LEAKING), *resting = model_site(m, RESTING);
	size_t n;

	CHECK(m->target.now_ns == (ATTACHED_S + s) * NSEC_PER_SEC, "%u", s);
	CHECK(m->nsites == 2 && leaking && resting);
	if (!leaking || !resting)
		return;
	CHECK(leaking->born == s && !leaking->died);
	CHECK(resting->born == 10 * s && resting->died == 10 * s);
	model_objects(m, LEAKING, &n);
	CHECK(n == s, "%zu objects, not %u", n, s);
	model_objects(m, 0, &n);
	CHECK(n == 5);
}

#endif
