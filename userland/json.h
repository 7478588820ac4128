/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_JSON_H
#define LEAKTRACE_JSON_H

#include <json-c/json.h>

/*
 * A string of somebody else's making: what is no UTF-8 would make the whole document
 * invalid, and is '?'. NULL is "". The caller owns it.
 */
struct json_object *json_string(const char *s);

#endif
