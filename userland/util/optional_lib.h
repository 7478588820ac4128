/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Libraries that only one command needs. libcurl and libmicrohttpd bring some
 * thirty more with them, and whoever traces a process should not have to load
 * all of TLS for it: they come when they are asked for.
 */
#ifndef LEAKTRACE_LATE_H
#define LEAKTRACE_LATE_H

#include <stddef.h>

struct late_symbol {
	const char *name;
	void *where;			/* of a pointer to it */
};

/* 0, or EXIT_TROUBLE: said what is missing, and that package has it. */
int late_load(const char *library, const char *package, const struct late_symbol *symbols, size_t n);

#endif
