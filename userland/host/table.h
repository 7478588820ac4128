/* SPDX-License-Identifier: GPL-2.0 */
/* All processes of a host, or all cgroups, as they were looked at several times. */
#ifndef LEAKTRACE_HOST_TABLE_H
#define LEAKTRACE_HOST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/row.h"

enum host_order { HOST_BY_LIMIT, HOST_BY_GROWTH, HOST_BY_FDS, HOST_BY_THREADS, HOST_BY_TIMERS,
	HOST_BY_MAPS, HOST_BY_MEMORY, HOST_BY_PID, HOST_BY_NAME, HOST_ORDERS };

struct host_table {			/* initialise to zeroes */
	struct host_row **row;		/* of processes, sorted by PID */
	size_t n, room;
	struct host_row **group;	/* of cgroups, sorted by path */
	size_t ngroups, groups_room;
	unsigned int looks;
	uint64_t looked_ns;		/* the last time; CLOCK_MONOTONIC */
	size_t unreadable;		/* processes of others, whose descriptors may not be read */
	size_t left_out;		/* processes beyond HOST_ROWS_MAX */
};

enum { HOST_ROWS_MAX = 65536 };

/* Reads /proc once. Kernel threads and ourselves are left out. 0, or -errno: nothing could be read. */
int host_table_look(struct host_table *t);
void host_table_free(struct host_table *t);

/* The rows of a list in an order: malloced, NULL: no memory. */
struct host_row **host_table_sorted(const struct host_table *t, bool groups, enum host_order order);
/* Whether its name, its PID, its unit, container or cgroup has that text; "" is in all. */
bool host_row_fits(const struct host_row *row, const char *filter);
const char *host_order_name(enum host_order order);
int host_order_parse(const char *name);	/* -1: unknown */

#endif
