// SPDX-License-Identifier: GPL-2.0
/*
 * CPython's tables of lines, against what its own co_lines() and findlinestarts() say of them.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "script/cpython.h"
#include "util/macros.h"

struct line {
	uint32_t from;		/* up to the next one's */
	int line;
};

struct table {
	const char *version;
	enum cpython_lines lines;
	const char *hex;
	uint32_t end;
	struct line line[32];
};

/* Of one function with a comprehension, calls over several lines, and an exception's handler. */
static const struct table tables[] = {
	{ "3.9", CPYTHON_LNOTAB, "00020e020401020102ff040502010a010e011601", 78,
	  { { 0, 3 }, { 14, 5 }, { 18, 6 }, { 20, 7 }, { 22, 6 }, { 26, 11 }, { 28, 12 }, { 38, 13 },
	    { 52, 14 }, { 74, 15 } } },
	{ "3.10", CPYTHON_LINETABLE, "0e0204020201020104ff0205080104030efe0a010401088002fe", 78,
	  { { 0, 3 }, { 14, 5 }, { 18, 6 }, { 20, 7 }, { 22, 6 }, { 26, 11 }, { 28, 12 }, { 36, 15 },
	    { 40, 13 }, { 54, 14 }, { 64, 15 }, { 68, 0 }, { 76, 13 } } },
	{ "3.12", CPYTHON_LOCATIONS,
	  "8000e01415f60001090f8871d90c0df203000a0bf00001090f8041f00001090fe10708d81011d81011f103011112"
	  "f000010913f00a03050dd908098c03f006000c0d8048f9f21901090ff8f414000c0df20001050ddb080cd80b0c80"
	  "48fbf00501050dfa", 126,
	  { { 0, 1 }, { 2, 3 }, { 20, 4 }, { 24, 3 }, { 36, 5 }, { 40, 6 }, { 42, 7 }, { 44, 6 }, { 50, 11 },
	    { 52, 12 }, { 66, 15 }, { 70, 0 }, { 74, 3 }, { 80, 0 }, { 82, 13 }, { 98, 14 }, { 106, 15 },
	    { 110, 0 }, { 118, 13 }, { 120, 0 } } },
};

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		to[i] = strtoul(digits, NULL, 16);
	}
	return n;
}

static void test_lines(const struct table *t)
{
	uint8_t bytes[256];
	size_t n = unhex(t->hex, bytes);
	int i = 0;

	for (uint32_t at = 0; at < t->end; at += 2) {
		int line;

		while (t->line[i + 1].from && t->line[i + 1].from <= at)
			i++;
		line = cpython_line(t->lines, bytes, n, 1, at);
		CHECK(line == t->line[i].line, "%s: line %d at %u, not %d", t->version, line, at, t->line[i].line);
	}
}

/* Whatever a table holds, only it is read: the sanitizer looks on. */
static void test_rubbish(void)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		size_t n = rand() % 64;
		uint8_t *table = malloc(n ?: 1);

		for (size_t k = 0; k < n; k++)
			table[k] = rand();
		CHECK(cpython_line(rand() % 3, table, n, rand() % 100, rand() % 256) >= 0);
		free(table);
	}
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		test_lines(&tables[i]);
	test_rubbish();
	return verdict("cpython");
}
