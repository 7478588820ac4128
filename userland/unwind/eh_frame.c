// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the entries of a call frame section from front to back: each byte once,
 * whatever the entries claim about each other. The search table in
 * .eh_frame_hdr is not used: it could point anywhere. Two passes, because in
 * .debug_frame an FDE may precede its CIE.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "elf/image.h"
#include "unwind/cfi.h"
#include "unwind/cursor.h"
#include "unwind/eh_frame.h"
#include "unwind/section.h"
#include "util/array.h"

enum {
	MAX_CIES = 1 << 18,		/* debug information has one per source file */
	MAX_FDES = 1 << 22,
};

struct entry {
	uint64_t offset;
	struct cursor body;		/* after the id */
	bool is_cie;
	uint64_t cie_offset;		/* of an FDE */
};

struct reader {
	struct unwind_frames *frames;
	const struct unwind_machine *machine;
	struct unwind_bytes section;
	struct cursor c;
	uint8_t number;			/* enum unwind_section */
	uint32_t first_cie;
	struct unwind_cfi run;
};

/* 1, or 0 at the end of the readable part. */
static int next_entry(struct reader *r, struct entry *e)
{
	struct cursor *c = &r->c;
	uint64_t bytes, id, none, at;
	bool wide;

	do {
		if (cursor_left(c) < 4)
			return 0;
		e->offset = c->at - r->section.data;
		bytes = cursor_u32(c);
	} while (!bytes && !r->section.ends_at_zero);
	wide = bytes == UINT32_MAX;
	if (wide)
		bytes = cursor_u64(c);
	e->body = (struct cursor){ .at = c->at };
	if (!bytes || !cursor_skip(c, bytes))
		return 0;
	e->body.end = c->at;
	at = e->body.at - r->section.data;
	/* .eh_frame has 4-byte ids in wide entries too. */
	wide = wide && !r->section.eh;
	none = r->section.eh ? 0 : wide ? UINT64_MAX : UINT32_MAX;
	id = wide ? cursor_u64(&e->body) : cursor_u32(&e->body);
	e->is_cie = id == none;
	e->cie_offset = r->section.eh ? at - id : id;
	return 1;
}

static void rewind_to_start(struct reader *r)
{
	r->c = (struct cursor){ .at = r->section.data };
	r->c.end = r->c.at + r->section.bytes;
}

/* The augmentation letters after 'z', and their data. */
static bool read_augmentation(struct unwind_cie *cie, struct cursor *c, const char *letter)
{
	struct cursor data = { .at = c->at };
	uint64_t bytes, ignored;
	uint8_t encoding;

	if (!*letter)
		return true;
	if (*letter++ != 'z')
		return false;
	bytes = cursor_uleb(c);
	data.at = c->at;
	if (!cursor_skip(c, bytes))
		return false;
	data.end = c->at;
	cie->has_data = true;
	for (; *letter; letter++) {
		if (*letter == 'R') {
			cie->encoding = cursor_u8(&data);
		} else if (*letter == 'S') {
			cie->signal = true;
		} else if (*letter == 'L') {
			cursor_u8(&data);
		} else if (*letter == 'P') {
			encoding = cursor_u8(&data);
			if (!unwind_cfi_address(&data, encoding & 0x0f, 0, &ignored))
				return false;
		} else if (*letter != 'B' && *letter != 'G') {
			return false;
		}
	}
	return !data.bad;
}

