// SPDX-License-Identifier: GPL-2.0
/* Lines are broken between words; nothing but blanks is lost, and escape sequences take no room. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "util/text_page.h"
#include "util/text_wrap.h"

static void check(const char *text, unsigned int columns, const char *want)
{
	char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);

	text_wrap(f, text, columns);
	fclose(f);
	CHECK(!strcmp(got, want), "%u columns: \"%s\"", columns, got);
	free(got);
}

static void check_sentence(const char *text, unsigned int columns, const char *want)
{
	const struct text_room room = { .columns = columns, .at = 4, .indent = 4 };
	char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);

	text_wrap_line(f, text, strlen(text), &room);
	fclose(f);
	CHECK(!strcmp(got, want), "\"%s\"", got);
	free(got);
}

static void check_page(void)
{
	struct text_page page;
	char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);

	CHECK(text_page_open(&page));
	fputs("one two three four five six\n", page.f);
	text_page_write(&page, f, 20);
	CHECK(text_page_open(&page));
	fputs("one two three four five six\n", page.f);
	text_page_write(&page, f, 0);
	fclose(f);
	CHECK(!strcmp(got, "one two three four\n  five six\none two three four five six\n"), "%s", got);
	free(got);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	check("", 80, "");
	check("\n\n", 80, "\n\n");
	check("short\n  short\n", 20, "short\n  short\n");
	check("12345 78901 34567 901\n", 20, "12345 78901 34567\n  901\n");
	check("12345 78901 34567 90\n", 20, "12345 78901 34567 90\n");
	check("  - 345 78901 34567 9012\n", 20, "  - 345 78901 34567\n    9012\n");
	/* without an end of line it is not finished */
	check("12345 78901 34567 9012", 20, "12345 78901 34567 9012");
	/* columns of a table are left as they are, where they fit */
	check("a    b         c   d\n", 20, "a    b         c   d\n");
	/* a word that is too long */
	check("a 1234567890123456789012345 b\n", 20, "a\n  123456789012345678\n  9012345 b\n");
	check("1234567890123456789012345\n", 20, "12345678901234567890\n  12345\n");
	check("\033[1m1234567890123456789ä\033[0m\n", 20, "\033[1m1234567890123456789ä\033[0m\n");
	/* a number and its unit, and "site 17", stay together */
	check("1234567890123 100 % more\n", 20, "1234567890123 100 %\n  more\n");
	check("123456789012345 100 % more\n", 20, "123456789012345\n  100 % more\n");
	check("12345678901 (5.9 MiB) more\n", 20, "12345678901\n  (5.9 MiB) more\n");
	check("12345678901234  site 17\n", 20, "12345678901234\n  site 17\n");
	check("12345678901234567 8 sites\n", 20, "12345678901234567 8\n  sites\n");
	/* colours, and characters of several bytes */
	check("\033[1m12345 78901\033[0m \033[2m34567 90\033[0m\n", 20, "\033[1m12345 78901\033[0m \033[2m34567 90\033[0m\n");
	check("\033[1m12345 78901\033[0m \033[2m34567 901\033[0m\n", 20,
	      "\033[1m12345 78901\033[0m \033[2m34567\n  901\033[0m\n");
	check("… öäü 78901 34567 90\n", 20, "… öäü 78901 34567 90\n");
	check("… öäü 78901 34567 901\n", 20, "… öäü 78901 34567\n  901\n");
	check("\033", 20, "\033");
	check("\033[\n12345 78901 34567 901\n", 20, "\033[\n12345 78901 34567\n  901\n");
	check_sentence("56789 12345 78901", 20, "56789 12345\n    78901\n");
	check_sentence("", 20, "\n");
	check_page();
	return verdict("text wrap");
}
