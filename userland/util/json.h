/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_JSON_H
#define LEAKTRACE_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * A JSON string from untrusted bytes: invalid UTF-8, which would make the whole
 * document invalid, becomes '?'. NULL becomes "". The caller owns the result.
 */
struct json_object *json_string(const char *s);

bool json_write_line(FILE *f, struct json_object *o);	/* consumes o; returns whether it was written */

#endif
