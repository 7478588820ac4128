// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of CPython 3.9 to 3.13, x86-64. They are the same in all releases of a minor
 * version, and in all distributions' builds but those for debugging.
 *
 * A frame's words are its code object and the instruction that it is at. What tells a code
 * object from another one that later has its place is its version since 3.12, and before
 * that a part of its table of lines.
 */
#include "script/cpython.h"
#include "script/step.h"
#include "util/macros.h"

/* Steps 0 and 1 lead from the thread to its PyThreadState. */
#define KEY_STEPS LOAD(THREAD, 0, 0), LOAD(V(0), 0, 8)

/* A PyFrameObject each, and each is run by a call of its own. */
#define CHAIN_3_9(lasti) {							\
	.nhead = 3, .nframe = 4, .nnext = 1,					\
	.first = V(2), .what = V(3), .where = V(4), .check = V(6), .next = V(7), \
	.step = {								\
		KEY_STEPS, LOAD(V(1), 24, 8),					\
		ALWAYS(FRAME, 32, 8, LEAKTRACE_CHAIN_F_END_RUN),		\
		LOAD(FRAME, lasti, 4), LOAD(V(3), 120, 8), LOAD(V(5), 36, 8),	\
		LOAD(FRAME, 24, 8),						\
	} }

/* Since 3.12 a frame without code stands where a run begins. */
#define SHIM(off) LOAD_IF(FRAME, off, 1, 3, LEAKTRACE_CHAIN_F_SKIP | LEAKTRACE_CHAIN_F_END_RUN)

const struct cpython_layout cpython_layouts[] = {
	{
		.version = 0x309, .key = 0x24c, .chain = CHAIN_3_9(104),
		.first_line = 40, .file = 104, .name = 112, .table = 120, .unit_bytes = 1,
		.lines = CPYTHON_LNOTAB, .check = 36, .ascii = 48, .wide = 72,
	}, {
		.version = 0x30a, .key = 0x24c, .chain = CHAIN_3_9(96),
		.first_line = 40, .file = 104, .name = 112, .table = 120, .unit_bytes = 2,
		.lines = CPYTHON_LINETABLE, .check = 36, .ascii = 48, .wide = 72,
	}, {
		.version = 0x30b, .key = 0x254,
		.chain = {
			.nhead = 4, .nframe = 5, .nnext = 1, .relative = 1,
			.first = V(3), .what = V(5), .where = V(6), .check = V(8), .next = V(9),
			.step = {
				KEY_STEPS, LOAD(V(1), 56, 8), LOAD(V(2), 8, 8),
				LOAD_IF(FRAME, 68, 1, 1, LEAKTRACE_CHAIN_F_END_RUN),
				LOAD(FRAME, 32, 8), LOAD(FRAME, 56, 8),
				LOAD(V(5), 136, 8), LOAD(V(7), 36, 8),
				LOAD(FRAME, 48, 8),
			},
		},
		.first_line = 72, .file = 112, .name = 128, .table = 136, .code = 184, .unit_bytes = 1,
		.lines = CPYTHON_LOCATIONS, .check = 36, .ascii = 48, .wide = 72,
	}, {
		.version = 0x30c, .key = 0x60c,
		.chain = {
			.nhead = 4, .nframe = 4, .nnext = 1, .relative = 1,
			.first = V(3), .what = V(5), .where = V(6), .check = V(7), .next = V(8),
			.step = {
				KEY_STEPS, LOAD(V(1), 56, 8), LOAD(V(2), 0, 8),
				SHIM(70), LOAD(FRAME, 0, 8), LOAD(FRAME, 56, 8), LOAD(V(5), 92, 4),
				LOAD(FRAME, 8, 8),
			},
		},
		.first_line = 68, .file = 112, .name = 128, .table = 136, .code = 192, .unit_bytes = 1,
		.lines = CPYTHON_LOCATIONS, .check = 92, .check_bytes = 4, .ascii = 40, .wide = 56,
	}, {
		.version = 0x30d, .key = 0x874, .usual_key = 1,
		.chain = {
			.nhead = 3, .nframe = 4, .nnext = 1, .relative = 1,
			.first = V(2), .what = V(4), .where = V(5), .check = V(6), .next = V(7),
			.step = {
				KEY_STEPS, LOAD(V(1), 72, 8),
				SHIM(70), LOAD(FRAME, 0, 8), LOAD(FRAME, 56, 8), LOAD(V(4), 92, 4),
				LOAD(FRAME, 8, 8),
			},
		},
		.first_line = 68, .file = 112, .name = 128, .table = 136, .code = 200, .unit_bytes = 1,
		.lines = CPYTHON_LOCATIONS, .check = 92, .check_bytes = 4, .ascii = 40, .wide = 56,
	},
};

const int cpython_nlayouts = ARRAY_SIZE(cpython_layouts);
