// SPDX-License-Identifier: GPL-2.0
/* Perl in a process, from outside. */
#include <stdio.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "script/interpreter.h"
#include "script/perl.h"
#include "script/script.h"
#include "util/macros.h"
#include "util/process_memory.h"

enum {
	FILE_MAX = 64 << 20,		/* bytes in which a version is looked for */
	VERSION_BYTES = 16,
	/* glibc's struct pthread: where a key's value is */
	KEYS_MAX = 1024,
	FIRST_BLOCK = 0x310,
	BLOCKS = 0x510,			/* addresses of blocks, which the thread has when it uses them */
	BLOCK_KEYS = 32,
	KEY_BYTES = 16,
	KEY_VALUE = 8,
	/* of a value (SV) */
	TYPE = 0xff,			/* in its flags */
	IS_GLOB = 9,
	IS_HASH = 12,
	IS_SUB = 13,
	/* of a statement */
	LINE = 0x24,
	FILE_NAME = 0x30,
	/* of any operation, in its type */
	OPERATION_TYPE = 0x1ff,
	HAS_SIBLING = 0x4000,		/* else what follows is the one above it */
	HAS_KIDS = 0x40000,
	OPERATIONS_MAX = 4096,		/* of a statement */
	OPERATIONS_DEEP = 128,
	/* of a sub's body */
	SUB_PACKAGE = 0x20,
	SUB_GLOB = 0x38,		/* or its name, if it has no glob */
	SUB_FILE = 0x40,
	SUB_FLAGS = 0x5c,
	HAS_NAME = 0x8000,
	/* of a glob's body */
	GLOB_NAME = 0x20,
	GLOB_PACKAGE = 0x28,
	/* of a hash's body; and what a package has besides */
	HASH_LAST = 0x18,		/* of its array */
	HASH_BYTES = 0x20,
	NAMES_COUNT = 0x1c,
	NAME_IS_UTF8 = 1,
	CHARACTERS_MAX = 4096,
	PART_BYTES = 64,		/* of a text; divides a page */
};

struct value {
	uint64_t body;
	uint32_t references, flags;
	uint64_t own;
};

/* --- which one --- */

/* The text of $^V. */
static int version_of(const struct elf_image *image)
{
	size_t bytes = image->size_bytes < FILE_MAX ? image->size_bytes : FILE_MAX;
	const unsigned char *at = image->bytes, *end = at + bytes;

	while ((at = memmem(at, end - at, "\0v5.", 4))) {
		char text[VERSION_BYTES] = "";
		int minor, release, length = 0;

		at++;
		memcpy(text, at, (size_t)(end - at) < sizeof(text) ? (size_t)(end - at) : sizeof(text) - 1);
		if (sscanf(text, "v5.%3d.%3d%n", &minor, &release, &length) == 2 && length && !text[length] &&
		    minor >= 0 && minor <= 255)
			return 5 << 8 | minor;
	}
	return 0;
}

static void look_into(struct script *s, struct elf_image *image, uint64_t bias, const char *path)
{
	uint64_t key = elf_symbol_value(image, SHT_DYNSYM, "PL_thr_key");
	uint64_t interpreter = elf_symbol_value(image, SHT_DYNSYM, "PL_curinterp");

	(void)path;
	if (!interpreter && !elf_symbol_value(image, SHT_DYNSYM, "PL_curstackinfo"))
		return;
	s->version = version_of(image);
	s->root = bias + key;
	s->begun = bias + interpreter;
	if (!key || !interpreter)
		s->build = "without ithreads";
	for (int i = 0; i < perl_nlayouts; i++)
		if (!s->build && perl_layouts[i].version == s->version)
			s->layout = &perl_layouts[i];
}

static bool describe(const struct script *s, struct leaktrace_chain *chain, bool *is_certain)
{
	const struct perl_layout *l = s->layout;
	uint64_t interpreter;
	uint32_t key;

	*is_certain = script_address(s, s->begun, &interpreter);
	if (memory_read(s->pid, s->root, &key, sizeof(key)) || key >= KEYS_MAX)
		return false;
	*chain = l->chain;
	chain->step[0].off = key < BLOCK_KEYS ? FIRST_BLOCK : BLOCKS + 8 * (key / BLOCK_KEYS);
	chain->step[0].bytes = key < BLOCK_KEYS ? 0 : 8;
	chain->step[1].off = KEY_BYTES * (key % BLOCK_KEYS) + KEY_VALUE;
	return true;
}

