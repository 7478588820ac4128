/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors: what kind_fd.c (births and deaths), fd_compare.c (what is in a table) and
 * fd_tables.c (which tables there are) share.
 */
#ifndef _LT_FD_H
#define _LT_FD_H

#include <linux/atomic.h>
#include <linux/fs.h>

#include "key.h"
#include "target.h"

#define LT_FD_KEY(table, fd)	((u64)(table) << 32 | (u32)(fd))

enum { LT_FD_TABLES = 8 };	/* fd tables per target: the process's and threads' own */

/* Of lt_object.own */
enum { LT_FD_FILE };		/* the struct file's address: identity only */

/* What a target has of them, as t->data. */
struct lt_fds {
	struct lt_key *table[LT_FD_TABLES];	/* [0] the process's */
	u32 table_top[LT_FD_TABLES];		/* one more than the highest fd seen */
	bool confirmed;				/* when the target exited */
};

static inline struct lt_fds *lt_fds(const struct lt_target *t)
{
	return t->data[LEAKTRACE_KIND_FD];
}

enum leaktrace_type lt_fd_type(const struct file *file);
void lt_fd_list(struct lt_target *t, struct lt_key *table, u8 flags);
void lt_fd_resync(struct lt_target *t, u32 death_stack);
void lt_fd_resync_range(struct lt_target *t, unsigned int first, unsigned int last,
			u32 death_stack);
void lt_fd_reconcile(struct lt_target *t);
int lt_fd_baseline(struct lt_target *t);
void lt_fd_update_tables(struct lt_target *t);
void lt_fd_thread_exit(struct lt_target *t);
bool lt_fd_confirmed(struct lt_target *t);

/* The highest descriptor that there was: two processors may come at once. */
static inline void lt_fd_raise_top(struct lt_target *t, u32 table, u32 top)
{
	u32 *table_top = &lt_fds(t)->table_top[table];
	u32 old = READ_ONCE(*table_top);

	while (top > old) {
		u32 found = cmpxchg(table_top, old, top);

		if (found == old)
			break;
		old = found;
	}
}

#endif /* _LT_FD_H */
