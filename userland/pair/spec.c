// SPDX-License-Identifier: GPL-2.0
/* Reads what users say of pairs. Nothing is guessed: what is not in the grammar is refused. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/known.h"
#include "pair/spec.h"
#include "util/array.h"
#include "util/format.h"

#define LIBRARY_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* The part of these characters that begins at *at, which becomes what follows it. */
static bool take(const char **at, const char *chars, char *part, size_t room)
{
	size_t n = strspn(*at, chars);

	if (!n || n >= room)
		return false;
	memcpy(part, *at, n);
	part[n] = '\0';
	*at += n;
	return true;
}

static bool take_name(const char **at, char name[LEAKTRACE_PAIR_NAME_BYTES])
{
	return !isdigit((unsigned char)**at) && take(at, NAME_CHARS, name, LEAKTRACE_PAIR_NAME_BYTES);
}

static bool take_word(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n))
		return false;
	*at += n;
	return true;
}

static bool take_argument(const char **at, uint8_t *argument)
{
	if (!take_word(at, "arg") || **at < '1' || **at > '0' + LEAKTRACE_PAIR_ARGUMENTS)
		return false;
	*argument = *(*at)++ - '0';
	return true;
}

static bool take_handle(const char **at, struct pair_spec *spec)
{
	if (!take_word(at, "=") || take_word(at, "ret"))
		return true;
	spec->handle = take_word(at, "*") ? LEAKTRACE_PAIR_POINTED : LEAKTRACE_PAIR_ARGUMENT;
	return take_argument(at, &spec->argument);
}

/** pair_spec_parse() - read one pair */
bool pair_spec_parse(const char *text, struct pair_spec *spec, char *err, size_t errlen)
{
	const char *at = text;

	*spec = (struct pair_spec){ .handle = LEAKTRACE_PAIR_RESULT, .release_argument = 1 };
	if (take(&at, LIBRARY_CHARS, spec->library, sizeof(spec->library)) && take_word(&at, ":") &&
	    take_name(&at, spec->acquire) && take_handle(&at, spec) && take_word(&at, "/") &&
	    take_name(&at, spec->release) &&
	    (!take_word(&at, "=") || take_argument(&at, &spec->release_argument)) && !*at &&
	    strcmp(spec->acquire, spec->release))
		return true;
	snprintf(err, errlen, "'%s' is not LIBRARY:ACQUIRE[=ret|=argN|=*argN]/RELEASE[=argN] "
		 "from its character %zu on", text, (size_t)(at - text) + 1);
	return false;
}

static bool share(const struct pair_spec *a, const struct pair_spec *b)
{
	return !strcmp(a->library, b->library) &&
	       (!strcmp(a->acquire, b->acquire) || !strcmp(a->release, b->release) ||
		!strcmp(a->acquire, b->release) || !strcmp(a->release, b->acquire));
}

/* The smallest number that none has; pairs that share a function get that of one of them. */
static void number_spaces(struct pair_specs *specs)
{
	size_t n = specs->n - 1;
	struct pair_spec *last = &specs->spec[n];
	unsigned int fresh = 0;

	for (size_t i = 0; i < n; i++)
		if (specs->spec[i].space >= fresh)
			fresh = specs->spec[i].space + 1;
	last->space = fresh;
	for (size_t i = 0; i < n; i++) {
		uint8_t old = last->space;

		if (!share(last, &specs->spec[i]) || specs->spec[i].space == old)
			continue;
		for (size_t j = 0; j <= n; j++)
			if (specs->spec[j].space == old)
				specs->spec[j].space = specs->spec[i].space;
	}
}

static int add(struct pair_specs *specs, const char *text, char *err, size_t errlen)
{
	struct pair_spec spec;

	if (!pair_spec_parse(text, &spec, err, errlen))
		return -EINVAL;
	for (size_t i = 0; i < specs->n; i++) {
		const struct pair_spec *other = &specs->spec[i];

		if (strcmp(other->library, spec.library) || strcmp(other->acquire, spec.acquire))
			continue;
		if (other->handle != spec.handle || other->argument != spec.argument) {
			snprintf(err, errlen, "'%s': of %s, the handle was said to be elsewhere", text,
				 spec.acquire);
			return -EINVAL;
		}
		if (!strcmp(other->release, spec.release))
			return 0;
	}
	if (!array_reserve(specs->spec, specs->capacity, specs->n, 1)) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	specs->spec[specs->n++] = spec;
	number_spaces(specs);
	if (specs->spec[specs->n - 1].space < LEAKTRACE_PAIR_SPACES_MAX)
		return 0;
	snprintf(err, errlen, "'%s': there are more than %d sorts of handles", text,
		 LEAKTRACE_PAIR_SPACES_MAX);
	return -E2BIG;
}

/* Names of libraries, each once: "curl, dir, …" */
static void list_known(char *list, size_t len)
{
	size_t used = 0;

	*list = '\0';
	for (size_t i = 0; i < npairs_known; i++)
		if ((!i || strcmp(pairs_known[i].name, pairs_known[i - 1].name)) && used < len)
			used += snprintf(list + used, len - used, "%s%s", i ? ", " : "",
					 pairs_known[i].name);
}

/** pair_specs_add() - one pair, or those that are known of a library */
int pair_specs_add(struct pair_specs *specs, const char *text, char *err, size_t errlen)
{
	bool known = false;
	char list[128];
	int error;

	if (strchr(text, ':'))
		return add(specs, text, err, errlen);
	for (size_t i = 0; i < npairs_known; i++) {
		if (strcmp(pairs_known[i].name, text))
			continue;
		known = true;
		error = add(specs, pairs_known[i].spec, err, errlen);
		if (error)
			return error;
	}
	if (known)
		return 0;
	list_known(list, sizeof(list));
	snprintf(err, errlen, "'%s' is neither LIBRARY:ACQUIRE/RELEASE nor one of %s", text, list);
	return -EINVAL;
}

void pair_specs_free(struct pair_specs *specs)
{
	free(specs->spec);
	*specs = (struct pair_specs){ 0 };
}

/*
 * libz.so.1 is also libz.so.1.2.13, and libc.so.6 what was libc-2.31.so once. A file that was
 * replaced by another one is still itself.
 */
bool pair_spec_is_of(const struct pair_spec *spec, const char *path)
{
	static const char deleted[] = " (deleted)";
	const char *base = path_base(path), *so = strstr(spec->library, ".so");
	size_t n = strlen(base), whole = strlen(spec->library), stem = so ? so - spec->library : 0;

	if (n > strlen(deleted) && !strcmp(base + n - strlen(deleted), deleted))
		n -= strlen(deleted);
	if (n >= whole && !strncmp(base, spec->library, whole) && (n == whole || base[whole] == '.'))
		return true;
	return stem && n > stem + 4 && !strncmp(base, spec->library, stem) && base[stem] == '-' &&
	       isdigit((unsigned char)base[stem + 1]) && !strncmp(base + n - 3, ".so", 3);
}
