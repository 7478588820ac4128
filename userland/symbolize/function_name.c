// SPDX-License-Identifier: GPL-2.0
/*
 * Reads demangled names of C++, Rust and Go. Names come from files and need not
 * be balanced: what has no end extends to the end of the name.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/function_name.h"
#include "util/macros.h"

#define MARK "…"

enum {
	NESTED_MAX = 64,	/* brackets within brackets; what is deeper counts as text */
	SCOPES_MAX = 64,
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool is_operator(const char *name, size_t at)
{
	return starts(name + at, "operator") && !is_word(name[at + 8]) &&
	       (!at || !is_word(name[at - 1]));
}

/* The length of the symbol at s that is an operator's, by the longest match. */
static size_t operator_symbol(const char *s)
{
	static const char *const symbols[] = {
		"->*", "<=>", "<<=", ">>=", "()", "[]", "->", "<<", ">>", "<=", ">=", "==", "!=",
		"&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "\"\"",
		" new[]", " delete[]", " new", " delete", " co_await",
	};

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (starts(s, symbols[i]))
			return strlen(symbols[i]);
	return *s && strchr("+-*/%^&|~!=<>,", *s) ? 1 : 0;
}

static size_t group_end(const char *s, size_t at);

/* The end of "operator…" at @at: of its symbol, or of the type that it converts to. */
static size_t operator_end(const char *s, size_t at)
{
	size_t i = at + strlen("operator"), symbol = operator_symbol(s + i);

	i += symbol;
	if (symbol)
		return s[i] == ' ' && s[i + 1] == '<' ? i + 1 : i;	/* "operator< <int>" */
	while (s[i] && s[i] != '(' && s[i] != ')' && s[i] != '>')
		i = strchr("<[{", s[i]) ? group_end(s, i) : i + 1;
	return i;
}

/* s[at] opens a group: the index after what closes it. */
static size_t group_end(const char *s, size_t at)
{
	static const char open[] = "([{<", close[] = ")]}>";
	char expected[NESTED_MAX];
	size_t i = at;
	int n = 0;

	do {
		const char *bracket = strchr(open, s[i]);

		if (is_operator(s, i) && operator_symbol(s + i + 8)) {
			i = operator_end(s, i) - 1;
		} else if (bracket) {
			if (n < NESTED_MAX)
				expected[n++] = close[bracket - open];
		} else if (s[i] == '>') {	/* else "->", or a comparison in brackets */
			n -= expected[n - 1] == '>' && s[i - 1] != '-' && s[i - 1] != '=';
		} else if (strchr(close, s[i])) {
			int k = n;

			while (k && expected[k - 1] != s[i])
				k--;
			n = k ? k - 1 : n;	/* "<" within "(a<b)" was a comparison */
		}
		i++;
	} while (n && s[i]);
	return i;
}

/* What may follow a parameter list. */
static size_t qualifiers_end(const char *s, size_t at)
{
	static const char *const words[] = { " const", " volatile", " &&", " &", " noexcept" };
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < ARRAY_SIZE(words) && !more; i++)
			if (starts(s + at, words[i])) {
				at += strlen(words[i]);
				more = true;
			}
	}
	return at;
}

static bool is_scope(const char *s, size_t at)
{
	return starts(s + at, "(anonymous namespace)") || (at && s[at - 1] == '.');	/* main.(*T).f */
}

/* The length without what a compiler appends to copies of a function: ".constprop.0", ".isra.0" */
static size_t without_clones(const char *name, size_t len)
{
	static const char *const clones[] = { ".constprop", ".isra", ".part", ".lto_priv", ".llvm" };
	size_t end = len;

	while (end && isdigit((unsigned char)name[end - 1]))
		end--;
	if (end == len || !end || name[end - 1] != '.')
		return len;
	end--;
	for (size_t i = 0; i < ARRAY_SIZE(clones); i++) {
		size_t suffix = strlen(clones[i]);

		if (end > suffix && !memcmp(name + end - suffix, clones[i], suffix))
			return without_clones(name, end - suffix);
	}
	return len;
}

/*
 * Copies the qualified name to @to, which has room for all of @s; returns its length.
 * What stands before a space at the outermost level belongs to the return type. 0: this is
 * no demangled name.
 */
