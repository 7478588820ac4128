/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads trace files into models. Functions return 0, or a negative errno with
 * one line in err.
 *
 * Times are CLOCK_MONOTONIC nanoseconds of the traced host.
 */
#ifndef LEAKTRACE_TRACEFILE_READER_H
#define LEAKTRACE_TRACEFILE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

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
 * -ENODATA: there is nothing of that target from then.
 */
struct trace_part {
	uint32_t target;		/* 0: the first */
	uint64_t from_ns, to_ns;	/* 0, UINT64_MAX: all */
};

int trace_read_part(const char *path, const struct trace_part *part, struct model *m,
		    struct model *base, char *err, size_t errlen);

#endif
