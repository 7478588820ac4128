// SPDX-License-Identifier: GPL-2.0
/*
 * Names of files, threads and programs are byte strings, but our output must be
 * valid UTF-8. The kernel truncates thread names in the middle of a character.
 */
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

/*
 * The length of the valid sequence at s, 1 to 4, or 0. Unicode, table 3-7: no overlong
 * forms, no surrogates, nothing above U+10FFFF.
 */
static size_t sequence_length(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (c[0] < 0x80)
		return 1;
	len = c[0] >= 0xc2 && c[0] <= 0xdf ? 2 : (c[0] & 0xf0) == 0xe0 ? 3 :
		c[0] >= 0xf0 && c[0] <= 0xf4 ? 4 : 0;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (len && (c[1] < low || c[1] > high))
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

char *utf8_copy(const char *s)
{
	char *copy = strdup(s), *c = copy;

	while (c && *c) {
		size_t len = sequence_length(c);

		if (!len)
			*c = '?';
		c += len ?: 1;
	}
	return copy;
}

size_t utf8_put(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = 0xc0 | c >> 6;
		to[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		to[0] = 0xe0 | c >> 12;
		to[1] = 0x80 | (c >> 6 & 0x3f);
		to[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	to[0] = 0xf0 | (c >> 18 & 7);
	to[1] = 0x80 | (c >> 12 & 0x3f);
	to[2] = 0x80 | (c >> 6 & 0x3f);
	to[3] = 0x80 | (c & 0x3f);
	return 4;
}
