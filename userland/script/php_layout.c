// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of PHP 8.0 to 8.5 without ZTS, x86-64. They are the same in all releases of a
 * minor version.
 *
 * A frame's words are its function and the line of the instruction that it is at. What
 * tells a function from another one that later has its place is on which lines it is.
 */
#include "script/php.h"
#include "script/step.h"
#include "util/macros.h"

enum {
	CALL_TOP = 1 << 17,		/* in the type of a frame's This: it is not called by the frame before */
	IS_CODE = 6,			/* types of functions: 1 is C, 2 a function, 4 a file or eval() */
};

#define CHAIN(current_execute_data, lines) {					\
	.nhead = 1, .nframe = 6, .nnext = 1, .leader = 1,			\
	.first = V(0), .what = V(2), .where = V(5), .check = V(6), .next = V(7),	\
	.step = {								\
		LOAD(ROOT, current_execute_data, 8),				\
		LOAD_IF_BITS(FRAME, 40, 4, CALL_TOP, CALL_TOP, LEAKTRACE_CHAIN_F_END_RUN), \
		LOAD(FRAME, 24, 8),						\
		LOAD_IF_BITS(V(2), 0, 1, IS_CODE, 0, LEAKTRACE_CHAIN_F_SKIP),	\
		LOAD(FRAME, 0, 8), LOAD(V(4), 24, 4), LOAD(V(2), lines, 8),	\
		LOAD(FRAME, 48, 8),						\
	} }

#define LAYOUT(minor, current_execute_data, filename) {				\
	.version = 8 << 8 | (minor), .file = (filename),			\
	.chain = CHAIN(current_execute_data, (filename) + 8),			\
	}

const struct php_layout php_layouts[] = {
	LAYOUT(0, 488, 144), LAYOUT(1, 488, 144), LAYOUT(2, 488, 152),
	LAYOUT(3, 488, 144), LAYOUT(4, 488, 168), LAYOUT(5, 512, 168),
};

const int php_nlayouts = ARRAY_SIZE(php_layouts);
