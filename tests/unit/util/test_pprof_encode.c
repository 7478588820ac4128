// SPDX-License-Identifier: GPL-2.0
/*
 * The pprof writer: the bytes of a small profile against what profile.proto
 * says they are, and a big one against its sums. With a FILE it writes a
 * profile there, for readers who are not ours (tests/03-outputs.bats).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "util/pprof_encode.h"
#include "util/protobuf.h"
#include "util/utf8.h"
#include "check.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum { OUT_BYTES = 32 << 20 };

static uint8_t out[OUT_BYTES];
static size_t out_len;

static void unzip(const void *data, size_t len)
{
	z_stream z = { .next_in = (void *)data, .avail_in = len, .next_out = out,
		       .avail_out = sizeof(out) };

	CHECK(inflateInit2(&z, 15 + 16) == Z_OK);
	CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END);
	out_len = z.total_out;
	inflateEnd(&z);
}

static void finish(struct pprof *p, const char *path)
{
	void *data = NULL;
	size_t len = 0;
	FILE *f = path ? fopen(path, "w") : NULL;

	CHECK(!pprof_finish(p, &data, &len));
	unzip(data, len);
	if (f)
		CHECK(fwrite(data, 1, len, f) == len && !fclose(f));
	free(data);
	pprof_free(p);
}

/* One profile, and below it what profile.proto says its bytes are, made by hand. */
static void test_bytes(void)
{
	static const struct pprof_frame frames[] = {
		{ .function = "in", .file = "a.c", .line = 5, .inlined = true, .address = 0x1010 },
		{ .function = "f", .file = "a.c", .line = 9, .address = 0x1010 },
		{ .module = "x", .address = 0x9000 },
	};
	static const struct pprof_label label = { .key = "type", .text = "socket" };
	static const int64_t seven = 7;
	static const uint8_t expected[] = {
		/* 1 sample_type: type 1, unit 2; 9 time_nanos: 300 */
		0x0a, 4, 0x08, 1, 0x10, 2, 0x48, 0xac, 2,
		/* 2 sample: locations 1 and 2, value 7, a label: key 9, str 10 */
		0x12, 13, 0x0a, 2, 1, 2, 0x12, 1, 7, 0x1a, 4, 0x08, 9, 0x10, 10,
		/* 3 mapping 1: start, limit, file 3; functions, files, lines, inlines */
		0x1a, 18, 0x08, 1, 0x10, 0x80, 0x20, 0x18, 0x80, 0x40, 0x28, 3,
		0x38, 1, 0x40, 1, 0x48, 1, 0x50, 1,
		/* mapping 2: file 8, and nothing else is known of it */
		0x1a, 4, 0x08, 2, 0x28, 8,
		/* 4 location 1: mapping 1, address, line 5 of function 1, 9 of 2 */
		0x22, 19, 0x08, 1, 0x10, 1, 0x18, 0x90, 0x20,
		0x22, 4, 0x08, 1, 0x10, 5, 0x22, 4, 0x08, 2, 0x10, 9,
		/* location 2: mapping 2, address 0x9000 */
		0x22, 8, 0x08, 2, 0x10, 2, 0x18, 0x80, 0xa0, 2,
		/* 5 functions: id, name, system_name, filename */
		0x2a, 8, 0x08, 1, 0x10, 5, 0x18, 5, 0x20, 6,
		0x2a, 8, 0x08, 2, 0x10, 7, 0x18, 7, 0x20, 6,
		/* 6 strings, from 0 */
		0x32, 0, 0x32, 4, 'l', 'i', 'v', 'e', 0x32, 5, 'c', 'o', 'u', 'n', 't',
		0x32, 1, 'm', 0x32, 6, 'u', 'n', 'u', 's', 'e', 'd', 0x32, 2, 'i', 'n',
		0x32, 3, 'a', '.', 'c', 0x32, 1, 'f', 0x32, 1, 'x',
		0x32, 4, 't', 'y', 'p', 'e', 0x32, 6, 's', 'o', 'c', 'k', 'e', 't',
	};
	struct pprof *p = pprof_new();

	pprof_sample_type(p, "live", "count");
	pprof_time(p, 300, 0);
	pprof_mapping(p, 0x1000, 0x2000, 0, "m", NULL);
	pprof_mapping(p, 0x2000, 0x3000, 0, "unused", NULL);
	pprof_sample(p, frames, ARRAY_SIZE(frames), &seven, &label, 1);
	finish(p, NULL);
	CHECK(out_len == sizeof(expected), "%zu, not %zu", out_len, sizeof(expected));
	CHECK(!memcmp(out, expected, sizeof(expected)));
}

