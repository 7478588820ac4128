/* SPDX-License-Identifier: GPL-2.0 */
/* What of a Go heap has grown between two walks, by root and by chain. */
#ifndef LEAKTRACE_RUNTIME_GO_HOLDERS_GROWTH_H
#define LEAKTRACE_RUNTIME_GO_HOLDERS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_holders;

struct go_past {			/* initialise to zeroes */
	struct go_past_bytes {
		uint64_t hash, bytes, entries;
	} *root, *link;			/* by hash */
	size_t roots, links;
	struct go_past_channel {
		uint64_t at, received_at;
	} *channel;			/* by address */
	size_t channels;
	double at_s;
};

bool go_past_keep(struct go_past *past, const struct go_holders *h);	/* false: no memory */
bool go_past_copy(struct go_past *to, const struct go_past *past);	/* false: no memory */
/* Uses it up, and sets what has grown of all roots and links, and which channels nobody has received from. */
void go_past_compare(struct go_past *past, struct go_holders *h);
uint64_t go_past_root(const struct go_past *past, const struct go_holders *h, uint32_t root); /* bytes then */
void go_past_free(struct go_past *past);

#endif
