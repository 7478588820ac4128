/* SPDX-License-Identifier: GPL-2.0 */
/* Spans that came into being after the list of spans was read. */
#ifndef LEAKTRACE_RUNTIME_GO_SPAN_LATE_H
#define LEAKTRACE_RUNTIME_GO_SPAN_LATE_H

#include <stdint.h>

struct go_spans;

/* list: where the list of spans is. Without its table of arenas, no late span is found. */
void go_spans_find_arenas(struct go_spans *s, uint64_t list);
uint32_t go_spans_add_late(struct go_spans *s, uint64_t address);	/* or GO_SPAN_ABSENT */

#endif
