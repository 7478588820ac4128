// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/group.h"
#include "host/table.h"
#include "util/array.h"
#include "util/format.h"
#include "util/sanitize.h"

static size_t find(const struct host_table *t, const char *path, bool *there)
{
	size_t low = 0, high = t->ngroups;
	int order = 1;

	*there = false;
	while (low < high && !*there) {
		size_t middle = low + (high - low) / 2;

		order = strcmp(t->group[middle]->workload.cgroup, path);
		if (!order)
			*there = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static void name(struct host_row *g, const struct host_row *of)
{
	const char *base = path_base(of->workload.cgroup);

	g->workload.cgroup = strdup(of->workload.cgroup);
	g->workload.unit = of->workload.unit ? strdup(of->workload.unit) : NULL;
	g->workload.container = of->workload.container ? strdup(of->workload.container) : NULL;
	g->workload.container_id = of->workload.container_id ? strdup(of->workload.container_id) : NULL;
	g->workload.pod = of->workload.pod ? strdup(of->workload.pod) : NULL;
	strncpy(g->comm, *base ? base : "/", sizeof(g->comm) - 1);
	sanitize(g->comm);
}

static struct host_row *group_of(struct host_table *t, const struct host_row *row)
{
	struct host_row *g;
	bool there;
	size_t at = find(t, row->workload.cgroup, &there);

	if (there)
		return t->group[at];
	g = array_reserve(t->group, t->groups_room, t->ngroups, 1) ? calloc(1, sizeof(*g)) : NULL;
	if (!g)
		return NULL;
	name(g, row);
	if (!g->workload.cgroup) {
		free(g);
		return NULL;
	}
	memmove(&t->group[at + 1], &t->group[at], (t->ngroups - at) * sizeof(*t->group));
	t->group[at] = g;
	t->ngroups++;
	return g;
}

static void add(struct host_row *g, const struct host_row *row)
{
	g->processes++;
	g->seen = true;
	for (int i = 0; i < HOST_RESOURCES; i++) {
		g->now[i] += row->now[i];
		g->known[i] |= row->known[i];
		/* limits of one process are none of the group's */
		if (host_is_shared(i))
			g->limit[i] = row->limit[i];
	}
}

static void begin(struct host_table *t)
{
	for (size_t i = 0; i < t->ngroups; i++) {
		struct host_row *g = t->group[i];

		g->seen = false;
		g->processes = 0;
		memset(g->now, 0, sizeof(g->now));
		memset(g->known, 0, sizeof(g->known));
	}
}

static void drop_empty(struct host_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ngroups; i++) {
		if (t->group[i]->seen) {
			t->group[n++] = t->group[i];
			continue;
		}
		host_row_free(t->group[i]);
		free(t->group[i]);
	}
	t->ngroups = n;
}

int host_groups_sum(struct host_table *t)
{
	struct host_row *g;

	begin(t);
	for (size_t i = 0; i < t->n; i++) {
		if (!t->row[i]->workload.cgroup)
			continue;
		g = group_of(t, t->row[i]);
		if (!g)
			return -ENOMEM;
		add(g, t->row[i]);
	}
	drop_empty(t);
	for (size_t i = 0; i < t->ngroups; i++)
		host_row_note(t->group[i], t->looked_ns);
	return 0;
}
