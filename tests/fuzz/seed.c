// SPDX-License-Identifier: GPL-2.0
/*
 * Makes of real files what the fuzzers begin with.
 *
 * usage: seed loader ELF FILE       its unwind table, with a stack to walk
 *        seed made NUMBER FILE      choices for a table, of one kind of rule
 *        seed message TRACE FILE    a trace's records, as answers of the module
 *        seed records TRACE FILE    the same, bare, one of each type
 *        seed recording FILE        a recording of two looks
 *        seed go FILE               the memory of a program with four goroutines
 *        seed heap FILE             heaps with live, lost, cached and mapped blocks
 *        seed python FILE           the interpreter of tests/unit/made_python.h
 *        seed script NUMBER FILE    a frame of a script in Python, PHP or Ruby
 */
#include <fcntl.h>
#include <stdio.h>
#include <linux/leaktrace.h>
#include <linux/netlink.h>

#include "recording.h"
#include "fuzz_heap.h"
#include "fuzz_here.h"
#include "made_python.h"
#include "fuzz_loader.h"
#include "tracefile/container.h"
#include "unwind/unwind.h"
#include "util/error.h"

static FILE *out;

static void put(const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, out) != n)
		exit(2);
}

static void put_word(uint64_t word)
{
	put(&word, sizeof(word));
}

/* Code that is mapped where its table has it, called from everywhere in it. */
static void seed_loader(const char *elf)
{
	struct loader_input in = { .depth = 2, .nmaps = 1, .mode = LOADER_EVERYWHERE };
	int fd = open(elf, O_RDONLY);
	struct unwind_blob b;

	if (fd < 0 || unwind_compile_fd(fd, &b) || b.bytes > UINT16_MAX)
		exit(2);
	in.table_bytes[0] = b.bytes;
	in.map[0] = (struct loader_map){ .bytes = 0xffffff, .bias = RELATIVE_CODE, .table = 1 };
	in.reg[6] = RELATIVE_STACK + 64;
	in.reg[7] = RELATIVE_STACK;
	in.ip = RELATIVE_CODE + ((const struct leaktrace_unwind_header *)b.data)->base + 0x40;
	put(&in, sizeof(in));
	put(b.data, b.bytes);
	for (int i = 0; i < 101; i++)
		put_word(RELATIVE_CODE + ((const struct leaktrace_unwind_header *)b.data)->base +
			 i * 0x67);
	unwind_blob_free(&b);
	close(fd);
}

/*
 * Code with one rule, of @kind % 8's operation, and a root behind it: by rsp, with a
 * stack of return addresses, or from 8 on by rbp, with frames. Then rbp changes, or
 * from 16 on the stack.
 */
static void seed_made(int kind)
{
	uint8_t op = kind % 8, by_bp = kind / 8 % 2;
	uint8_t choices[] = {
		0, 0, 1, 2, 0, 127, 1, 0,	/* two rows of one granule, two rules */
		op, by_bp ? 6 : 7, by_bp, op == 7 ? 7 : 0, by_bp ? 6 : 5, 5, 2, 0,
		LEAKTRACE_UNWIND_STOP,
	};
	struct loader_input in = {
		.mode = LOADER_MADE_0, .depth = 1, .nmaps = 1, .table_bytes = { sizeof(choices) },
		.map[0] = { .bytes = 0xfff, .bias = RELATIVE_CODE, .table = 1 },
		.reg[6] = RELATIVE_STACK + 16, .reg[7] = RELATIVE_STACK,
		.ip = RELATIVE_CODE + 0x20, .change = kind < 16 ? 8 : 1, .changed_word = 6,
	};

	put(&in, sizeof(in));
	put(choices, sizeof(choices));
	for (int i = 0; i < 10; i++)
		put_word(by_bp && !(i % 2) ? RELATIVE_STACK + 8 * i + 16 : RELATIVE_CODE + 0x30 + i);
	for (int i = 0; i < 20; i++)
		put_word(RELATIVE_CODE + 0x90);
}

/* To the request for all of a target: five answers, each with its end. */
static void seed_message(const char *trace)
{
	struct { uint8_t type, flags; uint16_t bytes; } heard = { 1, 0, 0 }, done = { 2, 0, 4 };
	struct file_reader *r = file_open(trace, err, sizeof(err));
	unsigned int type, last = 0;
	size_t len, n = 0;
	void *data;

	if (!r)
		exit(2);
	fputc(7, out);
	while (n++ < 400 && file_next(r, &type, &data, &len, err, sizeof(err)) == 1) {
		uint8_t head[4] = { type, 1 };

		if (type > LEAKTRACE_CMD_MAX || len > 4096)
			continue;
		if (last && type != last) {
			put(&done, sizeof(done));
			put("\0\0\0", 4);
		}
		last = type;
		heard.bytes = sizeof(head) + len;
		put(&heard, sizeof(heard));
		put(head, sizeof(head));
		put(data, len);
	}
	put(&done, sizeof(done));
	put("\0\0\0", 4);
	file_close(r);
}

