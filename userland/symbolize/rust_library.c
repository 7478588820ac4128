// SPDX-License-Identifier: GPL-2.0
/*
 * rustc links a program's own objects first, then a few functions through which all crates
 * reach the allocator, then the crates that it uses, each after all that use it, and the
 * standard library last. So a crate's code branches to itself and to what is behind it, and
 * the library's only to itself and to those few functions.
 *
 * One function of the library is known: the C function main(), which the compiler writes,
 * calls it with the program's main as an argument. The smallest range that has it and that
 * no branch leaves is part of the library, and is nearly all of it. Whatever branch is
 * missed makes the range smaller.
 *
 * Where crates are optimized as one (LTO) there is no such order. It is told by the
 * functions for the allocator, which are inlined then.
 */
#include <stdlib.h>
#include <string.h>

#include "symbolize/rust_library.h"
#include "unwind/eh_frame.h"
#include "unwind/x86_64_code.h"

enum {
	ENTRY_BYTES = 64,
	MAIN_BYTES = 64,
	JUMP_BYTES = 5,			/* e9, and the distance */
	ALLOCATOR_JUMPS = 4,		/* allocate, free, resize, allocate zeroed */
	ALLOCATOR_BYTES = 4096,		/* where they lead to */
};

struct function {
	uint64_t start, end;
};

struct program {
	struct elf_image *image;
	struct function *function;	/* by start */
	size_t n;
	uint64_t allocator_end;		/* of the functions for the allocator */
	uint64_t allocates;		/* the library's own */
	uint64_t left_bytes;		/* to decode; a damaged file may have functions that overlap */
};

static int by_start(const void *va, const void *vb)
{
	const struct function *a = va, *b = vb;

	return a->start < b->start ? -1 : a->start > b->start;
}

static bool read_functions(struct program *p)
{
	struct unwind_frames frames = { 0 };

	if (!unwind_frames_read(&frames, p->image, unwind_machine(EM_X86_64), SECTION_EH_FRAME))
		p->function = calloc(frames.nfdes, sizeof(*p->function));
	for (uint32_t i = 0; p->function && i < frames.nfdes; i++)
		p->function[p->n++] = (struct function){
			frames.fde[i].start, frames.fde[i].start + frames.fde[i].bytes,
		};
	unwind_frames_free(&frames);
	if (p->n)
		qsort(p->function, p->n, sizeof(*p->function), by_start);
	return p->n;
}

/* The last one that begins at or before an address; -1: none. */
static ssize_t index_at(const struct program *p, uint64_t vaddr)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->function[mid].start <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	return (ssize_t)low - 1;
}

/* What _start of glibc gives to __libc_start_main(): lea main(%rip), %rdi, or mov $main, %rdi. */
static uint64_t main_of(struct elf_image *image)
{
	const unsigned char *code;
	GElf_Ehdr header;
	int32_t value;

	if (!gelf_getehdr(image->elf, &header))
		return 0;
	code = elf_image_code(image, header.e_entry, ENTRY_BYTES);
	for (unsigned int at = 0; code && at + 7 <= ENTRY_BYTES; at++) {
		memcpy(&value, code + at + 3, sizeof(value));
		if (!memcmp(code + at, "\x48\x8d\x3d", 3))
			return header.e_entry + at + 7 + (int64_t)value;
		if (!memcmp(code + at, "\x48\xc7\xc7", 3))
			return value;
	}
	return 0;
}

/* The value that the dynamic linker gives to a word; 0: it is another kind of word. */
static uint64_t relocated_word(struct elf_image *image, uint64_t vaddr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn))) {
		Elf_Data *data = NULL;
		GElf_Rela rela;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA && !(shdr.sh_flags & SHF_COMPRESSED) &&
		    elf_image_content(image, &shdr))
			data = elf_getdata(scn, NULL);
		if (!data || !data->d_buf || data->d_type != ELF_T_RELA)
			continue;
		for (size_t i = 0; i < data->d_size / sizeof(Elf64_Rela); i++)
			if (gelf_getrela(data, i, &rela) && rela.r_offset == vaddr)
				return GELF_R_TYPE(rela.r_info) == R_X86_64_RELATIVE ? rela.r_addend : 0;
	}
	return 0;
}

/*
 * std::rt::lang_start_internal(): main() gives it argc and argv as third and fourth argument
 * (movslq %edi, %rdx; mov %rsi, %rcx).
 */
