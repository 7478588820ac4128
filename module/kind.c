// SPDX-License-Identifier: GPL-2.0
/* Which kinds there are. */
#include "kind.h"

const struct lt_kind *const lt_kinds[LT_KINDS] = {
	[LEAKTRACE_KIND_FD] = &lt_kind_fd,
	[LEAKTRACE_KIND_PAGE] = &lt_kind_page,
	[LEAKTRACE_KIND_TIMER] = &lt_kind_timer,
	[LEAKTRACE_KIND_THREAD] = &lt_kind_thread,
	[LEAKTRACE_KIND_MAP] = &lt_kind_map,
	[LEAKTRACE_KIND_HEAP] = &lt_kind_heap,
	[LEAKTRACE_KIND_PAIR] = &lt_kind_pair,
};
