/* SPDX-License-Identifier: GPL-2.0 */
/* Where the fields of the runtime's structs are, by version or from DWARF. */
#ifndef LEAKTRACE_RUNTIME_GO_LAYOUT_H
#define LEAKTRACE_RUNTIME_GO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct elf_image;
struct go_process;

/* Offsets in bytes; -1: unknown. */
struct go_layout {
	int sched_sp, sched_pc;
	int syscallsp, syscallpc;
	int status, goid, waitsince, waitreason, gopc, startpc, lockedm;
	int g_bytes;
	int record_bytes;		/* of one cycle's record in a heap bucket */
	int p_timers;			/* the slice of timers in a P */
	int timer_entry_bytes;		/* of an entry of that slice */
	int timer_period, timer_f, timer_arg;
	int timer_state;		/* a byte of flags since Go 1.23, a number before */
	int gc_live, gc_marked, gc_goal, gc_in_use, gc_released, gc_free; /* of the collector's controller */
	int leak_pending;		/* of runtime.work: the runtime's own leak detection, Go 1.26 */
};

/* Fills p->layout. 0, or -errno with one line in err. */
int go_layout_find(struct go_process *p, char *err, size_t errlen);
bool go_layout_from_dwarf(struct elf_image *image, struct go_layout *layout);

#endif
