/* SPDX-License-Identifier: GPL-2.0 */
/* A library that hands things out in every way that --pair knows. */
#ifndef HANDLES_H
#define HANDLES_H

struct handle {
	long a, b;
};

struct handle *handle_new(int how);			/* the result; NULL if how < 0 */
int handle_open(int how, struct handle **out);		/* by pointer; -1 if how < 0 */
int handle_open_default(struct handle **out);		/* passes on to handle_open() */
int handle_open_named(struct handle **out);		/* calls it */
int handle_begin(struct handle *h, int how);		/* the caller's own; -1 if how < 0 */
void handle_free(struct handle *h);
void handle_end(struct handle *h);

#endif
