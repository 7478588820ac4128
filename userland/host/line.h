/* SPDX-License-Identifier: GPL-2.0 */
/* Rows as lines of text, of a table that fits into a number of columns. */
#ifndef LEAKTRACE_HOST_LINE_H
#define LEAKTRACE_HOST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "host/table.h"

enum { HOST_LINE_BYTES = 1024 };

/* Both in UTF-8, without a newline, cut where the columns end. Return buf. */
const char *host_heading(bool groups, unsigned int columns, char buf[HOST_LINE_BYTES]);
const char *host_line(const struct host_row *row, unsigned int columns, char buf[HOST_LINE_BYTES]);

/* The course of a count over time, as so many characters; "" with fewer than two points, or without UTF-8. */
const char *host_trend(const struct host_row *row, enum host_resource which, unsigned int columns,
		       char buf[HOST_LINE_BYTES]);

const char *host_count(enum host_resource which, uint64_t n, char buf[32]);	/* a number, or bytes */
/* "+12", "-1.2 MiB": per minute; "" if it does not change. */
const char *host_growth(const struct host_row *row, enum host_resource which, char buf[40]);
const char *host_time_left(const struct host_row *row, enum host_resource which, char buf[32]);	/* "": never */

/* One table, in this order, of what fits the filter (NULL: all). 0, or -1: no memory. */
int host_text(FILE *f, const struct host_table *t, bool groups, enum host_order order,
	      const char *filter, unsigned int columns);
struct json_object *host_row_json(const struct host_row *row);	/* the caller's */
struct json_object *host_json(const struct host_table *t, enum host_order order);	/* the caller's; NULL: no memory */

#endif
