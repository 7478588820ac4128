// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of Ruby, x86-64. They are the same in all releases of a minor version.
 *
 * A frame's words are its code (rb_iseq_constant_body) and its pc. What tells the code from
 * other code that later has its place is the name.
 */
#include <stdbool.h>

#include "script/ruby.h"
#include "script/step.h"
#include "util/macros.h"

enum {
	/* in the flags of a frame's environment */
	KIND_AND_C = 0x7fff0001,
	BOTTOM = 0x79990001,		/* below all others of a thread or fiber */
	C_BLOCK = 0x66660001,		/* a block in C, whose code is something else */
	FINISH = 0x20,			/* where it ends, the call of the interpreter does */
};

#define CHAIN(frame_bytes) {							\
	.nhead = 2, .nframe = 8, .nnext = 1, .relative = 1,			\
	.first = V(1), .what = V(7), .where = V(8), .check = V(9), .next = V(10), \
	.step = {								\
		LOAD(THREAD, 0, 8),						\
		LOAD(V(0), 16, 8),						\
		LOAD(FRAME, 32, 8),						\
		LOAD_IF_BITS(V(2), 0, 4, KIND_AND_C, BOTTOM, LEAKTRACE_CHAIN_F_STOP), \
		LOAD_IF_BITS(V(2), 0, 4, FINISH, FINISH, LEAKTRACE_CHAIN_F_END_RUN), \
		LOAD_IF_BITS(V(2), 0, 4, KIND_AND_C, C_BLOCK, LEAKTRACE_CHAIN_F_SKIP), \
		LOAD_IF(FRAME, 16, 8, 0, LEAKTRACE_CHAIN_F_SKIP),		\
		LOAD(V(6), 16, 8), LOAD(FRAME, 0, 8), LOAD(V(7), 80, 8),	\
		LOAD(FRAME, frame_bytes, 0),					\
	} }

const struct ruby_layout ruby_layouts[] = {
	{ .version = 0x301, .frame_bytes = 64, .chain = CHAIN(64), .lines = 120, .nlines = 136, .index = 144,
	  .embedded = 16 },
	{ .version = 0x303, .frame_bytes = 56, .chain = CHAIN(56), .lines = 112, .nlines = 128, .index = 136,
	  .embedded = 24, .has_length = true },
};

const int ruby_nlayouts = ARRAY_SIZE(ruby_layouts);
