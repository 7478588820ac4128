/* SPDX-License-Identifier: GPL-2.0 */
/* The frame that a report blames: the innermost one of the program itself. */
#ifndef LEAKTRACE_ANALYSIS_BLAME_H
#define LEAKTRACE_ANALYSIS_BLAME_H

#include <stdint.h>

struct model;
struct site;
struct symbol_frame;

/* NULL: unknown. The frame belongs to m. */
const struct symbol_frame *blamed_frame_of_site(struct model *m, const struct site *s);
const struct symbol_frame *blamed_frame_of_stack(struct model *m, uint32_t stack);

#endif
