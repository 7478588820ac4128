// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/json.h"
#include "util/utf8.h"

struct json_object *json_string(const char *s)
{
	char *copy = s ? utf8_copy(s) : NULL;
	struct json_object *o = json_object_new_string(copy ?: "");

	free(copy);
	return o;
}

bool json_write_line(FILE *f, struct json_object *o)
{
	bool good = fprintf(f, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
								      JSON_C_TO_STRING_NOSLASHESCAPE)) > 0;

	json_object_put(o);
	return good;
}

void json_put_real(struct json_object *o, const char *key, double v)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.3f", isfinite(v) ? v : 0);
	json_put(o, key, json_object_new_double_s(strtod(digits, NULL), digits));
}
