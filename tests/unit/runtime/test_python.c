// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of Python's objects over memory of our own (made_python.h): what is there
 * is counted and named, and what is torn, circular or nonsense is bounded and said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "made_python.h"
#include "runtime/python/dict.h"
#include "runtime/python/objects.h"
#include "runtime/python/process.h"

static struct made_python made __attribute__((aligned(16)));
static struct python_process process;

static void open_made(void)
{
	made_python(&made, (uintptr_t)made.word);
	process = (struct python_process){
		.pid = getpid(), .tid = getpid(), .pagemap = -1, .comm = "made", .version = "3.11.2",
		.runtime = (uintptr_t)made.word, .layout = *python_layout_of(11),
	};
	process.memory = (struct python_memory){
		.tid = getpid(), .pagemap = -1, .maps = &process.maps, .max_bytes = 1 << 20,
	};
}

static void close_made(void)
{
	python_memory_free(&process.memory);
	maps_free(&process.maps);
}

static int look(struct python_objects *o)
{
	const struct python_objects_options how = { .max_bytes = 1 << 22, .reach = true };
	char err[256];

	*o = (struct python_objects){ .process = &process };
	return python_objects_read(o, &how, err, sizeof(err));
}

static const struct python_row *row(const struct python_objects *o, const char *name, bool is_other)
{
	static const struct python_row none;

	for (size_t i = 0; i < o->rows; i++)
		if (!strcmp(o->row[i].name, name) && o->row[i].is_other == is_other)
			return &o->row[i];
	return &none;
}

static void test_counts(void)
{
	struct python_objects o;

	open_made();
	CHECK(!look(&o));
	CHECK(row(&o, "__main__.Thing", false)->objects == MADE_THINGS);
	CHECK(row(&o, "__main__.Thing", false)->bytes == MADE_THINGS * (16 + 24));
	CHECK(row(&o, "__main__.Thing", false)->reached == MADE_THINGS);
	CHECK(row(&o, "list", false)->bytes == 16 + 40 + MADE_THINGS * 8);
	CHECK(row(&o, "dict", false)->objects == MADE_THINGS + 4);
	CHECK(row(&o, "str", true)->objects >= MADE_THINGS);
	CHECK(o.tracked.objects[2] == o.reach.listed && o.objects == o.reach.listed);
	CHECK(!o.tracked.torn && !o.tracked.unreadable && !o.gone);
	for (size_t i = 0; i < o.helds; i++)
		if (!strcmp(o.row[o.held[i].row].name, "__main__.Thing"))
			CHECK(!strcmp(o.chain[o.held[i].first].text, "__main__.keep: list") &&
			      o.chain[o.held[i].first].parts == 2);
	python_objects_free(&o);
	close_made();
}

/* Links that lead in a circle end; in the young lists what was read is kept. */
static void test_circles(void)
{
	struct python_objects o;
	uint64_t first;

	open_made();
	first = made.first - 16;
	made_refer(&made, MADE_LISTS, first);
	CHECK(!look(&o));
	CHECK(o.tracked.is_cut && o.tracked.torn);
	CHECK(row(&o, "__main__.Thing", false)->objects == MADE_THINGS);
	python_objects_free(&o);
	close_made();

	open_made();
	made_refer(&made, made.last - 16, first);
	made_refer(&made, first + 8, made.last - 16);
	CHECK(look(&o) == -EAGAIN);
	python_objects_free(&o);
	close_made();
}

static void test_nonsense(void)
{
	struct python_objects o;

	open_made();
	made_put(&made, made.keep + 16, UINT64_MAX / 16);	/* items */
	made_put(&made, made.keep + 32, UINT64_MAX / 16);
	made_put(&made, made.thing + 32, 24);
	CHECK(!look(&o));
	CHECK(row(&o, "list", false)->bytes == 16 + 40);
	CHECK(o.reach.unreached >= MADE_THINGS);
	python_objects_free(&o);
	close_made();

	open_made();
	made_put(&made, made.thing + 32, 1 << 30);		/* an object's size */
	CHECK(!look(&o));
	CHECK(o.tracked.unreadable == MADE_THINGS && !row(&o, "__main__.Thing", false)->objects);
	python_objects_free(&o);
	close_made();

	open_made();
	made_put(&made, MADE_RUNTIME + 40, 0);
	CHECK(look(&o) == -EFAULT);
	python_objects_free(&o);
	close_made();
}

static void check_string(unsigned int kind, const void *s, size_t bytes, size_t length, const char *expected)
{
	uint64_t at = made_take(&made, 128);
	char text[64];

	made_put(&made, at + 16, length);
	made_put(&made, at + 32, kind << 2 | 1 << 5);
	memcpy((char *)made.word + at + 72, s, bytes);
	python_memory_drop(&process.memory);
	CHECK(python_string(&process, made.base + at, text, sizeof(text)));
	CHECK(!strcmp(text, expected), "%s", text);
}

static void test_strings(void)
{
	static const uint16_t two[] = { 'a', 0x20ac, 0xd800 };
	static const uint32_t four[] = { 0x1f40d, '\n', 0x110000 };
	char tiny[6];
	uint64_t at;

	open_made();
	check_string(1, "Gr\xf6\xdf", 4, 4, "Größ");
	check_string(2, two, sizeof(two), 3, "a€?");
	check_string(4, four, sizeof(four), 3, "🐍??");
	at = made.base + made_string(&made, "longer than that");
	python_memory_drop(&process.memory);
	CHECK(python_string(&process, at, tiny, sizeof(tiny)));
	CHECK(strlen(tiny) < sizeof(tiny));
	CHECK(!python_string(&process, made.base + 1, tiny, sizeof(tiny)));
	CHECK(!python_string(&process, 8, tiny, sizeof(tiny)));
	close_made();
}

static void test_copies(void)
{
	uint64_t word = 1;

	open_made();
	CHECK(python_word(&process.memory, (uintptr_t)&word) == 1);
	word = 2;
	CHECK(python_word(&process.memory, (uintptr_t)&word) == 1);
	python_renew(&process.memory, (uintptr_t)&word, sizeof(word));
	CHECK(python_word(&process.memory, (uintptr_t)&word) == 2);
	CHECK(!python_word(&process.memory, 4096));
	CHECK(!python_word(&process.memory, UINT64_MAX - 3));
	close_made();
}

int main(void)
{
	test_counts();
	test_circles();
	test_nonsense();
	test_strings();
	test_copies();
	return verdict("python");
}
