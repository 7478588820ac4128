// SPDX-License-Identifier: GPL-2.0
/* As distributions build libraries: calls are passed on by jumps, and through stubs. */
#include <stdlib.h>

#include "handles.h"

static __attribute__((noinline, noclone)) struct handle *make(int how)
{
	struct handle *h = how < 0 ? NULL : malloc(sizeof(*h));

	if (h)
		h->a = how;
	return h;
}

struct handle *handle_new(int how)
{
	return make(how);
}

int handle_open(int how, struct handle **out)
{
	struct handle *h = make(how);

	if (!h)
		return -1;
	*out = h;
	return 0;
}

int handle_open_default(struct handle **out)
{
	return handle_open(1, out);
}

int handle_open_named(struct handle **out)
{
	int err = handle_open(2, out);

	if (!err)
		(*out)->b = 1;
	return err;
}

int handle_begin(struct handle *h, int how)
{
	if (how < 0)
		return -1;
	h->b = how;
	return 0;
}

void handle_free(struct handle *h)
{
	free(h);
}

void handle_end(struct handle *h)
{
	h->b = 0;
}
