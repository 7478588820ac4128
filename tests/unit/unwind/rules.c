// SPDX-License-Identifier: GPL-2.0
/* Each instruction, expression and stub, byte by byte: what rule it gives. */
#include <errno.h>
#include <stdio.h>

#include "check.h"
#include "unwind/lookup.h"
#include "unwind/unwind.h"
#include "unwind/image.h"

/* RULE() is the plain one, with some members overridden. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define START 0x1100
#define RULE(...) ((struct leaktrace_unwind_rule){ .op = LEAKTRACE_UNWIND_REG, .reg = 7, \
						   .cfa_off = 8, .ra_off = -8, __VA_ARGS__ })

static const struct leaktrace_unwind_rule unsup = { .op = LEAKTRACE_UNWIND_UNSUP };
static const struct leaktrace_unwind_rule stop = { .op = LEAKTRACE_UNWIND_STOP };
static const struct leaktrace_unwind_rule sig = { .op = LEAKTRACE_UNWIND_SIGNAL };
static const struct leaktrace_unwind_rule none;

static bool is(const struct unwind_blob *b, uint64_t vaddr, struct leaktrace_unwind_rule want)
{
	const struct leaktrace_unwind_rule *r = b->data ? unwind_lookup(b, vaddr) : NULL;

	return r && !memcmp(r, &want, sizeof(want));
}

static int compile(const struct image_part *part, int n, uint64_t entry, struct unwind_blob *b)
{
	size_t bytes;
	void *image = image_make(part, n, entry, &bytes);
	int error = unwind_compile_image(image, bytes, b);

	free(image);
	CHECK(error || unwind_blob_valid(b->data, b->bytes));
	return error;
}

static int compile_cfi(const char *augmentation, const char *code, size_t bytes,
		       struct unwind_blob *b)
{
	uint8_t frame[512];
	struct image_part part = { .name = ".eh_frame", .data = frame };

	part.bytes = image_frame(frame, 1, augmentation, START, 0x100, code, bytes);
	return compile(&part, 1, 0, b);
}

/* The rule at START + 4, where all of these have come to. */
static void expect(int line, const char *code, size_t bytes, struct leaktrace_unwind_rule want)
{
	struct unwind_blob b;
	int error = compile_cfi("zR", code, bytes, &b);

	CHECK(!error && is(&b, START + 4, want), "line %d", line);
	unwind_blob_free(&b);
}

#define EXPECT(code, ...) expect(__LINE__, code, sizeof(code) - 1, __VA_ARGS__)

static void test_instructions(void)
{
	EXPECT("", RULE());
	EXPECT("\x44\x0e\x10", RULE(.cfa_off = 16));
	EXPECT("\x02\x04\x0e\x10", RULE(.cfa_off = 16));
	EXPECT("\x03\x04\x00\x0e\x10", RULE(.cfa_off = 16));
	EXPECT("\x04\x04\x00\x00\x00\x0e\x10", RULE(.cfa_off = 16));
	EXPECT("\x45\x0e\x10", RULE());
	EXPECT("\x01\x04\x11\x00\x00\x0e\x10", RULE(.cfa_off = 16));
	EXPECT("\x41\x0e\x10\x86\x02\x43\x0d\x06", RULE(.reg = 6, .cfa_off = 16, .bp = 1, .bp_off = -16));
	EXPECT("\x05\x06\x02", RULE(.bp = 1, .bp_off = -16));
	EXPECT("\x11\x06\x7e", RULE(.bp = 1, .bp_off = 16));
	EXPECT("\x2f\x06\x02", RULE(.bp = 1, .bp_off = 16));
	EXPECT("\x86\x02\x06\x06", RULE());
	EXPECT("\x86\x02\xc6", RULE());
	EXPECT("\x07\x06", RULE(.bp = 3));
	EXPECT("\x86\x02\x08\x06", RULE());
	EXPECT("\x09\x10\x01", RULE(.ra = 1, .ra_off = 1));
	EXPECT("\x09\x06\x09", unsup);
	EXPECT("\x07\x10", stop);
	EXPECT("\x0a\x0e\x20\x86\x02\x41\x0b", RULE());
	EXPECT("\x12\x06\x7e", RULE(.reg = 6, .cfa_off = 16));
	EXPECT("\x0c\x0a\x00", RULE(.reg = 10, .cfa_off = 0));
	EXPECT("\x13\x7e", RULE(.cfa_off = 16));
	EXPECT("\x2e\x10", RULE());
	EXPECT("\x14\x07\x00", RULE());
	EXPECT("\x14\x07\x01", unsup);
	EXPECT("\x14\x06\x01", unsup);
	EXPECT("\x83\x02\x8c\x03\x8d\x04\x8e\x05\x8f\x06", RULE(.saved = { -2, -3, -4, -5, -6 }));
	EXPECT("\x8c\x02\x09\x03\x0c", RULE(.saved = { INT16_MIN, -2 }));
	/* Registers that no walk asks for; ones that nobody has. */
	EXPECT("\x80\x02\x91\x03\x05\xff\x7f\x01", RULE());
	EXPECT("\x0e\xff\xff\xff\xff\x07", RULE(.cfa_off = INT32_MAX));
	EXPECT("\x0e\x80\x80\x80\x80\x08", unsup);
}

