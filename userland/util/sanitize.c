// SPDX-License-Identifier: GPL-2.0
/*
 * Names are what a target, or who wrote a file, wants to be read, on a terminal, by
 * root: what a terminal would obey is taken out where names come in.
 */
#include "util/sanitize.h"

/* A control character: C0, DEL, or C1 in UTF-8. Return: its bytes, or 0. */
static int control(const char *s)
{
	unsigned char c = *s, next = c == 0xc2 ? s[1] : 0;

	if (c < ' ' || c == 0x7f)
		return 1;
	return next >= 0x80 && next < 0xa0 ? 2 : 0;
}

bool is_tame(const char *s, size_t len)
{
	for (size_t i = 0; i < len && s[i]; i++)
		if (control(s + i))
			return false;
	return true;
}

char *tame(char *s)
{
	for (char *c = s; c && *c; c++)
		for (int n = control(c); n; n--)
			*(n > 1 ? c++ : c) = '?';
	return s;
}
