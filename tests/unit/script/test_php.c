// SPDX-License-Identifier: GPL-2.0
/*
 * The layouts of PHP, which are walked by the kernel's own code, and the names of what is found,
 * in frames that are made here: their offsets are what offsetof() says with the headers of
 * 8.1 to 8.5, and for 8.0 what its source says. On real interpreters: live.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../walk/kernel/kernel.h"
#undef max
#include "../../../module/chain_check.h"
#include "../../../module/chain.c"

#include "check.h"
#include "script/interpreter.h"
#include "script/php.h"
#include "script/script.h"
#include "util/macros.h"

static const struct {
	int version;
	size_t current_execute_data, filename;
} headers[] = {
	{ 0x800, 488, 144 }, { 0x801, 488, 144 }, { 0x802, 488, 152 }, { 0x803, 488, 144 },
	{ 0x804, 488, 168 }, { 0x805, 512, 168 },
};

enum { FRAMES = 5, INTERNAL_FUNCTION = 1, USER_FUNCTION = 2, EVAL_CODE = 4, TOP = 1 << 17 };

struct string {
	uint32_t references, type;
	uint64_t hash, length;
	char bytes[64];
};

static struct process {			/* what a PHP has in its memory */
	uint8_t globals[1024];
	uint64_t frame[FRAMES][10], opline[FRAMES][4], class[8];
	uint8_t function[FRAMES][256];
	struct string file, name, class_name;
} process;

unsigned long walk_thread_base;

bool walk_peek(unsigned long at, unsigned long *value)
{
	struct iovec here = { value, 8 }, there = { (void *)at, 8 };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 8;
}

static void put(void *to, size_t at, uint64_t value, size_t bytes)
{
	memcpy((char *)to + at, &value, bytes);
}

static void say(struct string *s, const char *text, size_t bytes)
{
	s->type = 6;
	s->length = bytes;
	memcpy(s->bytes, text, bytes);
	s->bytes[bytes] = '\0';
}

static void make_frame(int i, int type, bool is_top, size_t filename, uint32_t line)
{
	uint64_t *frame = process.frame[i];
	uint8_t *function = process.function[i];

	put(function, 0, type, 1);
	put(function, 8, (uintptr_t)&process.name, 8);
	put(function, filename, (uintptr_t)&process.file, 8);
	put(function, filename + 8, 10 * i + 1, 4);
	put(function, filename + 12, 10 * i + 9, 4);
	put(process.opline[i], 24, line, 4);
	frame[0] = (uintptr_t)process.opline[i];
	frame[3] = (uintptr_t)function;
	put(frame, 40, is_top ? TOP : 0, 4);
	frame[6] = i + 1 < FRAMES ? (uintptr_t)process.frame[i + 1] : 0;
}

/* A method that C has called, the C that did, what a file says, nothing, and the program. */
static void make_process(int version)
{
	size_t filename = headers[version].filename;

	memset(&process, 0, sizeof(process));
	say(&process.file, "/app/index.php", 14);
	say(&process.name, "method", 6);
	say(&process.class_name, "App\\Pool", 8);
	process.class[0] = 2;
	process.class[1] = (uintptr_t)&process.class_name;
	put(process.globals, headers[version].current_execute_data, (uintptr_t)process.frame[0], 8);
	make_frame(0, USER_FUNCTION, true, filename, 5);
	put(process.function[0], 16, (uintptr_t)process.class, 8);
	make_frame(1, INTERNAL_FUNCTION, false, filename, 0);
	process.frame[1][0] = 0x1234;
	make_frame(2, EVAL_CODE, false, filename, 25);
	put(process.function[2], 8, 0, 8);
	make_frame(3, USER_FUNCTION, false, filename, 0);
	process.frame[3][3] = 0;
	make_frame(4, USER_FUNCTION, true, filename, 47);
	put(process.function[4], 8, 0, 8);
}

static uint64_t words[LT_WALK_WORDS];

static struct lt_walk *walk(const struct leaktrace_chain *chain)
{
	static struct lt_walk w;
	struct lt_maps maps = { .chain = (struct leaktrace_chain *)chain };

	w = (struct lt_walk){ .maps = &maps, .pc = (u64 *)words };
	lt_chain_walk(&w);
	return &w;
}

static bool is_named(const struct script *s, const uint64_t *word, const char *function, int line)
{
	struct script_name name;

	return script_name(s, word, &name) && !strcmp(name.function, function) && name.line == line &&
	       !strcmp(name.file, "/app/index.php");
}

