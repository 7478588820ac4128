/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks and frames as text. */
#ifndef LEAKTRACE_REPORT_TEXT_STACK_H
#define LEAKTRACE_REPORT_TEXT_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct model;
struct report_style;
struct symbol_frame;

/* mine: the frame to blame, which is highlighted; or NULL. */
void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct report_style *style);

/* Frames with 'first' before the first of them; runs of library frames are folded unless style->all. */
void report_stack(FILE *f, const struct symbol_frame *frames, int n, const char *first,
		  const struct symbol_frame *mine, const struct report_style *style);

/* The same of a stack in the model, with the reason why it ends if it is not complete. */
void report_stack_of(FILE *f, struct model *m, uint32_t id, const char *first, const struct symbol_frame *mine,
		     const struct report_style *style);

void report_at(FILE *f, const struct symbol_frame *place);	/* " at FUNCTION (FILE:LINE)" */
void report_place(FILE *f, const char *lead, const struct symbol_frame *place);	/* "LEAD FUNCTION (FILE:LINE)" */

#endif
