/* SPDX-License-Identifier: GPL-2.0 */
/* What the full screen shows, and what has been chosen in it. */
#ifndef LEAKTRACE_TOP_STATE_H
#define LEAKTRACE_TOP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/table.h"
#include "top/curses.h"
#include "top/top.h"

struct session;

enum { MESSAGE_BYTES = 512, FILTER_BYTES = 64 };

struct top {
	const struct top_options *o;
	struct host_table table;
	enum host_order order;
	bool groups, paused, help;
	bool typing;			/* keys go to the filter */
	char filter[FILTER_BYTES];	/* "": all */

	struct host_row **shown;	/* those that fit the filter, in order; malloced */
	size_t nshown, cursor, first;	/* cursor and the first on the screen: indices of shown */
	pid_t chosen;			/* of the row under the cursor: it stays there when rows move */
	char *chosen_group;

	pid_t pid;			/* the process whose page is shown; 0: the list */
	char **line;			/* of that page, in one malloced text */
	char *text;
	size_t nlines, scroll;
	uint64_t page_ns;		/* when it was made */

	struct session *session;	/* NULL: nothing has been traced yet */
	char message[MESSAGE_BYTES];	/* in the last line, until the next key */
	bool quit;
};

/* list.c */
int top_list_sort(struct top *t);	/* after a look, or another choice: 0 or -ENOMEM */
void top_list_draw(const struct top *t, unsigned int rows, unsigned int columns);
void top_list_move(struct top *t, long by, unsigned int rows);
struct host_row *top_list_row(const struct top *t);	/* under the cursor; NULL: none */

/* page.c */
void top_page_make(struct top *t, unsigned int columns);
void top_page_draw(const struct top *t, unsigned int rows);
void top_page_move(struct top *t, long by, unsigned int rows);
void top_page_save(struct top *t);

/* trace.c: what the kernel module says of the process whose page is shown */
void top_trace_add(struct top *t, pid_t pid);
void top_trace_remove(struct top *t, pid_t pid);
bool top_trace_has(const struct top *t, pid_t pid);
char *top_trace_text(struct top *t, unsigned int columns);	/* malloced; NULL: not traced, or no memory */
void top_trace_step(struct top *t);	/* as often as possible, never waits */
void top_trace_end(struct top *t);

/* help.c */
void top_help_draw(unsigned int rows);

#endif
