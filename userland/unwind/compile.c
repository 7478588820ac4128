// SPDX-License-Identifier: GPL-2.0
/*
 * From an ELF file to an unwind table: collect the coverage of each source of
 * rules, then run the programs in ascending order of addresses and keep the
 * rows.
 *
 * Files are hostile. Memory is bounded by the limits on entries, rules and
 * rows, all of them a small multiple of the file size at most; time is bounded
 * by reading each entry once and by a budget for the programs, which
 * overlapping entries could otherwise have executed many times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "unwind/build.h"
#include "unwind/cfi.h"
#include "unwind/coverage.h"
#include "unwind/eh_frame.h"
#include "unwind/key.h"
#include "unwind/rule.h"
#include "unwind/unwind.h"
#include "util/array.h"

enum {
	/* Padding after a function is covered by the function's last row. */
	GAP_BYTES = 16,
	MAX_ROWS = LEAKTRACE_UNWIND_MAX_BYTES / sizeof(uint32_t),
	SPARE_WORK_BYTES = 16 << 20,
};

static int find_code(struct unwind_build *b)
{
	uint64_t low = UINT64_MAX, high = 0;
	uint64_t granule = 1 << LEAKTRACE_UNWIND_GRANULE_SHIFT;

	for (size_t i = 0; i < b->image->nsegments; i++) {
		struct elf_segment *s = &b->image->segment[i];

		/* A segment that claims to extend beyond the file would only cost memory. */
		if (s->offset_bytes > b->image->size_bytes)
			s->file_bytes = 0;
		else if (s->file_bytes > b->image->size_bytes - s->offset_bytes)
			s->file_bytes = b->image->size_bytes - s->offset_bytes;
		if (s->file_bytes > s->memory_bytes)
			s->file_bytes = s->memory_bytes;
		if (!s->exec || !s->file_bytes)
			continue;
		if (s->vaddr < low)
			low = s->vaddr;
		if (s->vaddr + s->file_bytes > high)
			high = s->vaddr + s->file_bytes;
	}
	if (low >= high)
		return -ENODATA;
	b->base = low & -granule;
	if (high - b->base > UINT32_MAX - granule)
		return -E2BIG;
	b->size_bytes = high - b->base;
	return 0;
}

static int cover_frames(struct unwind_build *b, enum unwind_section section)
{
	struct unwind_pieces found = { 0 };
	uint32_t i = b->frames.nfdes;
	int error = unwind_frames_read(&b->frames, b->image, b->machine, section);

	for (; !error && i < b->frames.nfdes; i++) {
		const struct unwind_fde *fde = &b->frames.fde[i];
		struct unwind_piece piece;

		if (!unwind_build_clip(b, fde->start, fde->start + fde->bytes, &piece))
			continue;
		piece.fde = i;
		error = unwind_pieces_add(&found, piece);
	}
	if (error) {
		unwind_pieces_free(&found);
		return error;
	}
	return unwind_pieces_fill(&b->cover, &found);
}

static int cover_eh_frame(struct unwind_build *b)
{
	return cover_frames(b, SECTION_EH_FRAME);
}

static int cover_debug_frame(struct unwind_build *b)
{
	return cover_frames(b, SECTION_DEBUG_FRAME);
}

/*
 * Recognised code bytes take precedence over .debug_frame, which describes
 * signal restorers as plain functions; and so does Go's function table, because
 * Go's .debug_frame ignores the frame pointer.
 */
static int (*const sources[])(struct unwind_build *b) = {
	cover_eh_frame,
	unwind_synth_sigreturn,
	unwind_go,
	cover_debug_frame,
	unwind_synth_plt,
	unwind_synth_init,
	unwind_synth_entry,
	unwind_infer,
};

static int add_row(struct unwind_build *b, uint32_t at, uint32_t rule)
{
	if (b->nrows && b->row[b->nrows - 1].at == at)
		b->nrows--;
	if (b->nrows && b->row[b->nrows - 1].rule == rule)
		return 0;
	if (b->nrows >= MAX_ROWS)
		return -E2BIG;
	if (!array_reserve(b->row, b->row_room, b->nrows, 1))
		return -ENOMEM;
	b->row[b->nrows++] = (struct unwind_row){ .at = at, .rule = rule };
	return 0;
}

/* The rows of one function, clipped to the piece that it covers. 1: not understood. */
static int run_fde(struct unwind_build *b, struct unwind_cfi *run, const struct unwind_piece *p)
{
	const struct unwind_fde *fde = &b->frames.fde[p->fde];
	const struct unwind_cie *cie = &b->frames.cie[fde->cie];
	uint64_t from = b->base + p->start, to = b->base + p->end, start, end;
	int more, error = 0;

	b->work_bytes -= fde->code_bytes + sizeof(*fde);
	if (b->work_bytes < 0)
		return 1;
	unwind_cfi_begin(run, cie, fde);
	while (!error && (more = unwind_cfi_row(run, &start, &end)) > 0) {
		struct leaktrace_unwind_rule rule;
		uint32_t index;

		if (end <= from)
			continue;
		if (start >= to)
			break;
		unwind_rule_make(b->machine, &run->state, cie->signal, &rule);
		error = unwind_rules_find(&b->rules, &rule, &index);
		if (!error)
			error = add_row(b, (start > from ? start : from) - b->base, index);
	}
	return error ? error : more < 0;
}

