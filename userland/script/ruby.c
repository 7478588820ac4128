// SPDX-License-Identifier: GPL-2.0
/* Ruby in a process, from outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "script/interpreter.h"
#include "script/ruby.h"
#include "script/script.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/process.h"
#include "util/process_memory.h"

enum {
	VERSION_BYTES = 16,
	/* of the code that a frame runs */
	CODE_SIZE = 4,			/* in instructions and operands, of 8 bytes */
	CODE_START = 8,
	CODE_PATH = 64,			/* a string, or an array whose first is one */
	CODE_LABEL = 80,
	CODE_MAX = 1 << 22,
	LINE_BYTES = 12,		/* of a line: its number is the first word of three */
	/* of an object */
	TYPE = 0x1f,			/* in its flags */
	IS_STRING = 5,
	IS_ARRAY = 7,
	ELSEWHERE = 1 << 13,		/* a string's characters; an array's elements if it is not set */
	LENGTH_BIT = 14,		/* where an embedded string has its length in its flags */
	STRING_LENGTH = 16,
	STRING_POINTER = 24,
	ARRAY_ELEMENTS = 16,
	CHARACTERS_MAX = 4096,
	/* of a thread's state: its stack of values, and the innermost frame, which is at its end */
	VALUES_MIN = 64,
	VALUES_MAX = 1 << 27,
	/* where a thread's variables are looked for */
	SEARCH_BYTES = 256 << 10,
	VARIABLES_BYTES = 8 << 10,
	THREAD_ALIGN = 64,
	THREAD_SELF = 16,		/* glibc's struct pthread has its own address there, and at 0 */
};

/* --- which one --- */

static void look_into(struct script *s, struct elf_image *image, uint64_t bias, const char *path)
{
	uint64_t version = elf_symbol_value(image, SHT_DYNSYM, "ruby_version");
	char text[VERSION_BYTES] = "";
	int major, minor;

	(void)path;
	if (!version || memory_read(s->pid, bias + version, text, sizeof(text) - 1) ||
	    sscanf(text, "%d.%d.", &major, &minor) != 2 || major < 1 || major > 255 || minor < 0 || minor > 255)
		return;
	s->version = major << 8 | minor;
	for (int i = 0; i < ruby_nlayouts; i++)
		if (ruby_layouts[i].version == s->version)
			s->layout = &ruby_layouts[i];
}

/*
 * --- where a thread has its state ---
 *
 * The address of the state is a variable of the thread. Where variables of threads are, the
 * loader decides, but it is at the same distance from the base of each thread. So a thread is
 * looked for, by the address of itself that it has in it, and before that what leads to a
 * state: a stack of values, which frames fill from its end on.
 */

static bool is_state(const struct script *s, uint64_t at)
{
	const struct ruby_layout *l = s->layout;
	struct {
		uint64_t values, nvalues, frame;
	} state;
	uint64_t end;

	if (!at || at % 8 || memory_read(s->pid, at, &state, sizeof(state)) || state.values % 8 ||
	    state.nvalues < VALUES_MIN || state.nvalues > VALUES_MAX)
		return false;
	end = state.values + 8 * state.nvalues;
	return state.frame > state.values && state.frame < end && (end - state.frame) % l->frame_bytes == 0;
}

/* The offset from a thread's base, which is negative; 0: it runs no Ruby. */
static int32_t state_of_thread(const struct script *s, const uint64_t *words, size_t base)
{
	size_t first = base > VARIABLES_BYTES / 8 ? base - VARIABLES_BYTES / 8 : 0;

	for (size_t i = base; i-- > first;)
		if (is_state(s, words[i]))
			return (int32_t)(i - base) * 8;
	return 0;
}

/* A thread's base is at the end of its stack, or near the end of what the loader has mapped. */
static int32_t state_in_mapping(const struct script *s, int pagemap, const struct map *map, uint64_t *words)
{
	uint64_t start = map->end - map->start > SEARCH_BYTES ? map->end - SEARCH_BYTES : map->start;
	size_t n = (map->end - start) / 8;
	int32_t offset = 0;

	if (memory_read_populated(s->pid, pagemap, start, words, n * 8))
		return 0;
	for (size_t i = 0; i + THREAD_SELF / 8 < n && !offset; i += THREAD_ALIGN / 8)
		if (words[i] == start + i * 8 && words[i + THREAD_SELF / 8] == words[i])
			offset = state_of_thread(s, words, i);
	return offset;
}

