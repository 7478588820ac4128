// SPDX-License-Identifier: GPL-2.0
/*
 * The garbage collector's own counters. When a program grows, the first
 * question is whether it is Go memory that grows.
 */
#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/view.h"

static uint64_t counter(const struct go_process *p, int offset)
{
	return offset < 0 ? 0 : go_word(p, p->globals.controller + offset);
}

/** go_memory() - sample the collector's totals, if they can be found */
void go_memory(struct go_view *v)
{
	const struct go_process *p = v->process;
	const struct go_layout *l = &p->layout;
	struct go_counts *c = &v->counts;

	if (!p->globals.controller || l->gc_live < 0)
		return;
	c->gc_live = counter(p, l->gc_live);
	c->gc_marked = counter(p, l->gc_marked);
	c->gc_goal = counter(p, l->gc_goal);
	c->gc_in_use = counter(p, l->gc_in_use);
	c->gc_free = counter(p, l->gc_free);
	c->memory_known = c->gc_live && c->gc_live < 1ULL << 47 && c->gc_in_use < 1ULL << 47 &&
		c->gc_free < 1ULL << 47;
}
