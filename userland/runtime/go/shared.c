// SPDX-License-Identifier: GPL-2.0
/* Objects that more than one root leads to, a bit for each. */
#include <stdlib.h>

#include "runtime/go/chain.h"
#include "runtime/go/shared.h"

/** go_shared_open() - from now on, what is shared is noted; false: no memory */
bool go_shared_open(struct go_shared *s, uint32_t objects)
{
	s->objects = objects;
	s->bit = calloc(objects / GO_SHARED_BITS + 1, sizeof(*s->bit));
	return s->bit;
}

/** go_shared_close() - release it */
void go_shared_close(struct go_shared *s)
{
	free(s->bit);
	s->bit = NULL;
}

/** go_shared_retained() - what only this root leads to; false: it is not told */
bool go_shared_retained(const struct go_chains *c, uint32_t root, uint64_t *bytes)
{
	const struct go_root *one = &c->root[root];

	/* the others are looked for after those that a program can change */
	if (one->kind > GO_ROOT_POOL || one->shared_bytes > one->bytes)
		return false;
	*bytes = one->bytes - one->shared_bytes;
	return true;
}
