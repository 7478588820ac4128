/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_JSON_H
#define LEAKTRACE_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * A string of somebody else's making: what is no UTF-8 would make the whole document
 * invalid, and is '?'. NULL is "". The caller owns it.
 */
struct json_object *json_string(const char *s);

bool json_write_line(FILE *f, struct json_object *o);	/* takes o; whether it was written */

#endif