static int32_t find_state(const struct script *s)
{
	uint64_t *words = malloc(SEARCH_BYTES);
	int32_t offset = 0;
	struct maps maps;
	int pagemap;
	char err[128];

	if (!words || process_open_memory(s->pid, &maps, &pagemap, err, sizeof(err))) {
		free(words);
		return 0;
	}
	for (size_t i = maps.n; i-- > 0 && !offset;)
		if (!maps.map[i].inode && maps.map[i].write && maps.map[i].read && *maps.map[i].path != '/')
			offset = state_in_mapping(s, pagemap, &maps.map[i], words);
	if (pagemap >= 0)
		close(pagemap);
	maps_free(&maps);
	free(words);
	return offset;
}

static bool describe(const struct script *s, struct leaktrace_chain *chain, bool *is_certain)
{
	const struct ruby_layout *l = s->layout;
	int32_t offset = find_state(s);

	*is_certain = offset;
	*chain = l->chain;
	chain->step[0].off = offset;
	return offset;
}

/* --- what the words mean --- */

static bool read_text(const struct script *s, uint64_t at, char *to, size_t bytes)
{
	const struct ruby_layout *l = s->layout;
	uint64_t head[4], length;
	char text[CHARACTERS_MAX + 1];

	if (at % 8 || memory_read(s->pid, at, head, sizeof(head)) || (head[0] & TYPE) != IS_STRING)
		return false;
	length = head[STRING_LENGTH / 8];
	if (head[0] & ELSEWHERE) {
		at = head[STRING_POINTER / 8];
	} else {
		at += l->embedded;
		if (!l->has_length)
			length = head[0] >> LENGTH_BIT & 0x1f;
	}
	if (!length || length > CHARACTERS_MAX || memory_read(s->pid, at, text, length))
		return false;
	text[length] = '\0';
	return script_clean(text, to, bytes);
}

/* Of what was loaded from a file its path as the program named it, and the real one, in an array. */
static bool read_path(const struct script *s, uint64_t code, char *to, size_t bytes)
{
	uint64_t path, flags;

	if (!script_address(s, code + CODE_PATH, &path) || path % 8 || !script_address(s, path, &flags))
		return false;
	if ((flags & TYPE) == IS_ARRAY &&
	    (!(flags & ELSEWHERE) || !script_address(s, path + ARRAY_ELEMENTS, &path)))
		return false;
	return read_text(s, path, to, bytes);
}

/* Code with one line has no index. */
static uint32_t number_of_line(const struct script *s, uint64_t code, uint32_t nlines, uint32_t instruction)
{
	const struct ruby_layout *l = s->layout;
	uint8_t part[RUBY_INDEX_PART_MAX];
	uint64_t index, at;
	size_t bytes = ruby_index_part(instruction, &at);
	uint32_t number;

	if (nlines == 1)
		return 1;
	if (!script_address(s, code + l->index, &index) || memory_read(s->pid, index + at, part, bytes))
		return 0;
	number = ruby_line_number(part, instruction);
	return number <= nlines ? number : 0;
}

/* pc_bytes: from the code's description, as the kernel has it. A pc is behind what it runs. */
static int read_line(const struct script *s, uint64_t code, uint32_t pc_bytes)
{
	const struct ruby_layout *l = s->layout;
	uint32_t size, nlines, number, at;
	uint64_t start, lines;
	int32_t line;

	if (!script_address(s, code + CODE_START, &start) || !script_address(s, code + l->lines, &lines) ||
	    memory_read(s->pid, code + CODE_SIZE, &size, sizeof(size)) ||
	    memory_read(s->pid, code + l->nlines, &nlines, sizeof(nlines)) || size > CODE_MAX)
		return 0;
	at = ((uint32_t)code + pc_bytes - (uint32_t)start) / 8;
	if (at > size)
		return 0;
	number = number_of_line(s, code, nlines, at ? at - 1 : 0);
	if (!number || memory_read(s->pid, lines + (number - 1) * (uint64_t)LINE_BYTES, &line, sizeof(line)))
		return 0;
	return line > 0 ? line : 0;
}

/* False: the code has another label than when the kernel saw it. */
static bool read_label(const struct script *s, uint64_t code, uint32_t check, uint64_t *label)
{
	return script_address(s, code + CODE_LABEL, label) && leaktrace_chain_fold(*label) == check;
}

static bool name_frame(const struct script *s, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		       struct script_name *name)
{
	uint64_t code = script_what(word), label;
	uint32_t check = script_check(word);

	if (!code || !read_label(s, code, check, &label) ||
	    !read_text(s, label, name->function, sizeof(name->function)) ||
	    !read_path(s, code, name->file, sizeof(name->file)))
		return false;
	name->line = read_line(s, code, word[1]);
	/* What was read in between may have been another one's. */
	return read_label(s, code, check, &label);
}

const struct interpreter interpreter_ruby = {
	.name = "Ruby", .key = "ruby", .files = { "ruby", "libruby" }, .eval = "rb_vm_exec",
	.look_into = look_into, .describe = describe, .name_frame = name_frame,
};
