/* SPDX-License-Identifier: GPL-2.0 */
/* Strings that live as long as their symbolizer, one copy of each. */
#ifndef LEAKTRACE_SYMBOL_NAMES_H
#define LEAKTRACE_SYMBOL_NAMES_H

struct names;

struct names *names_open(void);
const char *names_keep(struct names *names, const char *text);
const char *names_demangle(struct names *names, const char *symbol);
void names_close(struct names *names);

#endif
