/* SPDX-License-Identifier: GPL-2.0 */
/* Where the frames of a script belong among those of machine code. */
#ifndef LEAKTRACE_MODEL_SCRIPT_FRAMES_H
#define LEAKTRACE_MODEL_SCRIPT_FRAMES_H

struct stack;
struct symbol_frame;
struct symbolizer;

/*
 * The n named frames of a stack, and among them those of its script: a malloced list, of which
 * *n is the number. Frees frames; the same frames if there is no script, or no memory.
 */
struct symbol_frame *script_frames_insert(struct symbolizer *s, const struct stack *stack,
					  struct symbol_frame *frames, int *n);

#endif
