/* SPDX-License-Identifier: GPL-2.0 */
/* How the sites of a runtime differ between two samples, of one process or of two runs. */
#ifndef LEAKTRACE_MODEL_RUNTIME_DELTA_H
#define LEAKTRACE_MODEL_RUNTIME_DELTA_H

#include <stddef.h>
#include <stdint.h>

struct runtime;
struct runtime_site;

struct runtime_difference {		/* of one call path, or of what one root holds */
	const struct runtime_site *site, *before;	/* NULL: not in the newer, not in the older */
	uint64_t live, live_before, bytes, bytes_before;
};

/*
 * Malloced, greatest growth first; only what grew or shrank. Either may be NULL: there
 * is no runtime.
 */
size_t runtime_delta_compare(struct runtime *older, struct runtime *newer, struct runtime_difference **d);
/* As if the first sample of saved sites had been that of base; before they are asked for. */
void runtime_delta_rebase(struct runtime *saved, struct runtime *base);

#endif