/* --- what the words mean --- */

/* Characters up to 255, a byte each, as UTF-8. */
static void from_latin1(const unsigned char *text, char *to)
{
	for (; *text; text++) {
		if (*text >= 0x80)
			*to++ = 0xc0 | *text >> 6;
		*to++ = *text >= 0x80 ? 0x80 | (*text & 0x3f) : *text;
	}
	*to = '\0';
}

/* A name as it is shared: its hash, its length, its characters, NUL, and flags. */
static bool read_name(const struct script *s, uint64_t at, char *to, size_t bytes)
{
	char text[CHARACTERS_MAX + 2], utf8[2 * CHARACTERS_MAX + 1];
	struct {
		uint32_t hash;
		int32_t length;
	} head;

	if (memory_read(s->pid, at, &head, sizeof(head)) || head.length <= 0 || head.length > CHARACTERS_MAX ||
	    memory_read(s->pid, at + sizeof(head), text, head.length + 2) || text[head.length])
		return false;
	if (text[head.length + 1] & NAME_IS_UTF8)
		return script_clean(text, to, bytes);
	from_latin1((unsigned char *)text, utf8);
	return script_clean(utf8, to, bytes);
}

static bool read_value(const struct script *s, uint64_t at, uint32_t type, struct value *value)
{
	return !memory_read(s->pid, at, value, sizeof(*value)) && (value->flags & TYPE) == type && value->body;
}

/* What a package was called first; one that is called nothing any more has no name. */
static bool read_package(const struct script *s, uint64_t at, char *to, size_t bytes)
{
	const struct perl_layout *l = s->layout;
	struct value package;
	uint64_t last, names;
	int32_t count;

	if (!read_value(s, at, IS_HASH, &package))
		return false;
	at = package.body + HASH_BYTES;
	if (l->name_in_array) {
		if (memory_read(s->pid, package.body + HASH_LAST, &last, sizeof(last)) || last > 1 << 28)
			return false;
		at = package.own + 8 * (last + 1);
	}
	if (!script_address(s, at, &names) || memory_read(s->pid, at + NAMES_COUNT, &count, sizeof(count)))
		return false;
	if (count && !script_address(s, names, &names))
		return false;
	return read_name(s, names, to, bytes);
}

static bool read_function(const struct script *s, uint64_t body, char *to, size_t bytes)
{
	char package[256], name[256];
	uint64_t at, in;
	struct value glob;
	uint32_t flags;

	if (memory_read(s->pid, body + SUB_FLAGS, &flags, sizeof(flags)) || !script_address(s, body + SUB_GLOB, &at))
		return false;
	if (flags & HAS_NAME) {
		if (!script_address(s, body + SUB_PACKAGE, &in))
			return false;
	} else if (!read_value(s, at, IS_GLOB, &glob) || !script_address(s, glob.body + GLOB_PACKAGE, &in) ||
		   !script_address(s, glob.body + GLOB_NAME, &at)) {
		return false;
	}
	if (!read_package(s, in, package, sizeof(package)) || !read_name(s, at, name, sizeof(name)))
		return false;
	return snprintf(to, bytes, "%s::%s", package, name) > 0;
}

/* A text that ends with NUL. What is behind it may be on a page that is not there, so no part crosses one. */
static bool read_file(const struct script *s, uint64_t at, char *to, size_t bytes)
{
	char text[CHARACTERS_MAX + PART_BYTES] = "";
	size_t read = 0, part;
	uint64_t from;

	if (!script_address(s, at, &from))
		return false;
	do {
		part = PART_BYTES - (from + read) % PART_BYTES;
		if (memory_read(s->pid, from + read, text + read, part))
			return false;
		read += part;
	} while (read < CHARACTERS_MAX && !memchr(text + read - part, '\0', part));
	return read < CHARACTERS_MAX && *text && script_clean(text, to, bytes);
}

