// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts of the runtime's structures, by version, taken from the debug
 * information of each release. Another version can only be read if the program
 * has debug information.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/delta.h"
#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "util/macros.h"

/* Go 1.minor, 64-bit. The heap record lost two words in 1.27. */
static const struct {
	int minor;
	struct go_layout layout;
} layouts[] = {
#define G(sp, pc, ssp, spc, st, id, delta_rebase, why, by, start, size) \
	.sched_sp = sp, .sched_pc = pc, .syscallsp = ssp, .syscallpc = spc, .status = st, \
	.goid = id, .waitsince = delta_rebase, .waitreason = why, .gopc = by, .startpc = start, \
	.g_bytes = size
#define OLD_TIMER .timer_entry_bytes = 8, .timer_period = 16, .timer_f = 24, .timer_arg = 32, \
	.timer_state = 64
#define MID_TIMER .timer_entry_bytes = 16, .timer_period = 24, .timer_f = 32, .timer_arg = 40, \
	.timer_state = 9
#define NEW_TIMER .timer_entry_bytes = 16, .timer_period = 32, .timer_f = 40, .timer_arg = 48, \
	.timer_state = 9
#define GC_19 .gc_live = 0x88, .gc_marked = 0xb8, .gc_goal = 0x68, .gc_in_use = 0x130, \
	.gc_released = 0x138, .gc_free = 0x140
#define GC .gc_live = 0x68, .gc_marked = 0x98, .gc_goal = 0x48, .gc_in_use = 0x110, \
	.gc_released = 0x118, .gc_free = 0x120
	{ 19, { G(56, 64, 112, 120, 144, 152, 168, 176, 296, 312, 392), .lockedm = 232,
		.record_bytes = 32, .p_timers = 0x2288, OLD_TIMER, GC_19, .leak_pending = -1 } },
	{ 21, { G(56, 64, 112, 120, 144, 152, 168, 176, 280, 296, 408), .lockedm = 208,
		.record_bytes = 32, .p_timers = 0x2288, OLD_TIMER, GC, .leak_pending = -1 } },
	{ 22, { G(56, 64, 112, 120, 144, 152, 168, 176, 280, 296, 424), .lockedm = 208,
		.record_bytes = 32, .p_timers = 0x22a8, OLD_TIMER, GC, .leak_pending = -1 } },
	{ 23, { G(56, 64, 112, 120, 152, 160, 176, 184, 288, 304, 432), .lockedm = 216,
		.record_bytes = 32, .p_timers = 0x2290, MID_TIMER, GC, .leak_pending = -1 } },
	{ 24, { G(56, 64, 112, 120, 152, 160, 176, 184, 288, 304, 440), .lockedm = 216,
		.record_bytes = 32, .p_timers = 0x2290, MID_TIMER, GC, .leak_pending = -1 } },
	{ 25, { G(56, 64, 104, 112, 144, 152, 168, 176, 280, 296, 440), .lockedm = 208,
		.record_bytes = 32, .p_timers = 0x24b8, NEW_TIMER, GC, .leak_pending = -1 } },
	{ 26, { G(56, 64, 104, 112, 144, 152, 168, 176, 288, 304, 456), .lockedm = 208,
		.record_bytes = 32, .p_timers = 0x3570, NEW_TIMER, GC, .leak_pending = 448 } },
	{ 27, { G(56, 64, 104, 112, 144, 152, 168, 176, 288, 304, 456), .lockedm = 208,
		.record_bytes = 16, .p_timers = 0x3570, NEW_TIMER, GC, .leak_pending = 448 } },
#undef G
#undef GC
#undef GC_19
#undef OLD_TIMER
#undef MID_TIMER
#undef NEW_TIMER
};

/**
 * go_layout_find() - the layout of a program's runtime
 *
 * The program's own debug information takes precedence.
 *
 * Return: 0, or -ENOTSUP with one line in @err.
 */
int go_layout_find(struct go_process *p, char *err, size_t errlen)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].minor == p->table.minor) {
			p->layout = layouts[i].layout;
			known = true;
		}
	/* Experiments change the fields before it (greenteagc does). */
	if (strstr(p->table.version, " X:"))
		p->layout.p_timers = -1;
	if (go_layout_from_dwarf(p->image, &p->layout) || known)
		return 0;
	snprintf(err, errlen, "process %d was built with %s, which this leaktrace does not support: "
		 "build it with debug information, or use a newer leaktrace", p->pid,
		 p->table.version[0] ? p->table.version : "an unknown Go version");
	return -ENOTSUP;
}
