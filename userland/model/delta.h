/* SPDX-License-Identifier: GPL-2.0 */
/* What happened between two snapshots of one target, or how two runs of one program differ. */
#ifndef LEAKTRACE_MODEL_DELTA_H
#define LEAKTRACE_MODEL_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct site;

/* The same process in the same tracing session: counters and ids are comparable. */
bool delta_same_target(const struct model *a, const struct model *b);

/*
 * Rewrites m, a snapshot, as if tracing had begun when base, an earlier
 * snapshot of the same target, was taken: what was live then becomes baseline.
 * Both must be settled, and are afterwards. 0, or -EINVAL: base is not an
 * earlier snapshot of that target.
 */
int delta_rebase(struct model *m, const struct model *base);

/* One call path in either of two models; sites of one kind. */
struct difference {
	struct site *site;		/* in the newer model; NULL: not there */
	struct site *before;		/* in the older model; NULL: not there */
	struct model *model;		/* the model whose frames name it */
	uint64_t live, live_before;
	uint32_t *ids, *ids_before;	/* of all sites that are this path, in either model; malloced */
	size_t nids, nids_before;
};

/* Malloced, greatest growth first; only call paths that grew or shrank. */
size_t delta_compare(struct model *older, struct model *newer, struct difference **d);
void delta_free(struct difference *d, size_t n);

#endif