static size_t copy_qualified(const char *s, char *to)
{
	size_t i = 0, n = 0, end;

	while (s[i]) {
		end = i + 1;
		if (is_operator(s, i)) {
			end = operator_end(s, i);
		} else if (s[i] == '(' && i && (s[i + 1] == '*' || s[i + 1] == '&') && !is_scope(s, i)) {
			i += 2;		/* void (*f(int))(char) */
			n = 0;
			continue;
		} else if (s[i] == '(' && n && !is_scope(s, i)) {
			i = qualifiers_end(s, group_end(s, i));
			if (s[i] && !starts(s + i, "::") && !strchr(")[. ", s[i]))
				return 0;	/* it goes on after the parameters */
			if (!starts(s + i, "::"))
				break;
			continue;
		} else if (s[i] == ')') {
			break;
		} else if (strchr("([{<", s[i])) {
			end = group_end(s, i);
		} else if (s[i] == ' ') {
			if (starts(s + i, " [clone"))
				break;
			n = 0;
			i++;
			continue;
		}
		memcpy(to + n, s + i, end - i);
		n += end - i;
		i = end;
	}
	n = without_clones(to, n);
	to[n] = '\0';
	return n;
}

/* Malloced; the whole name where the parser makes nothing of it. */
static char *qualified(const char *function)
{
	char *name = malloc(strlen(function) + 1);

	if (name && (starts(function, "type:") || !copy_qualified(function, name)))
		strcpy(name, function);
	return name;
}

const char *function_name_qualified(const char *function, char *buf, size_t len)
{
	char *name = qualified(function);

	snprintf(buf, len, "%s", name ?: function);
	free(name);
	return buf;
}

static bool is_continued(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;	/* not the first byte of a character */
}

static unsigned int columns_of(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += !is_continued(*s);
	return n;
}

/* Replaces bytes [from, to) of @name by a mark. They are at least as long as it. */
static void cut(char *name, size_t from, size_t to)
{
	memcpy(name + from, MARK, strlen(MARK));
	memmove(name + from + strlen(MARK), name + to, strlen(name + to) + 1);
}

/* What may be left out of the group [at, end): its inside, or a part of that. */
static void inside(const char *name, size_t at, size_t end, size_t *from, size_t *to)
{
	const char *as = at ? NULL : strstr(name, " as ");	/* <Type as Trait>::method */

	*from = *to = at;
	if (starts(name + at, "{lambda(")) {
		*from = at + strlen("{lambda(");
		*to = group_end(name, *from - 1) - 1;
	} else if (name[at] == '<' || name[at] == '[') {
		*from = as && as < name + end ? (size_t)(as - name) + strlen(" as ") : at + 1;
		*to = end - 1;
	}
}

/* The longest argument list that has not been cut: its inside. */
static bool find_arguments(const char *name, size_t *from, size_t *to)
{
	size_t longest = strlen(MARK);

	for (size_t i = 0, end; name[i]; i = end) {
		size_t first, last;

		end = is_operator(name, i) ? operator_end(name, i) :
			strchr("<[{(", name[i]) ? group_end(name, i) : i + 1;
		inside(name, i, end, &first, &last);
		if (last > first && last - first > longest) {
			longest = last - first;
			*from = first;
			*to = last;
		}
	}
	return longest > strlen(MARK);
}

/* Where the scopes of a name begin, outermost first. */
static size_t find_scopes(const char *name, size_t *scope)
{
	size_t n = 0;

	for (size_t i = 0; name[i] && n < SCOPES_MAX;) {
		if (is_operator(name, i))
			i = operator_end(name, i);
		else if (strchr("<[{(", name[i]))
			i = group_end(name, i);
		else if (starts(name + i, "::"))
			scope[n++] = i += 2;
		else if (name[i] == '/')
			scope[n++] = i += 1;
		else
			i++;
	}
	return n;
}

/* Cuts the middle of what follows @from, so that it has this many columns at most. */
static void cut_middle(char *name, size_t from, unsigned int columns)
{
	unsigned int head = (columns - 1) / 2, tail = columns - 1 - head;
	size_t begin = from, end = strlen(name);

	for (; head && name[begin]; head--)
		do
			begin++;
		while (is_continued(name[begin]));
	for (; tail && end > begin; tail--)
		do
			end--;
		while (end > begin && is_continued(name[end]));
	if (end > begin + strlen(MARK))
		cut(name, begin, end);
}

static void shorten(char *name, unsigned int columns)
{
	size_t scope[SCOPES_MAX], from, to, n;

	while (columns_of(name) > columns && find_arguments(name, &from, &to))
		cut(name, from, to);
	if (columns_of(name) <= columns)
		return;
	n = find_scopes(name, scope);
	for (size_t i = 0; i < n; i++) {
		size_t separator = name[scope[i] - 1] == '/' ? 1 : 2;

		if (scope[i] - separator < strlen(MARK))
			continue;
		if (i + 1 == n || columns_of(name + scope[i]) + separator + 1 <= columns) {
			cut(name, 0, scope[i] - separator);
			break;
		}
	}
	if (columns_of(name) > columns && columns > 2)
		cut_middle(name, 0, columns);
}

const char *function_name_short(const char *function, unsigned int columns, char *buf, size_t len)
{
	char *name = qualified(function);

	if (name)
		shorten(name, columns);
	snprintf(buf, len, "%s", name ?: function);
	free(name);
	return buf;
}
