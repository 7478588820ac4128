/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Demangled names for people. A demangled name of C++ may have a return type in
 * front and parameters behind; what says which function it is stands between
 * them, and its end, the method, says most.
 */
#ifndef LEAKTRACE_SYMBOLIZE_FUNCTION_NAME_H
#define LEAKTRACE_SYMBOLIZE_FUNCTION_NAME_H

#include <stddef.h>

/* The qualified name without return type, parameters and clone suffix; returns buf. */
const char *function_name_qualified(const char *function, char *buf, size_t len);

/*
 * The same in at most this many columns. Template arguments are left out first,
 * then outer scopes, then the middle of the last part; each with a mark.
 */
const char *function_name_short(const char *function, unsigned int columns, char *buf, size_t len);

#endif
