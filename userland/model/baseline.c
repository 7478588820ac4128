// SPDX-License-Identifier: GPL-2.0
/* See baseline.h. */
#include <errno.h>
#include <inttypes.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/baseline.h"
#include "model/model.h"
#include "model/object.h"

enum { ROW_KIND = 1, ROW_TYPE, ROW_COUNT, ROW_LAST = ROW_COUNT };

static struct nla_policy policy[ROW_LAST + 1] = {
	[ROW_KIND] = { .type = NLA_U8 }, [ROW_TYPE] = { .type = NLA_U8 },
	[ROW_COUNT] = { .type = NLA_U64 },
};

/* It can only become less: the most that was seen is nearest to what there was. */
static void see(struct model *m, unsigned int kind, unsigned int type, uint64_t n)
{
	if (kind < KINDS && type < __LEAKTRACE_TYPE_MAX && n > m->baseline_seen[kind][type])
		m->baseline_seen[kind][type] = n;
}

static bool is_baseline(const struct object *o)
{
	return o->flags & LEAKTRACE_OBJECT_F_BASELINE && !(o->flags & LEAKTRACE_OBJECT_F_EXITED);
}

uint64_t baseline_of_type(const struct model *m, unsigned int kind, unsigned int type)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->nobjects; i++)
		if (is_baseline(&m->objects[i]) && m->objects[i].kind == kind && m->objects[i].type == type)
			n += m->objects[i].count;
	return n;
}

void baseline_look(struct model *m)
{
	uint64_t n[KINDS][__LEAKTRACE_TYPE_MAX] = { 0 };

	for (size_t i = 0; i < m->nobjects; i++) {
		const struct object *o = &m->objects[i];

		if (is_baseline(o) && o->kind < KINDS && o->type < __LEAKTRACE_TYPE_MAX)
			n[o->kind][o->type] += o->count;
	}
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX; t++)
			see(m, k, t, n[k][t]);
}

void baseline_put(struct nl_msg *msg, int attr, const struct model *m)
{
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX; t++) {
			struct nlattr *nest = m->baseline_seen[k][t] ? nla_nest_start(msg, attr) : NULL;

			if (!nest)
				continue;
			nla_put_u8(msg, ROW_KIND, k);
			nla_put_u8(msg, ROW_TYPE, t);
			nla_put_u64(msg, ROW_COUNT, m->baseline_seen[k][t]);
			nla_nest_end(msg, nest);
		}
}

int baseline_take(struct nlattr *nest, struct model *m)
{
	struct nlattr *tb[ROW_LAST + 1];

	if (nla_parse_nested(tb, ROW_LAST, nest, policy))
		return -EBADMSG;
	if (tb[ROW_KIND] && tb[ROW_TYPE] && tb[ROW_COUNT])
		see(m, nla_get_u8(tb[ROW_KIND]), nla_get_u8(tb[ROW_TYPE]), nla_get_u64(tb[ROW_COUNT]));
	return 0;
}

void baseline_write(FILE *f, const struct model *m)
{
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX; t++)
			if (m->baseline_seen[k][t])
				fprintf(f, "%d %d %" PRIu64 "\n", k, t, m->baseline_seen[k][t]);
}

void baseline_read(FILE *f, struct model *m)
{
	unsigned int kind, type;
	uint64_t n;

	while (fscanf(f, "%u %u %" SCNu64, &kind, &type, &n) == 3)
		see(m, kind, type, n);
}