static void seed_records(const char *trace)
{
	struct file_reader *r = file_open(trace, err, sizeof(err));
	unsigned int type, last = 0;
	size_t len;
	void *data;

	if (!r)
		exit(2);
	while (file_next(r, &type, &data, &len, err, sizeof(err)) == 1) {
		uint8_t head[3] = { type, len, len >> 8 };

		if (type == last || type > LEAKTRACE_CMD_MAX || len > 1024)
			continue;
		last = type;
		put(head, sizeof(head));
		put(data, len);
	}
	file_close(r);
}

/* Near enough to what a runtime has: layouts differ, and the fuzzer goes on from here. */
static void seed_go(void)
{
	enum { HERE_WORDS = 0x400, BUCKETS = 0x100, G = 0x140, G_WORDS = 0x40, STACKS = 0x280 };
	uint64_t words[HERE_WORDS] = { 0 }, *g;

	for (uint64_t i = 0; i < HERE_WORDS; i++)
		words[i] = RELATIVE_CODE + 0x40 * i;
	memcpy(words, (uint64_t[]){ RELATIVE_STACK + 0x40, 4, RELATIVE_STACK + 8 * BUCKETS, 2,
				    512 << 10, RELATIVE_STACK + 0x60, 1, 1,
				    RELATIVE_STACK + 8 * G, RELATIVE_STACK + 8 * (G + G_WORDS),
				    RELATIVE_STACK + 8 * (G + 2 * G_WORDS),
				    RELATIVE_STACK + 8 * (G + 3 * G_WORDS),
				    RELATIVE_STACK + 8 * G }, 13 * 8);
	memcpy(words + BUCKETS, (uint64_t[]){ 0, 0, 1, 0, 64, 2, RELATIVE_CODE + 64,
					      RELATIVE_CODE + 640, 9, 1, 9, 1, 9, 1, 9, 1 }, 16 * 8);
	for (int i = 0; i < 4; i++) {
		g = words + G + i * G_WORDS;
		g[0] = RELATIVE_STACK + 8 * STACKS;
		g[1] = RELATIVE_STACK + 8 * HERE_WORDS;
		g[7] = RELATIVE_STACK + 8 * (STACKS + 8 * i + 8);
		g[8] = RELATIVE_CODE + 0x100 * i;
		g[18] = 4;
		g[19] = i + 1;
	}
	for (uint64_t i = 0; i < 8; i++)	/* the runtime's variables */
		put_word(i < 7 ? RELATIVE_STACK + 8 * i : 0);
	put(words, sizeof(words));
}

/* A block's header; returns where the next one is. */
static uint64_t *block(uint64_t *at, uint64_t bytes, uint64_t flags)
{
	at[1] = bytes | flags;
	return at + bytes / sizeof(*at);
}

/* Behind what it begins with, blocks until its end, the last of which is its top. */
static void fill_heap(uint64_t *words, uint64_t *at, uint64_t start, uint64_t flags)
{
	uint64_t *next, *end = words + HEAP_BYTES / sizeof(*words);
	uint64_t address = start + (at - words) * sizeof(*words);

	next = block(at, 0x290, 1 | flags);		/* a thread's cache with one block */
	((uint16_t *)(at + 2))[0] = 1;
	at[2 + 16] = address + 0x290 + 16;
	at = block(next, 32, 1 | flags);
	next[2] = (address + 0x290 + 16) >> 12;
	next[3] = 0x1122334455667788;			/* the mark of what is cached */
	for (uint64_t i = 0; i < 12; i++) {
		next = block(at, 48 + 16 * (i % 3), 1 | flags);
		at[2] = i % 4 ? DATA_AT + 0x100 : start + (next - words) * sizeof(*words) + 16;
		at = next;
	}
	next = block(at, 96, 1);			/* free */
	next[0] = 96;
	at = block(next, 64, flags);
	block(at, (end - at) * sizeof(*at), 1);
}

static void seed_heap(void)
{
	static struct heap_input in;
	uint64_t *heap = (uint64_t *)in.heap, *thread = (uint64_t *)in.thread, *other = (uint64_t *)in.other;

	fill_heap(heap, heap, HEAP_AT, 0);
	in.sbrk_base = HEAP_AT;
	in.top = HEAP_AT + 0x290 + 32 + 12 * 64 + 96 + 64;
	in.system_bytes = HEAP_BYTES;
	in.mapped_bytes = 4096;
	in.cache_limit = 7;
	thread[0] = DATA_AT + ARENA_OFFSET;
	other[1] = 4096 | 2;
	other[2] = HEAP_AT + 0x2d0;
	put(&in, sizeof(in));
}

static void seed_recording(const char *name)
{
	struct file_writer *w = file_record(name, err, sizeof(err));

	put_snapshot(w, TARGET, 3, true);
	put_point(w, TARGET, 5);
	put_snapshot(w, TARGET, 9, false);
	if (file_finish(w))
		exit(2);
}

static void seed_python(void)
{
	static struct made_python m;
	const uint64_t head = 2;		/* the third version */

	made_python(&m, FUZZ_HERE << 56);
	put(&head, sizeof(head));
	put(m.word, m.used);
}

/* --- a script: one frame each, with a name, a file and a line --- */

