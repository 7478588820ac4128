// SPDX-License-Identifier: GPL-2.0
/*
 * One copy of every string that a symbolizer hands out, and the demangler.
 * Memory is bounded by the number of distinct strings, each of at most
 * MAX_NAME_BYTES: a hostile file can make names long, but not unlimited.
 */
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/string_table.h"
#include "util/sanitize.h"

enum {
	CHUNK_BYTES = 64 << 10,
	MAX_NAME_BYTES = 16 << 10,
	FIRST_SLOTS = 1 << 10,
};

struct chunk {
	struct chunk *next;
	char text[];
};

struct string_table {
	struct chunk *chunks;
	size_t left_bytes;		/* free at the end of chunks->text */
	char *free;
	const char **slot;		/* open addressing, a power of two */
	size_t slots, used;
};

/**
 * string_table_open() - an empty pool
 *
 * Return: the pool, or NULL without memory.
 */
struct string_table *string_table_open(void)
{
	struct string_table *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->slots = FIRST_SLOTS;
	names->slot = calloc(names->slots, sizeof(*names->slot));
	if (!names->slot) {
		free(names);
		return NULL;
	}
	return names;
}

static uint64_t hash_of(const char *text, size_t bytes)
{
	uint64_t hash = hash_bytes(HASH_START, text, bytes);

	return hash ^ hash >> 29;
}

static const char **slot_of(const struct string_table *names, const char *text, size_t bytes)
{
	size_t at = hash_of(text, bytes);

	for (;; at++) {
		const char **slot = &names->slot[at & (names->slots - 1)];

		if (!*slot || (!strncmp(*slot, text, bytes) && !(*slot)[bytes]))
			return slot;
	}
}

static void grow(struct string_table *names)
{
	struct string_table bigger = { .slots = 2 * names->slots };

	bigger.slot = calloc(bigger.slots, sizeof(*bigger.slot));
	if (!bigger.slot)
		return;		/* lookups get slower, but still work until the table is full */
	for (size_t i = 0; i < names->slots; i++)
		if (names->slot[i])
			*slot_of(&bigger, names->slot[i], strlen(names->slot[i])) = names->slot[i];
	free(names->slot);
	names->slot = bigger.slot;
	names->slots = bigger.slots;
}

static char *copy(struct string_table *names, const char *text, size_t bytes)
{
	char *to;

	if (names->left_bytes < bytes + 1) {
		struct chunk *chunk = malloc(sizeof(*chunk) + CHUNK_BYTES);

		if (!chunk)
			return NULL;
		chunk->next = names->chunks;
		names->chunks = chunk;
		names->free = chunk->text;
		names->left_bytes = CHUNK_BYTES;
	}
	to = names->free;
	memcpy(to, text, bytes);
	to[bytes] = '\0';
	names->free += bytes + 1;
	names->left_bytes -= bytes + 1;
	return to;
}

static const char *keep(struct string_table *names, const char *text, size_t bytes)
{
	const char **slot;

	if (4 * names->used >= 3 * names->slots)
		grow(names);
	if (names->used + 1 >= names->slots)
		return NULL;
	slot = slot_of(names, text, bytes);
	if (!*slot) {
		*slot = copy(names, text, bytes);
		names->used += *slot != NULL;
	}
	return *slot;
}

/**
 * string_table_intern() - the pool's copy of a string
 * @text: the string; NULL and "" are not names; control characters are replaced
 *
 * Return: the copy, valid until string_table_close(); NULL for no name, or no memory.
 */
const char *string_table_intern(struct string_table *names, const char *text)
{
	size_t bytes = text ? strnlen(text, MAX_NAME_BYTES) : 0;
	const char *kept;
	char *sanitized;

	if (!bytes)
		return NULL;
	if (is_sanitized(text, bytes))
		return keep(names, text, bytes);
	sanitized = sanitize(strndup(text, bytes));
	kept = sanitized ? keep(names, sanitized, bytes) : NULL;
	free(sanitized);
	return kept;
}

struct demangled {
	char text[MAX_NAME_BYTES];
	size_t bytes;
	jmp_buf too_long;
};

static void collect(const char *text, size_t bytes, void *opaque)
{
	struct demangled *out = opaque;

	if (bytes >= sizeof(out->text) - out->bytes)
		longjmp(out->too_long, 1);
	if (!bytes)
		return;		/* then text may be NULL */
	memcpy(out->text + out->bytes, text, bytes);
	out->bytes += bytes;
	out->text[out->bytes] = '\0';
}

/**
 * string_table_demangle() - demangle a C++ or Rust symbol
 * @symbol: a linkage name
 *
 * A few hundred bytes can demangle to gigabytes. The callback interface lets
 * us leave in the middle; libiberty keeps its state on the stack, so nothing
 * is lost by that. Its own limits on recursion stay in force: they are what
 * bounds the stack (names of more than 1,024 characters stay mangled).
 *
 * Return: the name as the pool keeps it, @symbol itself when it is not
 * mangled; NULL for no name, or no memory.
 */
const char *string_table_demangle(struct string_table *names, const char *symbol)
{
	const int options = DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI;
	static struct demangled out;	/* static: longjmp and big */

	if (!symbol || symbol[0] != '_' || strnlen(symbol, MAX_NAME_BYTES) == MAX_NAME_BYTES)
		return string_table_intern(names, symbol);
	out.bytes = 0;
	if (setjmp(out.too_long))
		return string_table_intern(names, symbol);
	/* Rust first: its legacy mangled names are also valid C++ names, with a hash at the end. */
	if (rust_demangle_callback(symbol, options, collect, &out) && out.bytes)
		return string_table_intern(names, out.text);
	out.bytes = 0;
	if (cplus_demangle_v3_callback(symbol, options, collect, &out) && out.bytes)
		return string_table_intern(names, out.text);
	return string_table_intern(names, symbol);
}

/** string_table_close() - release the pool and every string it gave out */
void string_table_close(struct string_table *names)
{
	if (!names)
		return;
	while (names->chunks) {
		struct chunk *next = names->chunks->next;

		free(names->chunks);
		names->chunks = next;
	}
	free(names->slot);
	free(names);
}
