/* SPDX-License-Identifier: GPL-2.0 */
/* How the layouts of interpreters spell the steps of a description (linux/leaktrace_chain.h). */
#ifndef LEAKTRACE_SCRIPT_STEP_H
#define LEAKTRACE_SCRIPT_STEP_H

#include <linux/leaktrace_chain.h>

/* Numbers of values: FRAME and CARRIED only in a frame's steps, ROOT only in the head. */
enum {
	THREAD = LEAKTRACE_CHAIN_THREAD, FRAME = LEAKTRACE_CHAIN_FRAME, ROOT = 1, STACK = LEAKTRACE_CHAIN_STACK,
	CARRIED = LEAKTRACE_CHAIN_CARRIED,
};

#define V(step) (LEAKTRACE_CHAIN_STEP_0 + (step))

#define LOAD(_base, _off, _bytes) { .base = (_base), .off = (_off), .bytes = (_bytes) }
#define LOAD_IF_BITS(_base, _off, _bytes, _mask, _wanted, _action) \
	{ .base = (_base), .off = (_off), .bytes = (_bytes), .mask = (_mask), .wanted = (_wanted), .action = (_action) }
#define LOAD_IF(_base, _off, _bytes, _wanted, _action) LOAD_IF_BITS(_base, _off, _bytes, ~0U, _wanted, _action)
#define ADD(_base, _index, _stride) { .base = (_base), .index = (_index), .stride = (_stride) }
/* The value again, for another condition. */
#define SAME_IF_BITS(_base, _mask, _wanted, _action) LOAD_IF_BITS(_base, 0, 0, _mask, _wanted, _action)
#define ALWAYS(_base, _off, _bytes, _action) LOAD_IF_BITS(_base, _off, _bytes, 0, 0, _action)

#endif