static uint8_t script[0x6000];

static void here(size_t at, uint64_t to)
{
	to |= FUZZ_HERE << 56;
	memcpy(script + at, &to, sizeof(to));
}

static void value(size_t at, uint64_t number)
{
	memcpy(script + at, &number, sizeof(number));
}

static void python_text(size_t at)
{
	value(at + 16, 3);
	value(at + 32, 1 << 2 | 1 << 5 | 1 << 6);
	memcpy(script + at + 48, "abc", 3);
}

static void script_in_python(void)
{
	value(0x608, 1);			/* the key is there, and is the first one */
	here(FUZZ_THREAD + 0x318, 0x2000);
	here(0x2000 + 56, 0x2200);
	here(0x2200 + 8, 0x2300);
	here(0x2300 + 32, 0x2400);		/* the frame's code, and where it is in there */
	here(0x2300 + 56, 0x2400 + 184 + 2);
	value(0x2300 + 68, 1);
	value(0x2400 + 72, 7);
	here(0x2400 + 112, 0x2600);
	here(0x2400 + 128, 0x2700);
	here(0x2400 + 136, 0x2800);
	python_text(0x2600);
	python_text(0x2700);
	value(0x2800 + 16, 8);			/* the table of lines */
	memcpy(script + 0x2800 + 32, "\xd8\x02\xe8\x04", 4);
}

static void php_text(size_t at)
{
	value(at, 6ull << 32 | 1);
	value(at + 16, 3);
	memcpy(script + at + 24, "abc", 3);
}

static void script_in_php(void)
{
	here(488, 0x2000);
	here(0x2000, 0x2100);			/* the frame's instruction and function */
	here(0x2000 + 24, 0x2200);
	value(0x2000 + 40, 1 << 17);
	value(0x2100 + 24, 5);
	value(0x2200, 2);
	here(0x2200 + 8, 0x2400);
	here(0x2200 + 16, 0x2600);
	here(0x2200 + 144, 0x2400);
	value(0x2200 + 152, 9ull << 32 | 1);
	php_text(0x2400);
	value(0x2600, 2);			/* its class */
	here(0x2600 + 8, 0x2400);
}

static void script_in_ruby(void)
{
	here(FUZZ_THREAD, FUZZ_THREAD);
	here(FUZZ_THREAD + 16, FUZZ_THREAD);
	here(FUZZ_THREAD - 8, 0x2000);
	here(0x2000, 0x4000);			/* the stack of values: two frames at its end */
	value(0x2000 + 8, 0x1000 / 8);
	here(0x2000 + 16, 0x5000 - 2 * 64);
	here(0x5000 - 128, 0x2200 + 16);
	here(0x5000 - 128 + 16, 0x2100);
	here(0x5000 - 128 + 32, 0x2180);
	here(0x5000 - 64 + 32, 0x2190);
	value(0x2180, 0x20);
	value(0x2190, 0x79990001);
	here(0x2100 + 16, 0x2400);
	value(0x2400, 8ull << 32);		/* code of eight words, with two lines */
	here(0x2400 + 8, 0x2200);
	here(0x2400 + 64, 0x2600);
	here(0x2400 + 80, 0x2640);
	here(0x2400 + 120, 0x2680);
	value(0x2400 + 136, 2);
	here(0x2400 + 144, 0x2700);
	value(0x2600, 7 | 1 << 13);		/* its path is in an array */
	here(0x2600 + 16, 0x2640);
	value(0x2640, 5 | 3 << 14);
	memcpy(script + 0x2640 + 16, "abc", 3);
	value(0x2680, 4);
	value(0x2680 + 12, 5);
	value(0x2700, 2ull << 7 | 1);
}

static void seed_script(int number)
{
	static void (*const makers[])(void) = { script_in_python, script_in_php, script_in_ruby };
	static const uint8_t versions[] = { FUZZ_CPYTHON_3_11, FUZZ_PHP_8_0, FUZZ_RUBY_3_1 };

	if (number < 0 || number > 2)
		exit(2);
	makers[number]();
	put_word(versions[number]);
	put(script, sizeof(script));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "recording")) {
		seed_recording(argv[2]);
		return 0;
	}
	if (argc < 3)
		return fail("usage: seed loader|made|message|records|recording|go|heap|python|script [FROM] FILE");
	out = fopen(argv[argc - 1], "we");
	if (!out)
		return fail("cannot write %s", argv[argc - 1]);
	if (argc == 3 && !strcmp(argv[1], "heap"))
		seed_heap();
	else if (argc == 3 && !strcmp(argv[1], "python"))
		seed_python();
	else if (argc == 3)
		seed_go();
	else if (!strcmp(argv[1], "loader"))
		seed_loader(argv[2]);
	else if (!strcmp(argv[1], "made"))
		seed_made(atoi(argv[2]));
	else if (!strcmp(argv[1], "script"))
		seed_script(atoi(argv[2]));
	else if (!strcmp(argv[1], "records"))
		seed_records(argv[2]);
	else
		seed_message(argv[2]);
	return fclose(out) ? 2 : 0;
}