static void test_walk(const struct script *s)
{
	struct leaktrace_chain chain;
	const struct lt_walk *w;
	bool is_certain;

	CHECK(script_describe(s, &chain, &is_certain) && is_certain && !leaktrace_chain_check(&chain));
	w = walk(&chain);
	CHECK(w->chain == LEAKTRACE_CHAIN_WHOLE && !w->missed, "%d", w->chain);
	CHECK(w->nwords == 6, "%u words", w->nwords);
	for (unsigned int i = 0; i < 3; i++)
		CHECK(!!(words[2 * i] & LEAKTRACE_CHAIN_END_RUN) == (i != 1), "frame %u", i);
	CHECK(is_named(s, &words[0], "App\\Pool::method", 5));
	CHECK(is_named(s, &words[2], "{main}", 25));
	CHECK(is_named(s, &words[4], "{main}", 47));
}

static void test_names(const struct script *s, int version)
{
	size_t filename = headers[version].filename;
	uint64_t word[2] = {
		LEAKTRACE_CHAIN_WORD | (uintptr_t)process.function[0],
		LEAKTRACE_CHAIN_WORD | (uint64_t)leaktrace_chain_fold(9ull << 32 | 1) << 32 | 5,
	};
	struct script_name name;

	say(&process.class_name, "a@anonymous\0/app/index.php:3$0", 30);
	CHECK(is_named(s, word, "a@anonymous::method", 5));
	say(&process.name, "\x1b[1m\xc2\x9b\xff\xc3\xa9", 9);
	CHECK(is_named(s, word, "a@anonymous::?[1m???\xc3\xa9", 5));
	put(process.function[0], 16, 0, 8);
	say(&process.name, "f", 1);
	CHECK(is_named(s, word, "f", 5));
	/* of an instruction that is another function's */
	word[1] += 11;
	CHECK(is_named(s, word, "f", 0));
	/* as PHP hashes it, and as something else that is there now would be */
	process.name.hash = 1ull << 63 | (5381 * 33 + 'f');
	CHECK(is_named(s, word, "f", 0));
	process.name.hash++;
	CHECK(!script_name(s, word, &name));
	process.name.hash = 0;
	process.name.type = 7;
	CHECK(!script_name(s, word, &name));
	process.name.type = 6;
	process.name.length = ~0ull;
	CHECK(!script_name(s, word, &name));
	say(&process.name, "f", 1);
	put(process.function[0], 16, (uintptr_t)process.class, 8);
	process.class[0] = 1;
	CHECK(!script_name(s, word, &name));
	process.class[0] = 2;
	CHECK(script_name(s, word, &name));
	/* the memory has been used for another function */
	put(process.function[0], filename + 12, 8, 4);
	CHECK(!script_name(s, word, &name));
	word[0] = LEAKTRACE_CHAIN_WORD;
	CHECK(!script_name(s, word, &name));
	word[0] = LEAKTRACE_CHAIN_WORD | 4096;
	CHECK(!script_name(s, word, &name));
}

/* Whatever memory holds, names end within their room. */
static void test_rubbish(const struct script *s, int version)
{
	uint8_t *bytes = (uint8_t *)&process;

	for (int i = 0; i < 5000; i++) {
		uint64_t word[2] = { LEAKTRACE_CHAIN_WORD | (uintptr_t)process.function[0], rand() };
		struct script_name name;

		make_process(version);
		for (int k = rand() % 50; k; k--)
			bytes[rand() % sizeof(process)] = rand();
		word[1] |= (uint64_t)leaktrace_chain_fold(9ull << 32 | 1) << 32;
		if (script_name(s, word, &name))
			CHECK(strlen(name.function) < sizeof(name.function) && strlen(name.file) < sizeof(name.file));
	}
}

static void test_unknown(void)
{
	struct script s = { .interpreter = &interpreter_php, .version = 0x809 };
	struct leaktrace_chain chain;
	bool is_certain;
	char name[32];

	CHECK(script_is_unknown(&s, name, sizeof(name)) && !strcmp(name, "PHP 8.9"), "%s", name);
	CHECK(!script_describe(&s, &chain, &is_certain));
	s.build = "ZTS";
	CHECK(script_is_unknown(&s, name, sizeof(name)) && !strcmp(name, "PHP 8.9 (ZTS)"), "%s", name);
	s.layout = &php_layouts[0];
	CHECK(!script_is_unknown(&s, name, sizeof(name)));
	s = (struct script){ 0 };
	CHECK(!script_is_unknown(&s, name, sizeof(name)));
}

int main(void)
{
	test_unknown();
	CHECK(php_nlayouts == ARRAY_SIZE(headers));
	for (int i = 0; i < php_nlayouts; i++) {
		struct script s = {
			.pid = getpid(), .interpreter = &interpreter_php, .layout = &php_layouts[i],
			.version = php_layouts[i].version, .root = (uintptr_t)process.globals,
		};

		CHECK(php_layouts[i].version == headers[i].version);
		make_process(i);
		test_walk(&s);
		test_names(&s, i);
		test_rubbish(&s, i);
	}
	return verdict("php");
}
