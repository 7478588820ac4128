// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/look.h"
#include "look/summary.h"
#include "model/runtime.h"
#include "util/format.h"
#include "util/units.h"

#define NEAR		0.5		/* of a limit: worth a line, whether it grows or not */
#define FAR_S		(7 * 86400.0)

static const struct {
	unsigned int limit, kind, unit;
} of_kind[LOOK_LIMITS] = {
	{ LIMIT_FDS, LEAKTRACE_KIND_FD, 1 }, { LIMIT_THREADS, LEAKTRACE_KIND_THREAD, 1 },
	{ LIMIT_TIMERS, LEAKTRACE_KIND_TIMER, 1 }, { LIMIT_MAPS, LEAKTRACE_KIND_MAP, 1 },
	{ LIMIT_MEMORY, LEAKTRACE_KIND_PAGE, PAGE_BYTES },
};

bool look_limit(const struct look *l, unsigned int nth, struct look_limit *n)
{
	const struct model *m = &l->model;
	const struct kind_totals *k = &m->target.kind[of_kind[nth].kind];
	unsigned int which = of_kind[nth].limit, unit = of_kind[nth].unit;
	double minutes = model_end_s(m) / 60, used;

	n->limit = &m->limits[which];
	n->is_memory = which == LIMIT_MEMORY;
	if (!n->limit->max)
		return false;
	used = (double)k->live * unit;
	if (used < n->limit->now)
		used = n->limit->now;	/* others use it up, too */
	n->share = used < n->limit->max ? used / n->limit->max : 1;
	n->per_min = 0;
	if (minutes > 0)
		n->per_min = ((double)k->live - k->baseline) * unit / minutes;
	n->in_s = limit_in_s(m, which, n->per_min);
	return (n->in_s > 0 && n->in_s < FAR_S) || n->share > NEAR;
}

static uint64_t change(const struct look_group *g)
{
	uint64_t more = g->live > g->baseline ? g->live - g->baseline : g->baseline - g->live;

	/* a page is less than a descriptor */
	return g->kind == LEAKTRACE_KIND_PAGE ? more / 16 : more;
}

static int most_first(const void *a, const void *b)
{
	const struct look_group *x = *(const struct look_group *const *)a, *y = *(const struct look_group *const *)b;

	if (change(x) != change(y))
		return change(x) < change(y) ? 1 : -1;
	if (x->live != y->live)
		return x->live < y->live ? 1 : -1;
	return strcmp(x->name, y->name);
}

size_t look_groups_ranked(const struct look *l, const struct look_group ***list)
{
	size_t n = 0;

	*list = calloc(l->groups.n + 1, sizeof(**list));
	for (size_t i = 0; *list && i < l->groups.n; i++)
		if (l->groups.group[i].live || l->groups.group[i].baseline)
			(*list)[n++] = &l->groups.group[i];
	if (n)
		qsort(*list, n, sizeof(**list), most_first);
	return n;
}

static bool has_mapping(const struct look *l, const char *what)
{
	const struct maps *maps = l->model.maps;

	for (size_t i = 0; maps && i < maps->n; i++)
		if (strstr(maps->map[i].path, what))
			return true;
	return false;
}

int look_advice(const struct look *l, char *advice[LOOK_ADVICE_MAX])
{
	unsigned int pid = l->model.target.pid;
	int n = 0;

	advice[n++] = strdup("read from outside: what came and went between two looks was not seen; memory is that "
			     "which was added, not which");
	if (l->no_timers)
		advice[n++] = strdup("timers are not counted: this kernel does not list them");
	if (!*l->absent)
		advice[n++] = strdup_printf("'leaktrace attach %u' sees each of them, and names the code", pid);
	else
		advice[n++] = strdup_printf("which code it is, only the module sees; %s", l->absent);
	if (l->model.runtime)
		advice[n++] = strdup_printf("goroutines, timers and heap of Go: 'leaktrace go %u'", pid);
	else if (has_mapping(l, "/libc.so.6") || has_mapping(l, "/libc-2."))
		advice[n++] = strdup_printf("what malloc has in use, free and lost: 'leaktrace heap %u'", pid);
	if (has_mapping(l, "python3"))
		advice[n++] = strdup_printf("objects of Python: 'leaktrace objects %u'", pid);
	return n;
}
