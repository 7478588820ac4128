/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a frame is the program's own code or that of a common library, which
 * is never to blame. Everything that names a frame to blame, compares call
 * paths, or folds or dims frames uses these functions.
 */
#ifndef LEAKTRACE_LIBRARY_H
#define LEAKTRACE_LIBRARY_H

#include <stdbool.h>

struct symbol_frame;

/* The C library, including its thread library and _start; by module only. */
bool frame_is_c_library(const struct symbol_frame *frame);

/*
 * Which library a frame is of: the C library and the loader, the standard library
 * of a language, an allocator, a header of the system, a wrapper such as operator
 * new, or what an interpreter is made of. NULL: the program's own.
 */
const char *frame_library(const struct symbol_frame *frame);

/* The same as a question: whether somebody who reads a stack may skip this frame. */
bool frame_is_library(const struct symbol_frame *frame);

/* The innermost frame of the program itself; NULL if there is none. */
const struct symbol_frame *frame_to_blame(const struct symbol_frame *frames, int n);

/*
 * For a stack without such a frame: the innermost function of an interpreter, else the
 * outermost frame that says more than how a program or thread starts. NULL: no frames.
 */
const struct symbol_frame *frame_most_useful(const struct symbol_frame *frames, int n);

#endif