static int add_piece(struct unwind_build *b, struct unwind_cfi *run, const struct unwind_piece *p)
{
	size_t nrows = b->nrows;
	struct unwind_row last = nrows ? b->row[nrows - 1] : (struct unwind_row){ 0 };
	int error;

	if (p->fde == PIECE_NO_FDE)
		return add_row(b, p->start, p->rule);
	error = run_fde(b, run, p);
	if (error <= 0)
		return error;
	b->frames.skipped++;
	b->nrows = nrows;
	if (nrows)
		b->row[nrows - 1] = last;
	return add_row(b, p->start, RULE_INVALID);
}

static int make_rows(struct unwind_build *b)
{
	struct unwind_cfi *run = calloc(1, sizeof(*run));
	uint32_t covered = 0;
	int error;

	if (!run)
		return -ENOMEM;
	run->machine = b->machine;
	error = add_row(b, 0, RULE_INVALID);
	for (size_t i = 0; !error && i < b->cover.n; i++) {
		const struct unwind_piece *p = &b->cover.piece[i];

		if (i && p->start - covered >= GAP_BYTES)
			error = add_row(b, covered, RULE_INVALID);
		if (!error)
			error = add_piece(b, run, p);
		covered = p->end;
	}
	if (!error && covered && b->size_bytes - covered >= GAP_BYTES)
		error = add_row(b, covered, RULE_INVALID);
	free(run);
	return error;
}

static int build(struct unwind_build *b, struct unwind_blob *out)
{
	int error = find_code(b);

	if (!error)
		error = unwind_rules_init(&b->rules);
	for (size_t i = 0; !error && i < sizeof(sources) / sizeof(*sources); i++)
		error = sources[i](b);
	if (error)
		return error;
	if (!b->cover.n)
		return -ENODATA;
	b->work_bytes = 4 * (b->frames.section_bytes + b->frames.nfdes * sizeof(*b->frames.fde)) +
			SPARE_WORK_BYTES;
	error = make_rows(b);
	return error ? error : unwind_pack(b, out);
}

static int compile(struct elf_image *image, struct unwind_blob *out)
{
	struct unwind_build b = { .image = image, .machine = unwind_machine(image->machine) };
	int error = -ENOEXEC;
	GElf_Ehdr ehdr;

	if (b.machine && image->class == ELFCLASS64 && gelf_getehdr(image->elf, &ehdr) &&
	    ehdr.e_type != ET_REL)
		error = build(&b, out);
	unwind_frames_free(&b.frames);
	unwind_rules_free(&b.rules);
	unwind_pieces_free(&b.cover);
	free(b.row);
	return error;
}

/**
 * unwind_told_read() - find the code of an image that has rules which are not inferred
 * @told: filled; unwind_pieces_free() its pieces
 */
void unwind_told_read(struct unwind_told *told, struct elf_image *image)
{
	struct unwind_build b = { .image = image, .machine = unwind_machine(image->machine) };
	int error = b.machine && image->class == ELFCLASS64 ? find_code(&b) : -ENOEXEC;

	if (!error)
		error = unwind_rules_init(&b.rules);
	for (size_t i = 0; !error && sources[i] != unwind_infer; i++)
		error = sources[i](&b);
	*told = (struct unwind_told){ .pieces = b.cover, .base = b.base, .known = !error };
	unwind_frames_free(&b.frames);
	unwind_rules_free(&b.rules);
}

/** unwind_is_told() - whether the rules at an address are not inferred, as far as is known */
bool unwind_is_told(const struct unwind_told *told, uint64_t vaddr)
{
	if (!told->known || vaddr < told->base || vaddr - told->base > UINT32_MAX)
		return true;
	return unwind_pieces_has(&told->pieces, vaddr - told->base);
}

/**
 * unwind_compile_fd() - compile the unwind table of an ELF file
 * @fd: a regular file; stays the caller's
 * @out: filled on success; unwind_blob_free() it
 *
 * Return: 0; -ENODATA: it has no unwind information at all; -ENOEXEC: not
 *	an ELF file of a supported machine; -E2BIG: more than a table can hold;
 *	-ENOMEM; or an error of reading it.
 */
int unwind_compile_fd(int fd, struct unwind_blob *out)
{
	struct elf_image *image;
	int error;

	memset(out, 0, sizeof(*out));
	image = elf_image_map(fd);
	if (!image)
		return -errno;
	error = unwind_key_of(fd, image, out->key);
	if (!error)
		error = compile(image, out);
	elf_image_close(image);
	return error;
}

/**
 * unwind_compile_image() - compile an ELF image in memory, such as the vdso
 *
 * Return: as unwind_compile_fd().
 */
int unwind_compile_image(const void *image_bytes, size_t bytes, struct unwind_blob *out)
{
	struct elf_image *image;
	void *copy = malloc(bytes ? bytes : 1);
	int error;

	memset(out, 0, sizeof(*out));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, image_bytes, bytes);
	image = elf_image_adopt(copy, bytes);
	if (!image)
		return -errno;
	unwind_key_of_bytes(image_bytes, bytes, out->key);
	error = compile(image, out);
	elf_image_close(image);
	return error;
}
