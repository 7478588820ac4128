// SPDX-License-Identifier: GPL-2.0
/*
 * One call of an interpreter's function may run many frames of a script: those up to one that
 * ends a run. The innermost run is of the innermost such call, and so on; each is put where
 * its call is. If there are not as many calls as runs (a stack that ended early, functions
 * that the compiler has split), nobody knows: the script comes before the first call.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "model/script_frames.h"
#include "script/script.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"

static bool is_call(const struct symbol_frame *f)
{
	return f->function && frame_is_on_stack(f) && script_is_eval(f->function);
}

static int calls_in(const struct symbol_frame *frames, int n)
{
	int calls = 0;

	for (int i = 0; i < n; i++)
		calls += is_call(&frames[i]);
	return calls;
}

static bool ends_run(const struct stack *stack, unsigned int word)
{
	return stack->words[word] & LEAKTRACE_CHAIN_END_RUN;
}

/* The last one may be without its end, if the walk was cut. */
static int runs_in(const struct stack *stack)
{
	int runs = 0;

	for (unsigned int w = 0; w < stack->nwords; w += LEAKTRACE_CHAIN_FRAME_WORDS)
		runs += ends_run(stack, w) || w + LEAKTRACE_CHAIN_FRAME_WORDS == stack->nwords;
	return runs;
}

/* Names frames from a word on, up to the end of a run or of all; returns the next word. */
static unsigned int put_run(struct symbolizer *s, const struct stack *stack, unsigned int word, bool all,
			    struct symbol_frame *to, int *n)
{
	for (bool end = false; word < stack->nwords && !end; word += LEAKTRACE_CHAIN_FRAME_WORDS) {
		symbolizer_script(s, &stack->words[word], &to[(*n)++]);
		end = !all && ends_run(stack, word);
	}
	return word;
}

struct symbol_frame *script_frames_insert(struct symbolizer *s, const struct stack *stack,
					  struct symbol_frame *frames, int *n)
{
	int calls = calls_in(frames, *n), runs = runs_in(stack), used = 0;
	bool whole = stack->chain == LEAKTRACE_CHAIN_WHOLE;
	bool paired = whole ? runs == calls : runs <= calls;
	struct symbol_frame *both;
	unsigned int word = 0;

	if (!stack->nwords || !s)
		return frames;
	both = reallocarray(NULL, *n + stack->nwords / LEAKTRACE_CHAIN_FRAME_WORDS, sizeof(*both));
	if (!both)
		return frames;
	if (!calls)
		word = put_run(s, stack, word, true, both, &used);
	for (int i = 0; i < *n; i++) {
		if (is_call(&frames[i]))
			word = put_run(s, stack, word, !paired, both, &used);
		both[used] = frames[i];
		both[used++].machinery |= is_call(&frames[i]);
	}
	free(frames);
	*n = used;
	return both;
}
