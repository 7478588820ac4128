// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "json.h"
#include "utf8.h"

struct json_object *json_string(const char *s)
{
	char *copy = s ? utf8_copy(s) : NULL;
	struct json_object *o = json_object_new_string(copy ?: "");

	free(copy);
	return o;
}