/*
 * --- where in a statement ---
 *
 * The first statement of a block without variables of its own is not executed as one: what is
 * done there counts as done by the statement that the block is in. But it is still there, as
 * an operation that does nothing, with its line. So it is looked for, from the statement
 * on, as perl itself does for its messages.
 */

struct operation {
	uint64_t next, sibling, code, target;
	uint32_t type;			/* in the lowest bits; flags above */
	uint32_t line;			/* of a statement */
	uint64_t first;			/* of those below it, if it has any */
};

struct search {
	const struct script *script;
	uint32_t check;
	uint32_t statement;		/* type of one */
	uint64_t nearest;		/* of those before what is looked for */
	unsigned int reads;
};

static bool read_operation(const struct script *s, uint64_t at, struct operation *o)
{
	return at && at % 8 == 0 && !memory_read(s->pid, at, o, sizeof(*o));
}

static bool is_looked_for(const struct search *f, uint64_t at, const struct operation *o)
{
	return leaktrace_chain_fold(at + 1) == f->check || leaktrace_chain_fold(o->next) == f->check;
}

/* At an operation, or below it. */
static bool search_below(struct search *f, uint64_t at, unsigned int depth)
{
	struct operation o;

	if (depth == OPERATIONS_DEEP || f->reads++ == OPERATIONS_MAX || !read_operation(f->script, at, &o))
		return false;
	if (is_looked_for(f, at, &o))
		return true;
	if (!(o.type & HAS_KIDS))
		return false;
	for (at = o.first; read_operation(f->script, at, &o); at = o.sibling) {
		if (!(o.type & OPERATION_TYPE) && o.target == f->statement)
			f->nearest = at;
		if (search_below(f, at, depth + 1))
			return true;
		if (!(o.type & HAS_SIBLING) || f->reads >= OPERATIONS_MAX)
			break;
	}
	return false;
}

/* Where what is checked for is in a statement, or next to it. False: it is another one's. */
static bool find_place(const struct script *s, uint64_t statement, uint32_t check, uint64_t *place)
{
	struct search f = { .script = s, .check = check, .nearest = statement };
	struct operation o;

	*place = statement;
	if (!check)
		return true;
	if (!read_operation(s, statement, &o))
		return false;
	f.statement = o.type & OPERATION_TYPE;
	if (!f.statement || !(o.type & HAS_SIBLING) || !search_below(&f, o.sibling, 0))
		return false;
	*place = f.nearest;
	return true;
}

/* A sub that has been freed, and whose place is another's, is in another file: each eval's text is one. */
static bool read_sub(const struct script *s, uint64_t sub, struct script_name *name)
{
	char file[sizeof(name->file)];
	struct value value;

	return read_value(s, sub, IS_SUB, &value) &&
	       read_file(s, value.body + SUB_FILE, file, sizeof(file)) && !strcmp(file, name->file) &&
	       read_function(s, value.body, name->function, sizeof(name->function));
}

/* The text of an eval is a file of its own, "(eval 7)". */
static void name_top(struct script_name *name)
{
	bool is_eval = !strncmp(name->file, "(eval ", strlen("(eval "));

	snprintf(name->function, sizeof(name->function), "%s", is_eval ? "(eval)" : "(main)");
}

static bool name_frame(const struct script *s, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		       struct script_name *name)
{
	uint64_t sub = script_what(word), statement = sub + (int32_t)word[1], place, again;
	uint32_t check = script_check(word), line;

	if (!sub || !find_place(s, statement, check, &place) ||
	    memory_read(s->pid, place + LINE, &line, sizeof(line)) ||
	    !read_file(s, place + FILE_NAME, name->file, sizeof(name->file)))
		return false;
	if (sub == statement)
		name_top(name);
	else if (!read_sub(s, sub, name))
		return false;
	name->line = line <= INT32_MAX ? (int)line : 0;
	/* What was read in between may have been another one's. */
	return find_place(s, statement, check, &again) && again == place;
}

const struct interpreter interpreter_perl = {
	.name = "Perl", .key = "perl", .files = { "perl", "libperl" }, .eval = "Perl_runops_standard",
	.look_into = look_into, .describe = describe, .name_frame = name_frame,
};
