/* SPDX-License-Identifier: GPL-2.0 */
/* Room for a gate in a process' address space. */
#ifndef LEAKTRACE_GATE_PLACE_H
#define LEAKTRACE_GATE_PLACE_H

#include "util/proc_maps.h"

/*
 * An address where @bytes are free, and from which jumps reach all of [low, high); 0: there
 * is none. The nth one: an earlier one may turn out to be taken.
 */
uint64_t gate_place(const struct maps *maps, uint64_t low, uint64_t high, uint64_t bytes,
		    unsigned int nth);

#endif
