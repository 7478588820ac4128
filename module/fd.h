/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the rooms of descriptors: kind_fd.c; fdtable.c: what is in a table;
 * fdspace.c: which tables there are.
 */
#ifndef LT_FD_H
#define LT_FD_H

#include "leaktrace.h"

#define LT_FD_KEY(space, fd)	((u64)(space) << 32 | (u32)(fd))

enum leaktrace_type lt_fd_type(const struct file *file);
void lt_fd_list(struct lt_target *t, struct lt_key *space, u8 flags);

/* The highest descriptor that there was: two processors may come at once. */
static inline void lt_fd_reaches(struct lt_target *t, u32 space, u32 top)
{
	u32 old = READ_ONCE(t->space_top[space]);

	while (top > old) {
		u32 found = cmpxchg(&t->space_top[space], old, top);

		if (found == old)
			break;
		old = found;
	}
}

#endif
