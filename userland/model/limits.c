// SPDX-License-Identifier: GPL-2.0
/*
 * Limits that a leak may run into, and when: how much of each is used, and how
 * they are kept in a trace file.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "util/proc_maps.h"
#include "util/sanitize.h"
#include "util/units.h"

enum { LIM_WHICH = 1, LIM_MAX, LIM_NOW, LIM_NAME, LIM_GROWTH, LIM_LAST = LIM_GROWTH };

static struct nla_policy policy[LIM_LAST + 1] = {
	[LIM_WHICH] = { .type = NLA_U8 }, [LIM_MAX] = { .type = NLA_U64 },
	[LIM_NOW] = { .type = NLA_U64 }, [LIM_NAME] = { .type = NLA_STRING },
	[LIM_GROWTH] = { .type = NLA_UNSPEC, .minlen = sizeof(struct limit_growth) },
};

/* The number of a target's descriptors of a type. */
uint64_t limit_objects(const struct model *m, unsigned int type)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->nobjects; i++)
		n += m->objects[i].kind == LEAKTRACE_KIND_FD && m->objects[i].type == type;
	return n;
}

static double used(const struct model *m, unsigned int which)
{
	switch (which) {
	case LIMIT_FDS:
		return m->target.kind[LEAKTRACE_KIND_FD].live;
	case LIMIT_MAPS:
		return fmax(m->target.kind[LEAKTRACE_KIND_MAP].live, m->maps ? m->maps->n : 0);
	case LIMIT_INOTIFY:
		return limit_objects(m, LEAKTRACE_TYPE_INOTIFY);
	default:
		return m->limits[which].now;
	}
}

/* Seconds until the limit is reached at per_min more per minute; 0: never, or unknown. */
double limit_in_s(const struct model *m, unsigned int which, double per_min)
{
	const struct limit *l = &m->limits[which];
	double now;

	if (!l->max || !(per_min > 0) || m->target.flags & LEAKTRACE_TARGET_F_EXITED)
		return 0;
	now = used(m, which);
	return now < l->max ? (l->max - now) / per_min * 60 : LIMIT_REACHED_S;
}

double limit_usual(unsigned int which)
{
	static const double usual[LIMITS] = {
		[LIMIT_FDS] = 1024, [LIMIT_MEMORY] = 8.0 * (1 << 30), [LIMIT_TIMERS] = 32768,
		[LIMIT_THREADS] = 32768, [LIMIT_MAPS] = 65530,
	};

	return usual[which];
}

uint64_t limit_weight(const struct model *m, unsigned int kind, uint64_t n)
{
	static const struct {
		unsigned int limit;
		double each;
	} of_kind[KINDS] = {
		[LEAKTRACE_KIND_FD] = { LIMIT_FDS, 1 },
		[LEAKTRACE_KIND_PAGE] = { LIMIT_MEMORY, PAGE_BYTES },
		[LEAKTRACE_KIND_TIMER] = { LIMIT_TIMERS, 1 },
		[LEAKTRACE_KIND_THREAD] = { LIMIT_THREADS, 1 },
		[LEAKTRACE_KIND_MAP] = { LIMIT_MAPS, 1 },
	};
	uint64_t max = m && kind < KINDS ? m->limits[of_kind[kind].limit].max : 0;

	if (kind >= KINDS)
		return 0;
	return fmin(1e9, n * of_kind[kind].each / (max ? (double)max : limit_usual(of_kind[kind].limit))) * 1e9;
}

bool limit_is_bytes(unsigned int which)
{
	return which == LIMIT_MEMORY || which == LIMIT_ADDRESS_SPACE;
}

/* For a trace file: one nested attribute per limit. */
void limits_put(struct nl_msg *msg, int attr, const struct limit l[LIMITS])
{
	for (int i = 0; i < LIMITS; i++) {
		struct nlattr *nest = l[i].max || l[i].growth.looks ? nla_nest_start(msg, attr) : NULL;

		if (!nest)
			continue;
		nla_put_u8(msg, LIM_WHICH, i);
		nla_put_u64(msg, LIM_MAX, l[i].max);
		nla_put_u64(msg, LIM_NOW, l[i].now);
		nla_put_string(msg, LIM_NAME, l[i].name);
		if (l[i].growth.looks)
			nla_put(msg, LIM_GROWTH, sizeof(l[i].growth), &l[i].growth);
		nla_nest_end(msg, nest);
	}
}

int limits_take(struct nlattr *nest, struct limit l[LIMITS])
{
	struct nlattr *tb[LIM_LAST + 1];
	unsigned int which;

	if (nla_parse_nested(tb, LIM_LAST, nest, policy))
		return -EBADMSG;
	which = tb[LIM_WHICH] ? nla_get_u8(tb[LIM_WHICH]) : LIMITS;
	if (which >= LIMITS)
		return 0;	/* of a newer version: ignored */
	l[which].max = tb[LIM_MAX] ? nla_get_u64(tb[LIM_MAX]) : 0;
	l[which].now = tb[LIM_NOW] ? nla_get_u64(tb[LIM_NOW]) : 0;
	snprintf(l[which].name, sizeof(l[which].name), "%s",
		 tb[LIM_NAME] ? nla_get_string(tb[LIM_NAME]) : "");
	sanitize(l[which].name);
	if (tb[LIM_GROWTH])
		nla_memcpy(&l[which].growth, tb[LIM_GROWTH], sizeof(l[which].growth));
	return 0;
}
