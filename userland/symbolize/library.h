/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a frame is the program's own code or that of a common library, which
 * is never to blame. Everything that names a frame to blame, compares call
 * paths or dims frames uses these functions.
 */
#ifndef LEAKTRACE_LIBRARY_H
#define LEAKTRACE_LIBRARY_H

#include <stdbool.h>

#include "symbolize/symbolizer.h"

/* The C library, including its loader, its thread library and _start. */
bool frame_is_c_library(const struct symbol_frame *frame);

/* The C library, or the standard library of a language. */
bool frame_is_library(const struct symbol_frame *frame);

/* The innermost named frame outside libraries; NULL if there is none. */
const struct symbol_frame *frame_to_blame(const struct symbol_frame *frames, int n);

#endif
