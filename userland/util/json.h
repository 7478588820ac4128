/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_JSON_H
#define LEAKTRACE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * A JSON string from untrusted bytes: invalid UTF-8, which would make the whole
 * document invalid, becomes '?'. NULL becomes "". The caller owns the result.
 */
struct json_object *json_string(const char *s);

/* Adds a member, which the object then owns. */
static inline void json_put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static inline struct json_object *json_number(uint64_t n)
{
	return json_object_new_uint64(n);
}

static inline void json_put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_put(o, key, json_number(n));
}

/* With three decimals; what is not finite is 0. */
void json_put_real(struct json_object *o, const char *key, double v);

bool json_write_line(FILE *f, struct json_object *o);	/* consumes o; returns whether it was written */

#endif
