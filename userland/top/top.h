/* SPDX-License-Identifier: GPL-2.0 */
/* leaktrace top: all processes of a host on the full screen. */
#ifndef LEAKTRACE_TOP_TOP_H
#define LEAKTRACE_TOP_TOP_H

#include <stdbool.h>

#include "host/table.h"
#include "session/session.h"

struct top_options {
	double every_s;			/* between two looks */
	enum host_order order;
	bool groups;			/* cgroups instead of processes */
	const char *filter;		/* NULL: none */
	const struct session_options *session;	/* of what is traced */
};

int top_run(const struct top_options *o);	/* 0, or EXIT_TROUBLE after an error message */

#endif
