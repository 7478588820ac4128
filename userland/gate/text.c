// SPDX-License-Identifier: GPL-2.0
/*
 * All code is decoded once, from each place at which a function is known to begin to the
 * next one: by symbols, and by the index of call frame information. What cannot be decoded
 * is skipped up to the next such place.
 *
 * Padding is what lies between an instruction behind which execution does not go on, and
 * the next that is none, and that no branch leads to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/symbol_table.h"
#include "gate/text.h"
#include "unwind/x86_64_code.h"
#include "util/array.h"

enum {
	PAGE = 4096,
	INT3 = 0xcc,
	MIN_PADDING_BYTES = 5,
	MAX_PLACES = 64 << 20,
	HDR_BYTES = 12,			/* of .eh_frame_hdr, before its index */
	ENC_UDATA4 = 0x03,
	ENC_DATAREL_SDATA4 = 0x3b,
	SHORT_JUMP_REACH = 127,
};

/* More than this far away, nobody branches into a function by a direct branch. */
static const uint64_t AROUND_BYTES = 32 << 20;

static void add(struct gate_text *text, struct gate_places *places, uint64_t at)
{
	if (places->n >= MAX_PLACES || !array_reserve(places->at, places->capacity, places->n, 1))
		text->failed = true;
	else
		places->at[places->n++] = at;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void sort(struct gate_places *places)
{
	size_t kept = 0;

	if (!places->n)
		return;
	qsort(places->at, places->n, sizeof(*places->at), by_value);
	for (size_t i = 0; i < places->n; i++)
		if (!kept || places->at[kept - 1] != places->at[i])
			places->at[kept++] = places->at[i];
	places->n = kept;
}

/* The first that is not before an address. */
static size_t first_from(const struct gate_places *places, uint64_t at)
{
	size_t low = 0, high = places->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (places->at[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool add_start(const GElf_Sym *sym, const char *name, void *arg)
{
	struct gate_text *text = arg;

	(void)name;
	if (elf_is_function(text->image, sym))
		add(text, &text->starts, sym->st_value);
	return true;
}

/* The index is a table of pairs: where a function begins, where its description is. */
static void add_index(struct gate_text *text, struct elf_image *image)
{
	const uint8_t *header;
	GElf_Shdr shdr;
	uint32_t n;

	if (!elf_image_section(image, ".eh_frame_hdr", &shdr))
		return;
	header = elf_image_content(image, &shdr);
	if (!header || shdr.sh_size < HDR_BYTES || header[0] != 1 || header[2] != ENC_UDATA4 ||
	    header[3] != ENC_DATAREL_SDATA4)
		return;
	memcpy(&n, header + 8, sizeof(n));
	for (uint64_t i = 0; i < n && HDR_BYTES + 8 * i + 8 <= shdr.sh_size; i++) {
		int32_t distance;
		uint64_t at;

		memcpy(&distance, header + HDR_BYTES + 8 * i, sizeof(distance));
		at = shdr.sh_addr + distance;
		if (elf_image_is_code(image, at))
			add(text, &text->starts, at);
	}
}

static void add_starts(struct gate_text *text, struct elf_image *image)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			break;
		if (shdr.sh_type == SHT_PROGBITS && shdr.sh_flags & SHF_EXECINSTR)
			add(text, &text->starts, shdr.sh_addr);
	}
	elf_each_symbol(image, SHT_DYNSYM, add_start, text);
	elf_each_symbol(image, SHT_SYMTAB, add_start, text);
	add_index(text, image);
	sort(&text->starts);
}

static bool ends_flow(const struct x86_insn *insn, uint8_t first)
{
	return insn->effect == X86_RETURN || insn->effect == X86_JUMP ||
	       (insn->effect == X86_TRAP && first != INT3);
}

static void add_padding(struct gate_text *text, uint64_t start, uint64_t end)
{
	if (end - start < MIN_PADDING_BYTES)
		return;
	if (!array_reserve(text->padding, text->padding_capacity, text->npadding, 1))
		text->failed = true;
	else
		text->padding[text->npadding++] = (struct gate_padding){ start, end };
}

/* One function, or what there is up to the next one. */
static void sweep(struct gate_text *text, const uint8_t *code, uint64_t from, uint64_t to)
{
	uint64_t at = from, pad = 0;
	bool after = false;
	struct x86_insn insn;

	while (at < to && x86_decode(code + (at - from), to - at, at, &insn)) {
		uint8_t first = code[at - from];
		bool padding = insn.effect == X86_PADDING || first == INT3;

		if (padding && after && !pad)
			pad = at;
		if (!padding && pad) {
			add_padding(text, pad, at);
			pad = 0;
		}
		if (!padding)
			after = ends_flow(&insn, first);
		if (insn.effect == X86_CALL || insn.effect == X86_JUMP ||
		    insn.effect == X86_BRANCH || insn.effect == X86_POINTER)
			if (insn.target)
				add(text, &text->targets, insn.target);
		at += insn.bytes;
	}
	if (pad && at == to)
		add_padding(text, pad, at);
}

static void sweep_segment(struct gate_text *text, const struct elf_segment *segment,
			  uint64_t low, uint64_t high)
{
	uint64_t from = segment->vaddr, end = segment->vaddr + segment->file_bytes;
	size_t next;

	if (end < from)
		return;
	from = from > low ? from : low;
	end = end < high ? end : high;
	next = first_from(&text->starts, from);
	while (next < text->starts.n && text->starts.at[next] < end && !text->failed) {
		uint64_t at = text->starts.at[next++];
		uint64_t to = next < text->starts.n && text->starts.at[next] < end ?
			      text->starts.at[next] : end;
		const uint8_t *code = elf_image_code(text->image, at, to - at);

		if (code)
			sweep(text, code, at, to);
	}
}

/* A branch to padding, or a function that is known to begin there: somebody executes it. */
static void drop_executed(struct gate_text *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->npadding; i++) {
		struct gate_padding *p = &text->padding[i];

		if (!gate_text_is_target(text, p->start, p->end))
			text->padding[kept++] = *p;
	}
	text->npadding = kept;
}

/** gate_text_read() - read the code of a file around the addresses from @low to @high */
int gate_text_read(struct gate_text *text, struct elf_image *image, uint64_t low, uint64_t high)
{
	*text = (struct gate_text){ .image = image };
	low = low > AROUND_BYTES ? low - AROUND_BYTES : 0;
	high = high < UINT64_MAX - AROUND_BYTES ? high + AROUND_BYTES : UINT64_MAX;
	add_starts(text, image);
	for (size_t i = 0; i < image->nsegments; i++)
		if (image->segment[i].exec)
			sweep_segment(text, &image->segment[i], low, high);
	sort(&text->targets);
	drop_executed(text);
	if (!text->failed)
		return 0;
	gate_text_free(text);
	return -ENOMEM;
}

bool gate_text_is_target(const struct gate_text *text, uint64_t from, uint64_t to)
{
	size_t i = first_from(&text->targets, from);

	return i < text->targets.n && text->targets.at[i] < to;
}

uint64_t gate_text_end(const struct gate_text *text, uint64_t start)
{
	size_t i = first_from(&text->starts, start + 1);

	return i < text->starts.n ? text->starts.at[i] : UINT64_MAX;
}

static bool in_reach(uint64_t after, uint64_t to)
{
	int64_t distance = to - after;

	return distance <= SHORT_JUMP_REACH && distance >= -SHORT_JUMP_REACH - 1;
}

/* The first place from @at on that is not across the end of a page. */
static uint64_t in_one_page(uint64_t at, size_t bytes)
{
	return at % PAGE + bytes > PAGE ? (at / PAGE + 1) * PAGE : at;
}

uint64_t gate_text_find(const struct gate_text *text, uint64_t after, size_t bytes)
{
	for (size_t i = 0; i < text->npadding; i++) {
		const struct gate_padding *p = &text->padding[i];
		uint64_t at = in_one_page(p->start, bytes);

		if (at < after && after - at > SHORT_JUMP_REACH + 1)
			at = in_one_page(after - SHORT_JUMP_REACH - 1, bytes);
		if (at >= p->start && at < p->end && p->end - at >= bytes && in_reach(after, at))
			return at;
	}
	return 0;
}

void gate_text_take(struct gate_text *text, uint64_t at, size_t bytes)
{
	for (size_t i = 0; i < text->npadding; i++)
		if (at >= text->padding[i].start && at < text->padding[i].end)
			text->padding[i].start = at + bytes;
}

void gate_text_free(struct gate_text *text)
{
	free(text->starts.at);
	free(text->targets.at);
	free(text->padding);
	*text = (struct gate_text){ 0 };
}
