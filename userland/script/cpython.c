// SPDX-License-Identifier: GPL-2.0
/*
 * CPython in a process, from outside: which version, where a thread's state is found, and
 * what its frames are of. Nothing is stopped or written to; what is read may change, or be
 * gone, meanwhile: then there is no name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "script/cpython.h"
#include "script/interpreter.h"
#include "script/script.h"
#include "util/format.h"
#include "util/process_memory.h"
#include "util/utf8.h"

enum {
	TABLE_MAX = 1 << 20,		/* bytes of a table of lines */
	CHARACTERS_MAX = 4096,
	BYTES_OBJECT = 32,		/* what stands before its bytes; their number at 16 */
	KEYS_MAX = 1024,		/* glibc's PTHREAD_KEYS_MAX */
	KEYS_IN_THREAD = 32,		/* glibc has the others in blocks of as many */
	THREAD_KEYS = 0x310,		/* glibc's struct pthread: the first block, from fs */
	THREAD_KEY_BLOCKS = 0x510,	/* addresses of all blocks */
	KEY_BYTES = 16,			/* a number and the value */
};

/* --- which interpreter --- */

/* "python3.11", "libpython3.9.so.1.0": major << 8 | minor, or 0 */
static int version_in_name(const char *path)
{
	const char *base = path_base(path);
	int major, minor;

	if (!strncmp(base, "lib", 3))
		base += 3;
	if (sscanf(base, "python%d.%d", &major, &minor) != 2 || major != 3 || minor < 0 || minor > 255)
		return 0;
	return major << 8 | minor;
}

/* Since 3.11 it says its version; before, its file does. */
static int version_of(pid_t pid, struct elf_image *image, uint64_t bias, const char *path)
{
	uint64_t vaddr = elf_symbol_value(image, SHT_DYNSYM, "Py_Version");
	uint32_t hex;

	if (vaddr && !memory_read(pid, bias + vaddr, &hex, sizeof(hex)))
		return hex >> 16;
	return version_in_name(path);
}

/* From 3.13 on _PyRuntime begins with a cookie, a version, and whether there is a global interpreter lock. */
static bool is_free_threaded(pid_t pid, uint64_t runtime)
{
	uint64_t word[3];

	return !memory_read(pid, runtime, word, sizeof(word)) && !memcmp(word, "xdebugpy", sizeof(*word)) && word[2];
}

static void look_into(struct script *s, struct elf_image *image, uint64_t bias, const char *path)
{
	uint64_t runtime = elf_symbol_value(image, SHT_DYNSYM, "_PyRuntime");

	if (!runtime)
		return;
	s->version = version_of(s->pid, image, bias, path);
	s->root = bias + runtime;
	if (is_free_threaded(s->pid, s->root))
		s->build = "free-threaded";
	for (int i = 0; i < cpython_nlayouts; i++)
		if (!s->build && cpython_layouts[i].version == s->version)
			s->layout = &cpython_layouts[i];
}

/* --- how the kernel finds the frames --- */

static bool describe(const struct script *s, struct leaktrace_chain *chain, bool *is_certain)
{
	const struct cpython_layout *l = s->layout;
	struct {
		uint32_t is_there, key;
	} slot;

	if (memory_read(s->pid, s->root + l->key - 4, &slot, sizeof(slot)))
		return false;
	*is_certain = slot.is_there == 1 && slot.key < KEYS_MAX;
	if (!*is_certain)
		slot.key = l->usual_key;
	*chain = l->chain;
	if (slot.key < KEYS_IN_THREAD) {
		chain->step[0].off = THREAD_KEYS;
	} else {
		chain->step[0].off = THREAD_KEY_BLOCKS + slot.key / KEYS_IN_THREAD * 8;
		chain->step[0].bytes = 8;
	}
	chain->step[1].off = slot.key % KEYS_IN_THREAD * KEY_BYTES + 8;
	return true;
}

/* --- what the words mean --- */

/* Characters of one, two or four bytes; text and terminals are no places for control characters. */
static void to_utf8(const uint8_t *from, size_t n, unsigned int kind, char *to, size_t bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used + 5 <= bytes; i++) {
		uint32_t c = 0;

		memcpy(&c, from + i * kind, kind);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
			c = '?';
		used += utf8_put(c, to + used);
	}
	to[used] = '\0';
}

/* A str that is compact, as all names are. */
static bool read_text(const struct script *s, uint64_t member, char *to, size_t bytes)
{
	const struct cpython_layout *l = s->layout;
	struct {
		uint64_t length, hash;
		uint32_t state;
	} head;
	uint8_t characters[CHARACTERS_MAX];
	unsigned int kind;
	uint64_t at;
	size_t n;

	if (!script_address(s, member, &at) || memory_read(s->pid, at + 16, &head, sizeof(head)))
		return false;
	kind = head.state >> 2 & 7;
	if (!(head.state >> 5 & 1) || (kind != 1 && kind != 2 && kind != 4))
		return false;
	n = head.length < bytes ? head.length : bytes;
	if (n > sizeof(characters) / kind)
		n = sizeof(characters) / kind;
	at += head.state >> 6 & 1 ? l->ascii : l->wide;
	if (memory_read(s->pid, at, characters, n * kind))
		return false;
	to_utf8(characters, n, kind, to, bytes);
	return true;
}

static bool is_unchanged(const struct script *s, uint64_t code, uint64_t table, uint32_t check)
{
	const struct cpython_layout *l = s->layout;
	uint64_t now = 0;

	if (memory_read(s->pid, (l->check_bytes ? code : table) + l->check, &now, l->check_bytes ?: sizeof(now)))
		return false;
	return leaktrace_chain_fold(now) == check;
}

static int read_line(const struct script *s, uint64_t code, uint64_t table, uint32_t where)
{
	const struct cpython_layout *l = s->layout;
	uint64_t bytes;
	uint32_t first;
	uint8_t *lines;
	int line = 0;

	if (memory_read(s->pid, code + l->first_line, &first, sizeof(first)) ||
	    memory_read(s->pid, table + 16, &bytes, sizeof(bytes)))
		return 0;
	if (bytes > TABLE_MAX)
		bytes = TABLE_MAX;
	lines = malloc(bytes ?: 1);
	if (lines && !memory_read(s->pid, table + BYTES_OBJECT, lines, bytes))
		line = cpython_line(l->lines, lines, bytes, first, where * l->unit_bytes - l->code);
	free(lines);
	return line;
}

static bool name_frame(const struct script *s, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		       struct script_name *name)
{
	uint64_t code = script_what(word), table;
	const struct cpython_layout *l = s->layout;
	uint32_t check = script_check(word);

	if (!code || !script_address(s, code + l->table, &table) || !is_unchanged(s, code, table, check) ||
	    !read_text(s, code + l->name, name->function, sizeof(name->function)) ||
	    !read_text(s, code + l->file, name->file, sizeof(name->file)))
		return false;
	name->line = read_line(s, code, table, word[1]);
	/* What was read in between may have been another one's. */
	return is_unchanged(s, code, table, check);
}

const struct interpreter interpreter_cpython = {
	.name = "Python", .key = "python", .files = { "python", "libpython" },
	.eval = "_PyEval_EvalFrameDefault",
	.look_into = look_into, .describe = describe, .name_frame = name_frame,
};
