// SPDX-License-Identifier: GPL-2.0
/* Text of a script: names of its functions, classes and files. */
#include <stdlib.h>
#include <string.h>

#include "script/interpreter.h"
#include "util/utf8.h"

bool script_clean(const char *text, char *to, size_t bytes)
{
	char *copy = utf8_copy(text);
	size_t length = copy ? strnlen(copy, bytes - 1) : 0;

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == '\xc2' && (unsigned char)c[1] < 0xa0)
			*c = c[1] = '?';
	if (copy)
		memcpy(to, copy, length);
	to[length] = '\0';
	free(copy);
	return copy;
}
