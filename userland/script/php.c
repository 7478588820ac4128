// SPDX-License-Identifier: GPL-2.0
/* PHP in a process, from outside. */
#include <stdio.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "script/interpreter.h"
#include "script/php.h"
#include "script/script.h"
#include "util/macros.h"
#include "util/process_memory.h"

enum {
	FILE_MAX = 64 << 20,		/* bytes in which a version is looked for */
	VERSION_BYTES = 16,
	FUNCTION_NAME = 8,		/* of a zend_function */
	FUNCTION_SCOPE = 16,
	CLASS_NAME = 8,			/* of a zend_class_entry */
	USER_CLASS = 2,			/* its first byte */
	TYPE_BITS = 15,			/* of a zend_string */
	IS_STRING = 6,
	CHARACTERS_MAX = 4096,
	LINES = 8,			/* after the address of its file's name: first and last */
};

/* --- which one --- */

/* It tells HTTP clients. */
static int version_of(const struct elf_image *image)
{
	static const char header[] = "X-Powered-By: PHP/";
	size_t bytes = image->size_bytes < FILE_MAX ? image->size_bytes : FILE_MAX;
	const unsigned char *at = memmem(image->bytes, bytes, header, strlen(header)), *end = image->bytes + bytes;
	char version[VERSION_BYTES] = "";
	int major, minor;

	if (!at)
		return 0;
	at += strlen(header);
	memcpy(version, at, (size_t)(end - at) < sizeof(version) ? (size_t)(end - at) : sizeof(version) - 1);
	if (sscanf(version, "%d.%d.", &major, &minor) != 2 || major < 0 || major > 255 || minor < 0 || minor > 255)
		return 0;
	return major << 8 | minor;
}

static void look_into(struct script *s, struct elf_image *image, uint64_t bias, const char *path)
{
	uint64_t globals = elf_symbol_value(image, SHT_DYNSYM, "executor_globals");

	(void)path;
	if (!globals && elf_symbol_value(image, SHT_DYNSYM, "executor_globals_offset"))
		s->build = "ZTS";
	if (!globals && !s->build)
		return;
	s->version = version_of(image);
	s->root = bias + globals;
	for (int i = 0; i < php_nlayouts; i++)
		if (!s->build && php_layouts[i].version == s->version)
			s->layout = &php_layouts[i];
}

static bool describe(const struct script *s, struct leaktrace_chain *chain, bool *is_certain)
{
	const struct php_layout *l = s->layout;

	*chain = l->chain;
	chain->root = s->root;
	*is_certain = true;
	return true;
}

/* --- what the words mean --- */

/* Its characters are signed. */
static uint64_t hash_of(const char *text, size_t length)
{
	uint64_t hash = 5381;

	for (size_t i = 0; i < length; i++)
		hash = hash * 33 + (int64_t)(signed char)text[i];
	return hash | 1ull << 63;
}

/*
 * Of the zend_string at an address. What a request has left behind may still be there, or in
 * part, so it must be one. The name of a class without a name goes on behind a NUL.
 */
static bool read_text(const struct script *s, uint64_t at, char *to, size_t bytes)
{
	char text[CHARACTERS_MAX + 1];
	struct {
		uint32_t references, type;
		uint64_t hash, length;
	} head;

	if (memory_read(s->pid, at, &head, sizeof(head)) || (head.type & TYPE_BITS) != IS_STRING ||
	    head.length > CHARACTERS_MAX || memory_read(s->pid, at + sizeof(head), text, head.length + 1) ||
	    text[head.length] || (head.hash && head.hash != hash_of(text, head.length)))
		return false;
	return script_clean(text, to, bytes);
}

static bool read_lines(const struct script *s, uint64_t function, uint32_t check, uint32_t line[2])
{
	const struct php_layout *l = s->layout;

	return !memory_read(s->pid, function + l->file + LINES, line, 2 * sizeof(*line)) &&
	       leaktrace_chain_fold((uint64_t)line[1] << 32 | line[0]) == check;
}

static bool read_class(const struct script *s, uint64_t function, char *to, size_t bytes)
{
	uint64_t class, name;
	uint8_t type;

	*to = '\0';
	if (!script_address(s, function + FUNCTION_SCOPE, &class))
		return true;
	return !memory_read(s->pid, class, &type, sizeof(type)) && type == USER_CLASS &&
	       script_address(s, class + CLASS_NAME, &name) && read_text(s, name, to, bytes);
}

/* As PHP's own tracebacks do, but for what is not in a function of an included file: it, too, is {main}. */
static bool read_function(const struct script *s, uint64_t function, char *to, size_t bytes)
{
	char class[256], method[256];
	uint64_t name;

	if (!script_address(s, function + FUNCTION_NAME, &name)) {
		snprintf(to, bytes, "{main}");
		return true;
	}
	if (!read_class(s, function, class, sizeof(class)) || !read_text(s, name, method, sizeof(method)))
		return false;
	return snprintf(to, bytes, "%s%s%s", class, *class ? "::" : "", method) > 0;
}

static bool name_frame(const struct script *s, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		       struct script_name *name)
{
	uint64_t function = script_what(word), file;
	uint32_t check = script_check(word), at = word[1], line[2];
	const struct php_layout *l = s->layout;

	if (!function || !read_lines(s, function, check, line) ||
	    !script_address(s, function + l->file, &file) || !read_text(s, file, name->file, sizeof(name->file)) ||
	    !read_function(s, function, name->function, sizeof(name->function)))
		return false;
	/* A function that has just been entered may not have set its frame's instruction yet. */
	name->line = at >= line[0] && at <= line[1] ? (int)at : 0;
	/* What was read in between may have been another one's. */
	return read_lines(s, function, check, line);
}

const struct interpreter interpreter_php = {
	.name = "PHP", .key = "php", .files = { "php", "libphp" }, .eval = "execute_ex",
	.look_into = look_into, .describe = describe, .name_frame = name_frame,
};
