// SPDX-License-Identifier: GPL-2.0
/*
 * The garbage collector's own counters. When a program grows, the first
 * question is whether it is Go memory that grows.
 */
#include "runtime/go/layout.h"
#include "runtime/go/memstats.h"
#include "runtime/go/process.h"

#define BYTES_MAX (1ULL << 47)

static uint64_t counter(const struct go_process *p, int offset)
{
	return offset < 0 ? 0 : go_word(p, p->globals.controller + offset);
}

/** go_memory_read() - the collector's totals; false: they cannot be found */
bool go_memory_read(const struct go_process *p, struct go_memory *m)
{
	const struct go_layout *l = &p->layout;

	if (!p->globals.controller || l->gc_live < 0)
		return false;
	*m = (struct go_memory){
		.live = counter(p, l->gc_live), .marked = counter(p, l->gc_marked),
		.goal = counter(p, l->gc_goal), .in_use = counter(p, l->gc_in_use),
		.idle = counter(p, l->gc_free), .returned = counter(p, l->gc_released),
	};
	return m->live && m->live < BYTES_MAX && m->in_use < BYTES_MAX && m->idle < BYTES_MAX &&
	       m->returned < BYTES_MAX;
}
