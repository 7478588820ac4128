/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose code a frame is: the program's own, or a library's that everybody has
 * and that is nobody's mistake. All that names a frame to blame, compares call
 * paths or dims a frame on the page asks here.
 */
#ifndef LEAKTRACE_LIBRARY_H
#define LEAKTRACE_LIBRARY_H

#include <stdbool.h>

#include "symbolize/symbolizer.h"

/* The C library: with its loader, its threads, and the _start that it links in. */
bool frame_is_c_library(const struct symbol_frame *frame);

/* That, or the library of a language. */
bool frame_is_library(const struct symbol_frame *frame);

/* The innermost named frame that is of no library; NULL: there is none. */
const struct symbol_frame *frame_to_blame(const struct symbol_frame *frames, int n);

#endif
