// SPDX-License-Identifier: GPL-2.0
/*
 * The walk has noted the objects to which references of two roots lead. A second one, over
 * these and what they lead to, tells of all roots at once what each of them shares.
 */
#include <errno.h>

#include "runtime/go/reach.h"
#include "runtime/go/shared_spread.h"
#include "util/unaligned.h"

/* What an object leads to, if that is not noted yet. */
static void spread_words(struct go_reach *r, const unsigned char *p, uint64_t bytes)
{
	uint64_t low = r->spans.low, size = r->spans.high - low;

	for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
		uint64_t w = u64_at(p + i);
		uint32_t at = w - low < size ? go_spans_at(&r->spans, w) : GO_SPAN_NONE, object;
		const struct go_span *s;

		if (at == GO_SPAN_NONE)
			continue;
		s = &r->spans.span[at];
		object = go_span_object(s, w);
		if (r->link[object] < GO_LINK_FIRST || go_shared_has(&r->shared, object))
			continue;
		go_reach_share(r, s, object);
		if (s->has_pointers && !go_reach_queue(r, object))
			r->is_full = true;
	}
}

static bool queue_shared(struct go_reach *r)
{
	for (uint32_t i = 0; i <= r->shared.objects / GO_SHARED_BITS; i++)
		for (uint64_t left = r->shared.bit[i]; left; left &= left - 1) {
			uint32_t object = i * GO_SHARED_BITS + __builtin_ctzll(left);

			if (go_spans_of(&r->spans, object)->has_pointers && !go_reach_queue(r, object))
				return false;
		}
	return true;
}

/** go_shared_spread() - what shared objects lead to is shared, too; 0 or -ENOMEM */
int go_shared_spread(struct go_reach *r)
{
	if (!queue_shared(r))
		return -ENOMEM;
	while (r->head < r->tail && !r->is_full)
		go_reach_read(r, r->queue[r->head++], spread_words);
	go_reach_drop_copies(r);
	go_shared_close(&r->shared);
	return r->is_full ? -ENOMEM : 0;
}