static void test_expressions(void)
{
	EXPECT("\x0f\x02\x77\x18", RULE(.cfa_off = 24));
	EXPECT("\x0f\x03\x92\x07\x18", RULE(.cfa_off = 24));
	EXPECT("\x0f\x03\x76\x78\x06", RULE(.op = LEAKTRACE_UNWIND_DEREF, .reg = 6, .cfa_off = -8));
	EXPECT("\x0f\x05\x77\x08\x06\x23\x10",
	       RULE(.op = LEAKTRACE_UNWIND_DEREF, .cfa_off = 8, .add = 16));
	EXPECT("\x0f\x05\x77\x08\x06\x38\x1c",
	       RULE(.op = LEAKTRACE_UNWIND_DEREF, .cfa_off = 8, .add = -8));
	EXPECT("\x0f\x05\x40\x77\x08\x22\x96", RULE(.cfa_off = 24));
	EXPECT("\x0f\x04\x77\x08\x06\x06", unsup);
	EXPECT("\x0f\x01\x06", unsup);
	EXPECT("\x0f\x00", unsup);
	EXPECT("\x0f\x01\x38", unsup);
	EXPECT("\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22",
	       RULE(.op = LEAKTRACE_UNWIND_PLT, .reg = 0, .cfa_off = 0, .add = 11));
	/* GCC's realigned stacks. */
	EXPECT("\x0f\x03\x76\x78\x06\x10\x06\x02\x76\x00\x10\x03\x02\x76\x70",
	       RULE(.op = LEAKTRACE_UNWIND_DEREF, .reg = 6, .cfa_off = -8, .bp = 2,
		    .saved = { INT16_MIN }));
	/* Relative to the CFA after all. */
	EXPECT("\x0e\x40\x10\x06\x02\x77\x30", RULE(.cfa_off = 64, .bp = 1, .bp_off = -16));
	EXPECT("\x0e\x40\x10\x03\x02\x77\x20", RULE(.cfa_off = 64, .saved = { -4 }));
	EXPECT("\x10\x06\x02\x38\x1c", RULE(.bp = 1, .bp_off = -8));
	EXPECT("\x10\x06\x02\x70\x00", unsup);
	EXPECT("\x10\x10\x02\x70\x00", unsup);
	EXPECT("\x16\x06\x02\x77\x10", unsup);
	/* Half a definition after an expression. */
	EXPECT("\x0e\x38\x0f\x02\x77\x18\x0d\x06", RULE(.reg = 6, .cfa_off = 56));
	EXPECT("\x0f\x02\x77\x18\x0e\x10", RULE(.cfa_off = 24));
	/* Overflow in the making. */
	EXPECT("\x0f\x0e\x77\x01\x0e\xff\xff\xff\xff\xff\xff\xff\x7f\x22\x23\x01", unsup);
}

