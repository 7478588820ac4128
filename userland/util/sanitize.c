// SPDX-License-Identifier: GPL-2.0
/*
 * Names come from the target, or from whoever wrote a trace file, and are
 * printed on the terminal of root: control characters are replaced where names
 * enter the program.
 */
#include "util/sanitize.h"

/* The length in bytes of a control character at s (C0, DEL, or C1 in UTF-8), or 0. */
static int control(const char *s)
{
	unsigned char c = *s, next = c == 0xc2 ? s[1] : 0;

	if (c < ' ' || c == 0x7f)
		return 1;
	return next >= 0x80 && next < 0xa0 ? 2 : 0;
}

bool is_sanitized(const char *s, size_t len)
{
	for (size_t i = 0; i < len && s[i]; i++)
		if (control(s + i))
			return false;
	return true;
}

char *sanitize(char *s)
{
	for (char *c = s; c && *c; c++)
		for (int n = control(c); n; n--)
			*(n > 1 ? c++ : c) = '?';
	return s;
}
