// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "analysis/evidence.h"
#include "analysis/heap_growth.h"
#include "analysis/kept_free.h"
#include "analysis/thresholds.h"
#include "model/address_range.h"
#include "model/allocator.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "util/units.h"

/* Less is not told. */
#define TOLD_BYTES_MIN	(16ULL << 20)
#define TOLD_SHARE_MIN	0.25		/* of what malloc has */

/* Pages that malloc_trim() has given back are free, too, but nobody misses them. */
static bool is_in_memory(const struct model *m)
{
	const struct ledger_malloc *a = &m->ledger.malloc_last;
	const struct ledger_account *p = &m->ledger.process;

	return !p->known || p->bytes[LEDGER_ANONYMOUS] + p->bytes[LEDGER_SWAP] >=
		a->live_bytes + ledger_malloc_free_bytes(a) / 2;
}

/** kept_free_judge() - say how much of what malloc has is free */
void kept_free_judge(struct model *m)
{
	const struct ledger_malloc *a = &m->ledger.malloc_last;
	uint64_t free_bytes = ledger_malloc_free_bytes(a);

	judgement_clear(&m->kept_free);
	if (!a->known || free_bytes < TOLD_BYTES_MIN || free_bytes < TOLD_SHARE_MIN * a->bytes || !is_in_memory(m))
		return;
	m->kept_free.verdict = VERDICT_CACHE;
	evidence_of_kept_free(m);
}

/* Those of another allocator tell nothing of malloc's, nor malloc's of them. */
static bool is_mallocs(struct model *m, const struct finding *f)
{
	uint64_t others = 0;

	for (size_t i = 0; i < f->nsites; i++) {
		size_t n;
		const struct object *o = model_objects(m, f->sites[i], &n);

		for (size_t k = 0; k < n; k++) {
			const char *name = range_allocator(m, o[k].id);

			if (!name || strcmp(name, ALLOCATOR_MALLOC))
				others += o[k].count;
		}
	}
	return others * PAGE_BYTES < SMALL_BYTES && m->maps && !allocator_loaded(m->maps, 0);
}

/** kept_free_explains() - whether live blocks grew by less than would be told of */
bool kept_free_explains(struct model *m, const struct finding *f)
{
	const struct ledger_malloc *then = &m->ledger.malloc_first, *now = &m->ledger.malloc_last;

	return then->known && now->known && heap_growth_is(f) && f->judgement.verdict == VERDICT_SUSPECT &&
		is_mallocs(m, f) && now->bytes > then->bytes &&
		now->live_bytes + now->unread_bytes < then->live_bytes + SMALL_BYTES;
}