static void test_refused(void)
{
	static const struct { const char *code; size_t bytes; } bad[] = {
		{ "\x3f", 1 }, { "\x0b", 1 }, { "\x2d", 1 }, { "\x0e", 1 }, { "\x0f\x05\x77", 3 },
		{ "\x04\x01", 2 }, { "\x01\x00\x10\x00\x00", 5 },
		{ "\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a", 17 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct unwind_blob b;
		int error = compile_cfi("zR", bad[i].code, bad[i].bytes, &b);

		CHECK(!error && b.skipped_fdes == 1 && is(&b, START, none), "%zu", i);
		unwind_blob_free(&b);
	}
}

static void test_sections(void)
{
	uint8_t eh[512], debug[512], packed[1024];
	struct image_part part[] = {
		{ .name = ".eh_frame", .data = eh },
		{ .name = ".debug_frame", .data = debug },
	};
	struct unwind_blob b;

	CHECK(!compile_cfi("zRS", "", 0, &b) && is(&b, START, sig));
	CHECK(is(&b, START - 1, none) && is(&b, START + 0x100, none) && is(&b, IMAGE_CODE, none));
	CHECK(!unwind_lookup(&b, IMAGE_DATA) && !unwind_lookup(&b, 0));
	unwind_blob_free(&b);

	/* .debug_frame fills what is left open on both sides. */
	part[0].bytes = image_frame(eh, 1, "zR", START, 0x100, "", 0);
	part[1].bytes = image_frame(debug, 0, "", START - 0x80, 0x200, "\x0e\x10", 2);
	for (int i = 0; i < 2; i++) {
		CHECK(!compile(part, 2, 0, &b), "packed %d", i);
		CHECK(is(&b, START - 1, RULE(.cfa_off = 16)) && is(&b, START, RULE()) &&
		      is(&b, START + 0xff, RULE()) && is(&b, START + 0x100, RULE(.cfa_off = 16)) &&
		      is(&b, START + 0x17f, RULE(.cfa_off = 16)) && is(&b, START + 0x180, none));
		unwind_blob_free(&b);
		part[1].bytes = image_pack(packed, sizeof(packed), debug, part[1].bytes);
		part[1].data = packed;
		part[1].flags = SHF_COMPRESSED;
	}
	packed[14] = 0xff;		/* a claim beyond all bounds */
	CHECK(!compile(part, 2, 0, &b) && is(&b, START, RULE()) && is(&b, START - 1, none));
	unwind_blob_free(&b);
	CHECK(compile(part, 0, 0, &b) == -ENODATA);
	CHECK(unwind_compile_image("nothing", 7, &b) == -ENOEXEC);
}

/* Without section headers the loader's pointer leads to the same functions. */
static void test_headers_gone(void)
{
	const struct leaktrace_unwind_rule *r, *q;
	struct unwind_blob with, without;
	size_t bytes = 4 << 20, n, differ = 0;
	uint8_t *image = malloc(bytes);
	FILE *f = fopen("/lib64/ld-linux-x86-64.so.2", "r");
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)image;

	if (!f)
		return;
	n = fread(image, 1, bytes, f);
	fclose(f);
	CHECK(!unwind_compile_image(image, n, &with));
	ehdr->e_shoff = ehdr->e_shnum = ehdr->e_shstrndx = 0;
	CHECK(!unwind_compile_image(image, n, &without));
	for (uint64_t at = IMAGE_CODE; (r = unwind_lookup(&with, at)); at++) {
		q = unwind_lookup(&without, at);
		/* Sections of stubs are not known any more. */
		differ += !q || (memcmp(q, r, sizeof(*r)) && q->op != LEAKTRACE_UNWIND_INVALID);
	}
	CHECK(!differ && without.nrows > 1000, "%zu", differ);
	unwind_blob_free(&with);
	unwind_blob_free(&without);
	free(image);
}

static void test_stubs(void)
{
	static const uint8_t plt[48] = { 0xff, 0x35, [16] = 0xff, 0x25, [22] = 0x68,
					 [32] = 0xff, 0x25, [38] = 0x68 };
	static const uint8_t restorer[] = { 0x90, 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 5 };
	static const uint8_t init[] = { 0x48, 0x83, 0xec, 8, 0x48, 0x8b, 5, 1, 2, 3, 4, 0x48, 0x85,
					0xc0, 0x74, 2, 0xff, 0xd0, 0x48, 0x83, 0xc4, 8, 0xc3 };
	static const uint8_t start[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xed };
	uint64_t x = SHF_ALLOC | SHF_EXECINSTR;
	struct image_part part[] = {
		{ .name = ".plt", .data = plt, .bytes = sizeof(plt), .at = 0x1200, .flags = x },
		{ .name = ".plt.sec", .data = plt, .bytes = 32, .at = 0x1300, .flags = x },
		{ .name = ".init", .data = init, .bytes = sizeof(init), .at = 0x1400, .flags = x },
		{ .name = ".init", .data = restorer, .bytes = sizeof(restorer), .at = 0x1500 },
		{ .name = ".init", .data = start, .bytes = sizeof(start), .at = 0x1600 },
	};
	struct leaktrace_unwind_rule lazy = { .op = LEAKTRACE_UNWIND_PLT, .ra_off = -8, .add = 11 };
	struct unwind_blob b;

	CHECK(!compile(part, 5, 0x1600, &b));
	CHECK(is(&b, 0x1200, RULE(.cfa_off = 16)) && is(&b, 0x1206, RULE(.cfa_off = 24)) &&
	      is(&b, 0x1210, lazy) && is(&b, 0x122f, lazy) && is(&b, 0x1230, none));
	CHECK(is(&b, 0x1400, RULE()) && is(&b, 0x1404, RULE(.cfa_off = 16)) &&
	      is(&b, 0x1412, RULE(.cfa_off = 16)) && is(&b, 0x1416, RULE()));
	CHECK(is(&b, 0x14ff, none) && is(&b, 0x1500, sig) && is(&b, 0x1509, sig) &&
	      is(&b, 0x150a, none));
	CHECK(is(&b, 0x15ff, none) && is(&b, 0x1600, stop) && is(&b, 0x164f, stop) &&
	      is(&b, 0x1650, none));
	unwind_blob_free(&b);
}

int main(void)
{
	test_instructions();
	test_expressions();
	test_refused();
	test_sections();
	test_headers_gone();
	test_stubs();
	return verdict("unwind rules");
}
