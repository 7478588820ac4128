// SPDX-License-Identifier: GPL-2.0
/* Whatever comes in as a name, nothing of it moves a terminal. */
#include <string.h>

#include "check.h"
#include "util/string_table.h"
#include "util/sanitize.h"

static void check(const char *wild, const char *want)
{
	char s[64];

	strcpy(s, wild);
	CHECK(is_sanitized(want, sizeof(s)));
	CHECK(!strcmp(sanitize(s), want), "%s", s);
}

static void check_names(void)
{
	struct string_table *names = string_table_open();
	const char *a = string_table_intern(names, "f\033[2J"), *b = string_table_intern(names, "f\033[2J");

	CHECK(a && !strcmp(a, "f?[2J"));
	CHECK(a == b);		/* kept once, wild as it came */
	CHECK(string_table_intern(names, "f?[2J") == a);
	string_table_close(names);
}

int main(void)
{
	check("std::map<int, äöü>", "std::map<int, äöü>");
	check("\033]0;title\a", "?]0;title?");
	check("a\nb\tc\177", "a?b?c?");
	check("x\xc2\x9bm", "x??m");		/* CSI in one character */
	check("\xc2\xa0", "\xc2\xa0");
	check("end\xc2", "end\xc2");
	CHECK(!is_sanitized("\r", 1) && is_sanitized("\r", 0));
	CHECK(!sanitize(NULL));
	check_names();
	return verdict("tame");
}
