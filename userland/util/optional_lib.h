/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared libraries that only one command needs. libcurl and libmicrohttpd pull
 * in some thirty others, a TLS library among them; a command that only traces a
 * process should not load those, so they are opened with dlopen() when they are
 * needed.
 */
#ifndef LEAKTRACE_OPTIONAL_LIB_H
#define LEAKTRACE_OPTIONAL_LIB_H

#include <stddef.h>

struct optional_lib_symbol {
	const char *name;
	void *where;			/* the pointer to set */
};

/* Returns 0, or EXIT_TROUBLE after an error message that names the missing package. */
int optional_lib_load(const char *library, const char *package, const struct optional_lib_symbol *symbols, size_t n);

#endif