static void test_varints(void)
{
	static const struct {
		uint64_t value;
		size_t len;
		uint8_t bytes[10];
	} known[] = {
		{ 1, 1, { 1 } }, { 127, 1, { 0x7f } }, { 128, 2, { 0x80, 1 } },
		{ 1ULL << 63, 10, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 } },
		{ -1, 10, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct bytes b = { 0 };

		proto_number(&b, 16, known[i].value);
		CHECK(b.len == 2 + known[i].len && b.data[0] == 0x80 && b.data[1] == 1);
		CHECK(!memcmp(b.data + 2, known[i].bytes, known[i].len));
		bytes_free(&b);
	}
}

static void test_utf8(void)
{
	static const struct {
		const char *in, *out;
	} known[] = {
		{ "plain", "plain" }, { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xa7", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xa7" },
		{ "\xff", "?" }, { "\xc3", "?" }, { "\xe2\x82", "??" }, { "\xc0\x80", "??" },
		{ "\xed\xa0\x80", "???" }, { "\xe0\x80\x80", "???" }, { "\xf4\x90\x80\x80", "????" },
		{ "a\xe2z", "a?z" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		char *copy = utf8_copy(known[i].in);

		CHECK(!strcmp(copy, known[i].out), "%zu: %s", i, copy);
		free(copy);
	}
}

/* 20,000 stacks of 30 frames: "go tool pprof" must find their sums again. */
static void test_many(const char *path)
{
	static const char *const kinds[] = { "file", "socket" };
	struct pprof *p = pprof_new();

	pprof_sample_type(p, "live", "count");
	pprof_sample_type(p, "live_space", "bytes");
	pprof_default_type(p, "live_space");
	pprof_period(p, "fd", "count", 1);
	pprof_time(p, 1700000000000000000, 92000000000);
	pprof_comment(p, "a \xff comment");
	for (uint64_t i = 0; i < 4; i++)
		pprof_mapping(p, 0x400000 + i * 0x100000, 0x500000 + i * 0x100000, 0,
			      i ? "/lib/l.so" : "/bin/p", i ? "bb" : "aa");
	for (int i = 0; i < 20000; i++) {
		struct pprof_label labels[] = {
			{ .key = "type", .text = kinds[i % 2] },
			{ .key = "age", .number = i % 3, .unit = "seconds" },
		};
		int64_t values[] = { 1, 4096 };
		struct pprof_frame f[30];
		char name[30][32];

		for (int k = 0; k < 30; k++) {
			snprintf(name[k], sizeof(name[k]), "f%d", (i >> k) % 1000);
			f[k] = (struct pprof_frame){ .function = name[k], .file = "f.c", .line = k + 1,
				.inlined = k % 3 == 1, .address = 0x400000 + (i * 31 + k) % 0x400000 };
		}
		pprof_sample(p, f, 30, values, labels, 2);
	}
	finish(p, path);
	CHECK(out_len > 1 << 20);
}

int main(int argc, char **argv)
{
	test_varints();
	test_utf8();
	test_bytes();
	test_many(argc > 1 ? argv[1] : NULL);
	return verdict("pprof");
}
