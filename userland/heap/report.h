/* SPDX-License-Identifier: GPL-2.0 */
/* What was read of a heap, as text or JSON. */
#ifndef LEAKTRACE_HEAP_REPORT_H
#define LEAKTRACE_HEAP_REPORT_H

#include <stdio.h>

struct heap_snapshot;
struct json_object;
struct report_style;

void heap_text(FILE *f, const struct heap_snapshot *s, const struct report_style *style);
/* text_lost.c: blocks to which nothing refers */
void heap_text_lost(FILE *f, const struct heap_snapshot *s, const struct report_style *style);
struct json_object *heap_json(const struct heap_snapshot *s);	/* the caller owns it */

#endif
