/* SPDX-License-Identifier: GPL-2.0 */
/* Where the fields of the runtime's heap are, by version. */
#ifndef LEAKTRACE_RUNTIME_GO_HEAP_LAYOUT_H
#define LEAKTRACE_RUNTIME_GO_HEAP_LAYOUT_H

#include <stdbool.h>

struct go_heap_layout {			/* offsets in bytes */
	int minor;
	int span_allocated, span_class, span_state, span_elem, span_limit, span_specials;
	int span_large_type;		/* -1: objects have no type headers */
	int arena_spans;		/* in the record of an arena: the spans of its pages */
	int special_kind, special_value; /* in a record of what is special about an object */
	int finalizer, weak, profile, cleanup;	/* its kinds; 0: there is none */
	int types, types_end;		/* in moduledata */
	bool swiss_maps;
	int map_group;			/* in the type of a map: the type of its groups or buckets */
	int chan_type;			/* in a channel: the type of its elements */
	int defer_link;
};

const struct go_heap_layout *go_heap_layout(int minor);		/* NULL: unknown */

#endif
