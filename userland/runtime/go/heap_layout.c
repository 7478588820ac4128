// SPDX-License-Identifier: GPL-2.0
/* Layouts of the runtime's heap, by version, taken from the sources of each release. */
#include <stddef.h>

#include "runtime/go/heap_layout.h"
#include "util/macros.h"

static const struct go_heap_layout layouts[] = {
#define SPAN(count, class, elem, special) .span_allocated = count, .span_class = class, \
	.span_state = (class) + 1, .span_elem = elem, .span_limit = (elem) + 8, .span_specials = special
#define OLD_SPECIAL .special_kind = 10, .special_value = 16
#define NEW_SPECIAL .special_kind = 16, .special_value = 24
#define OLD_ARENA .arena_spans = 0x200000	/* behind a bitmap of two bits a word */
#define BIT_ARENA .arena_spans = 0x104000	/* of one bit, and one for each eight words */
#define NEW_ARENA .arena_spans = 0
#define OLD_MAP .swiss_maps = false, .map_group = 64
#define NEW_MAP .swiss_maps = true, .map_group = 64
	{ 19, SPAN(96, 98, 104, 128), OLD_ARENA, .span_large_type = -1, OLD_SPECIAL,
		.finalizer = 1, .profile = 2, .types = 280, .types_end = 288, OLD_MAP,
		.chan_type = 32, .defer_link = 40 },
	{ 21, SPAN(104, 106, 112, 136), BIT_ARENA, .span_large_type = -1, OLD_SPECIAL,
		.finalizer = 1, .profile = 2, .types = 296, .types_end = 304, OLD_MAP,
		.chan_type = 32, .defer_link = 40 },
	{ 22, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, OLD_SPECIAL,
		.finalizer = 1, .profile = 2, .types = 296, .types_end = 304, OLD_MAP,
		.chan_type = 32, .defer_link = 32 },
	{ 23, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, OLD_SPECIAL,
		.finalizer = 1, .weak = 2, .profile = 3, .types = 296, .types_end = 304, OLD_MAP,
		.chan_type = 40, .defer_link = 32 },
	{ 24, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, NEW_SPECIAL,
		.finalizer = 1, .weak = 2, .profile = 3, .cleanup = 6, .types = 296, .types_end = 304,
		NEW_MAP, .chan_type = 40, .defer_link = 32 },
	{ 25, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, NEW_SPECIAL,
		.finalizer = 2, .weak = 3, .profile = 4, .cleanup = 7, .types = 296, .types_end = 304,
		NEW_MAP, .chan_type = 40, .defer_link = 32 },
	{ 26, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, NEW_SPECIAL,
		.finalizer = 2, .weak = 3, .profile = 4, .cleanup = 7, .types = 296, .types_end = 304,
		NEW_MAP, .chan_type = 40, .defer_link = 32 },
	{ 27, SPAN(96, 98, 104, 128), NEW_ARENA, .span_large_type = 152, NEW_SPECIAL,
		.finalizer = 2, .weak = 3, .profile = 4, .cleanup = 7, .types = 296, .types_end = 312,
		NEW_MAP, .chan_type = 40, .defer_link = 32 },
#undef SPAN
#undef OLD_SPECIAL
#undef NEW_SPECIAL
#undef OLD_ARENA
#undef BIT_ARENA
#undef NEW_ARENA
#undef OLD_MAP
#undef NEW_MAP
};

/** go_heap_layout() - the layout of the heap of Go 1.minor; NULL: not known */
const struct go_heap_layout *go_heap_layout(int minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].minor == minor)
			return &layouts[i];
	return NULL;
}
