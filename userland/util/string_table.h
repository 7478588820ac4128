/* SPDX-License-Identifier: GPL-2.0 */
/* Strings that live as long as their symbolizer, one copy of each. */
#ifndef LEAKTRACE_STRING_TABLE_H
#define LEAKTRACE_STRING_TABLE_H

struct string_table;

struct string_table *string_table_open(void);
const char *string_table_intern(struct string_table *names, const char *text);
const char *string_table_demangle(struct string_table *names, const char *symbol);
void string_table_close(struct string_table *names);

#endif
