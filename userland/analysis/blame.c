// SPDX-License-Identifier: GPL-2.0
/* The frame that a report blames: the innermost one of the program itself. */
#include "analysis/blame.h"
#include "analysis/thread_owner.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"

const struct symbol_frame *blamed_frame_of_stack(struct model *m, uint32_t stack)
{
	const struct symbol_frame *f;
	int n = model_frames(m, stack, &f);

	return frame_to_blame(f, n) ?: frame_most_useful(f, n);
}

const struct symbol_frame *blamed_frame_of_site(struct model *m, const struct site *s)
{
	const struct runtime_site *holders[OWNERS_MAX];

	if (s->kind == LEAKTRACE_KIND_THREAD && thread_owners(m, s->stack, holders))
		return runtime_site_blamed_frame(holders[0]);
	return blamed_frame_of_stack(m, s->stack);
}
