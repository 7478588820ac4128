// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of Perl with ithreads, x86-64. They are the same in all releases of a minor
 * version.
 *
 * A context has the statement that it was entered from, so the place of a frame comes from
 * the one that it has called. A frame's words are its sub (a CV) and its statement (a COP),
 * relative to that; of what is in no sub, the file's own or eval's, both are the statement.
 * The check is the operation to which the call returns, NULL if C has made it; or, of the
 * innermost frame, 1 more than that which runs.
 */
#include "script/perl.h"
#include "script/step.h"
#include "util/macros.h"

enum {
	/* of a thread's interpreter; its stacks are two words behind its statement */
	OPERATION = 8,
	STACKS = 16,
	/* of a stack of contexts */
	CONTEXTS = 8,
	OLDER = 16,
	LAST = 32,			/* the innermost context's number */
	STACK_TYPE = 44,
	MAIN_STACK = 1,
	/* of a context */
	CONTEXT_BYTES = 104,
	CALLED_AT = 16,
	RETURN_TO = 48,			/* NULL: C has called it */
	SUB = 72,
	KIND = 15,			/* bits of its type: 8 is a loop, 9 a sub, 10 a format, 11 an eval */
	A_LOOP = 8,
	AN_EVAL = 11,
	EVAL_OF_BLOCK = 0x40,		/* a block of its sub, by eval or by try */
	TRY_BLOCK = 0x80,
};

#define CHAIN(statement) {							\
	.nhead = 6, .nstack = 5, .nframe = 8, .nnext = 1, .relative = 1,	\
	.first = V(8), .what = V(18), .where = CARRIED, .check = CARRIED + 1, .next = V(19), \
	.stack = V(5), .stack_next = V(9), .count = V(6), .carry = V(16), .carry_first = V(3), \
	.step = {								\
		LOAD(THREAD, 0, 0), LOAD(V(0), 0, 8),				\
		LOAD(V(1), OPERATION, 8), LOAD(V(1), statement, 8), LOAD(V(2), 1, 0), \
		LOAD(V(1), (statement) + STACKS, 8),				\
		LOAD(STACK, LAST, 4), LOAD(STACK, CONTEXTS, 8), ADD(V(7), V(6), CONTEXT_BYTES), \
		LOAD(STACK, OLDER, 8), LOAD_IF(STACK, STACK_TYPE, 4, MAIN_STACK, LEAKTRACE_CHAIN_F_STOP), \
		LOAD_IF_BITS(FRAME, 0, 1, 12, A_LOOP, LEAKTRACE_CHAIN_F_SKIP | LEAKTRACE_CHAIN_F_UNLESS), \
		SAME_IF_BITS(V(11), KIND, A_LOOP, LEAKTRACE_CHAIN_F_SKIP),	\
		SAME_IF_BITS(V(11), KIND | EVAL_OF_BLOCK, AN_EVAL | EVAL_OF_BLOCK, LEAKTRACE_CHAIN_F_SKIP), \
		SAME_IF_BITS(V(11), KIND | TRY_BLOCK, AN_EVAL | TRY_BLOCK, LEAKTRACE_CHAIN_F_SKIP), \
		SAME_IF_BITS(V(11), KIND, AN_EVAL, LEAKTRACE_CHAIN_F_TOP),	\
		LOAD(FRAME, CALLED_AT, 8),					\
		LOAD_IF(FRAME, RETURN_TO, 8, 0, LEAKTRACE_CHAIN_F_END_RUN),	\
		LOAD(FRAME, SUB, 8),						\
		LOAD(FRAME, -CONTEXT_BYTES, 0),					\
	} }

const struct perl_layout perl_layouts[] = {
	{ .version = 0x520, .chain = CHAIN(224), .name_in_array = true },
	{ .version = 0x522, .chain = CHAIN(208), .name_in_array = true },
	{ .version = 0x524, .chain = CHAIN(208) },
	{ .version = 0x526, .chain = CHAIN(208) },
	{ .version = 0x528, .chain = CHAIN(208) },
};

const int perl_nlayouts = ARRAY_SIZE(perl_layouts);