static bool parse_cie(struct reader *r, struct unwind_cie *cie, struct cursor *c)
{
	uint8_t version = cursor_u8(c);
	char augmentation[16];
	size_t n = 0;

	while (n < sizeof(augmentation) && (augmentation[n] = cursor_u8(c)))
		n++;
	if (c->bad || n == sizeof(augmentation) || (version != 1 && version != 3 && version != 4))
		return false;
	/* Addresses of 8 bytes, no segment selectors. */
	if (version == 4 && (cursor_u8(c) != 8 || cursor_u8(c)))
		return false;
	cie->code_align = cursor_uleb(c);
	cie->data_align = cursor_sleb(c);
	if ((version == 1 ? cursor_u8(c) : cursor_uleb(c)) != r->machine->ra)
		return false;
	cie->pcrel = r->section.vaddr - (uintptr_t)r->section.data;
	if (!read_augmentation(cie, c, augmentation) || c->bad)
		return false;
	return !unwind_cfi_initial(&r->run, cie, *c);
}

static int read_cies(struct reader *r)
{
	struct unwind_frames *f = r->frames;
	struct entry e;

	r->first_cie = f->ncies;
	rewind_to_start(r);
	while (next_entry(r, &e)) {
		struct unwind_cie *cie;

		if (!e.is_cie || f->ncies == MAX_CIES)
			continue;
		if (!array_reserve(f->cie, f->cie_room, f->ncies, 1))
			return -ENOMEM;
		cie = &f->cie[f->ncies++];
		memset(cie, 0, sizeof(*cie));
		cie->offset = e.offset;
		cie->section = r->number;
		cie->bad = !parse_cie(r, cie, &e.body);
	}
	return 0;
}

/* They were found in the order of their offsets. */
static const struct unwind_cie *find_cie(struct reader *r, uint64_t offset)
{
	uint32_t lo = r->first_cie, hi = r->frames->ncies;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->frames->cie[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->frames->ncies || r->frames->cie[lo].offset != offset ||
	    r->frames->cie[lo].bad)
		return NULL;
	return &r->frames->cie[lo];
}

static bool parse_fde(struct reader *r, struct entry *e, struct unwind_fde *fde)
{
	const struct unwind_cie *cie = find_cie(r, e->cie_offset);
	struct cursor *c = &e->body;
	uint64_t bytes;

	if (!cie || !unwind_cfi_address(c, cie->encoding, cie->pcrel, &fde->start) ||
	    !unwind_cfi_address(c, cie->encoding & 0x0f, 0, &bytes))
		return false;
	if (cie->has_data && !cursor_skip(c, cursor_uleb(c)))
		return false;
	if (c->bad || bytes > UINT32_MAX || fde->start + bytes < fde->start ||
	    cursor_left(c) > UINT32_MAX)
		return false;
	fde->bytes = bytes;
	fde->code = c->at;
	fde->code_bytes = cursor_left(c);
	fde->cie = cie - r->frames->cie;
	return true;
}

static int read_fdes(struct reader *r)
{
	struct unwind_frames *f = r->frames;
	struct unwind_fde fde;
	struct entry e;

	rewind_to_start(r);
	while (next_entry(r, &e)) {
		if (e.is_cie)
			continue;
		if (f->nfdes == MAX_FDES || !parse_fde(r, &e, &fde)) {
			f->skipped++;
			continue;
		}
		if (!fde.start || !fde.bytes)
			continue;	/* of a section that the linker discarded */
		if (!array_reserve(f->fde, f->fde_room, f->nfdes, 1))
			return -ENOMEM;
		f->fde[f->nfdes++] = fde;
	}
	return 0;
}

/**
 * unwind_frames_read() - add the entries of a section
 * @frames: zeroed before the first call
 *
 * Return: 0, also when there is no such section, or -ENOMEM.
 */
int unwind_frames_read(struct unwind_frames *frames, struct elf_image *image,
		       const struct unwind_machine *machine, enum unwind_section section)
{
	struct reader r = { .frames = frames, .machine = machine, .number = section };
	int error;

	if (!unwind_section_find(image, section, &r.section))
		return 0;
	frames->section_bytes += r.section.bytes;
	r.run.machine = machine;
	error = read_cies(&r);
	return error ? error : read_fdes(&r);
}

void unwind_frames_free(struct unwind_frames *frames)
{
	free(frames->cie);
	free(frames->fde);
}