static uint64_t start_of_runtime(struct elf_image *image, uint64_t main)
{
	const unsigned char *code = elf_image_code(image, main, MAIN_BYTES);
	struct x86_insn insn;

	if (!code || !memmem(code, MAIN_BYTES, "\x48\x63\xd7", 3) || !memmem(code, MAIN_BYTES, "\x48\x89\xf1", 3))
		return 0;
	for (unsigned int at = 0; at < MAIN_BYTES; at += insn.bytes) {
		if (!x86_decode(code + at, MAIN_BYTES - at, main + at, &insn) || insn.effect == X86_RETURN)
			return 0;
		if (insn.effect == X86_CALL && insn.target)
			return insn.target;
		if (insn.effect == X86_CALL) {
			int32_t distance;

			if (insn.bytes != 6 || code[at] != 0xff || code[at + 1] != 0x15)
				return 0;
			memcpy(&distance, code + at + 2, sizeof(distance));
			return relocated_word(image, main + at + 6 + (int64_t)distance);
		}
	}
	return 0;
}

/* Where a function goes that is one jump; 0: it is another one. */
static uint64_t jump_of(const struct program *p, size_t i)
{
	const struct function *f = &p->function[i];
	const unsigned char *code = elf_image_code(p->image, f->start, JUMP_BYTES);
	int32_t distance;

	if (!code || f->end - f->start != JUMP_BYTES || *code != 0xe9)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return f->end + (int64_t)distance;
}

/*
 * The functions for the allocator, between two functions: they jump to those of the standard
 * library, which follow each other in the same order. False: there are none.
 */
static bool find_allocator(struct program *p, size_t from, size_t to)
{
	unsigned int n = 0;
	uint64_t before = 0;

	for (size_t i = from; i < to && n < ALLOCATOR_JUMPS; i++) {
		uint64_t at = jump_of(p, i);

		n = !at ? 0 : n && at > before && at - p->allocates < ALLOCATOR_BYTES ? n + 1 : 1;
		if (n == 1)
			p->allocates = at;
		before = at;
		p->allocator_end = p->function[i].end;
	}
	return n == ALLOCATOR_JUMPS;
}

/*
 * Extends a range to where a function branches. Those for the allocator are not the
 * library's, and no other is as short. Before them is what is seldom executed, of all crates.
 */
static void follow(struct program *p, const struct function *f, struct rust_library *range)
{
	const unsigned char *code = elf_image_code(p->image, f->start, f->end - f->start);
	struct x86_insn insn;

	p->left_bytes -= f->end - f->start < p->left_bytes ? f->end - f->start : p->left_bytes;
	if (!p->left_bytes)
		return;
	for (uint64_t at = f->start; code && at < f->end; at += insn.bytes) {
		const struct function *to;
		ssize_t i;

		if (!x86_decode(code + (at - f->start), f->end - at, at, &insn))
			return;
		if (insn.effect != X86_CALL && insn.effect != X86_JUMP && insn.effect != X86_BRANCH)
			continue;
		i = insn.target ? index_at(p, insn.target) : -1;
		to = i < 0 ? NULL : &p->function[i];
		if (!to || to->start < p->allocator_end || insn.target >= to->end || to->end - to->start <= JUMP_BYTES)
			continue;
		range->start = to->start < range->start ? to->start : range->start;
		range->end = to->end > range->end ? to->end : range->end;
	}
}

static struct rust_library closed_range(struct program *p, size_t known)
{
	struct rust_library range = { p->function[known].start, p->function[known].end };
	size_t low = known, high = known;	/* [low, high) has been followed */

	for (;;) {
		if (high < p->n && p->function[high].start < range.end)
			follow(p, &p->function[high++], &range);
		else if (low && p->function[low - 1].start >= range.start)
			follow(p, &p->function[--low], &range);
		else
			return range;
	}
}

/**
 * rust_library_find() - find Rust's standard library in a program
 *
 * Return: a range that has nothing else; an empty one if it cannot be told.
 */
struct rust_library rust_library_find(struct elf_image *image)
{
	struct rust_library none = { 0 }, range = none;
	struct program p = { .image = image, .left_bytes = image->size_bytes };
	uint64_t main, runtime;
	ssize_t known, first;

	if (image->machine != EM_X86_64 || image->class != ELFCLASS64)
		return none;
	main = main_of(image);
	runtime = main ? start_of_runtime(image, main) : 0;
	if (runtime <= main || !elf_image_is_code(image, runtime) || !read_functions(&p))
		goto out;
	known = index_at(&p, runtime);
	first = index_at(&p, main);
	if (first < 0 || p.function[known].start != runtime)
		goto out;
	if (find_allocator(&p, first, known))
		range = closed_range(&p, known);
	/* where it has an allocator of its own, nothing tells the crate of that from the library */
	if (!p.left_bytes || p.allocates < range.start || p.allocates >= range.end)
		range = none;
out:
	free(p.function);
	return range;
}
