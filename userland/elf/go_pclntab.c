// SPDX-License-Identifier: GPL-2.0
/*
 * Go's function table (pclntab, Go 1.18 and later): where it is, which function
 * covers an address, and what is inlined there.
 *
 * The start of the text segment in the table is a relocation in
 * position-independent programs, and 0 in all programs since Go 1.26;
 * moduledata always has it.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "util/sanitize.h"
#include "util/unaligned.h"

enum {
	MAGIC_1_18 = 0xfffffff0, MAGIC_1_20 = 0xfffffff1,
	HEADER_BYTES = 72, MAX_FUNCS = 1 << 24,
	MODULE_FUNCNAMES = 8, MODULE_UNITS = 32, MODULE_TEXT = 176,
};

static bool is_header(const unsigned char *p)
{
	uint32_t magic = u32_at(p);

	return (magic == (uint32_t)MAGIC_1_18 || magic == (uint32_t)MAGIC_1_20) && !p[4] && !p[5] &&
	       (p[6] == 1 || p[6] == 4) && p[7] == 8;
}

static bool read_header(struct go_table *t, const unsigned char *p, uint64_t size, uint64_t vaddr)
{
	if (size < HEADER_BYTES || !is_header(p))
		return false;
	t->bytes = p;
	t->size_bytes = size;
	t->vaddr = vaddr;
	t->has_start_line = u32_at(p) == (uint32_t)MAGIC_1_20;
	t->quantum = p[6];
	t->funcs = u64_at(p + 8);
	t->names = u64_at(p + 32);
	t->units = u64_at(p + 40);
	t->files = u64_at(p + 48);
	t->pcs = u64_at(p + 56);
	t->records = u64_at(p + 64);
	return t->funcs && t->funcs <= MAX_FUNCS && t->names < size && t->units < size &&
	       t->files < size && t->pcs < size && t->records < size &&
	       (2 * t->funcs + 1) * 4 <= size - t->records;
}

static bool find_table(struct go_table *t)
{
	static const char *const sections[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	struct elf_image *image = t->image;
	GElf_Shdr shdr;

	for (int i = 0; i < 2; i++) {
		const unsigned char *p = elf_image_section(image, sections[i], &shdr) ?
			elf_image_content(image, &shdr) : NULL;

		if (p && read_header(t, p, shdr.sh_size, shdr.sh_addr))
			return true;
	}
	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		const unsigned char *p = go_elf_at(image, s->vaddr, s->file_bytes);

		for (uint64_t at = -s->vaddr & 7; p && !s->exec && at + 8 <= s->file_bytes; at += 8)
			if (is_header(p + at) &&
			    read_header(t, p + at, s->file_bytes - at, s->vaddr + at))
				return true;
	}
	return false;
}

static bool is_module(struct elf_image *image, uint64_t vaddr, void *arg)
{
	const struct go_table *t = arg;
	uint64_t names, units;

	return go_elf_word(image, vaddr + MODULE_FUNCNAMES, &names) &&
	       go_elf_word(image, vaddr + MODULE_UNITS, &units) &&
	       names == t->vaddr + t->names && units == t->vaddr + t->units;
}

/* Offset in moduledata of the base of function data (gofunc). */
static int funcdata_offset(int minor)
{
	return minor == 18 || minor == 19 ? 304 : minor >= 20 && minor <= 26 ? 320 :
	       minor == 27 ? 344 : 0;
}

/* .go.buildinfo: a magic of 14 bytes, pointer size, flags; at 32 the version. */
static void read_version(struct go_table *t)
{
	const unsigned char *p;
	unsigned int length;
	GElf_Shdr shdr;

	p = elf_image_section(t->image, ".go.buildinfo", &shdr) ?
		elf_image_content(t->image, &shdr) : NULL;
	if (!p || shdr.sh_size < 34 || memcmp(p, "\xff Go buildinf:", 14) || !(p[15] & 2))
		return;
	length = p[32];
	if (length > 127 || 33 + length > shdr.sh_size)
		return;		/* a length of two bytes: no release has one so long */
	/* distributions append to the version */
	memcpy(t->version, p + 33, length < sizeof(t->version) ? length : sizeof(t->version) - 1);
	sanitize(t->version);
	if (!strncmp(t->version, "go1.", 4))
		t->minor = atoi(t->version + 4);
}

/**
 * go_table_open() - find the function table of a file
 * @image: must outlive the table
 *
 * Return: true for a Go program whose function table can be read.
 */
bool go_table_open(struct go_table *table, struct elf_image *image)
{
	GElf_Shdr shdr;
	uint64_t word;
	int offset;

	memset(table, 0, sizeof(*table));
	table->image = image;
	/* Every Go program has this section. Without this test every C library would be scanned. */
	if (image->class != ELFCLASS64 || !elf_image_section(image, ".go.buildinfo", &shdr))
		return false;
	read_version(table);
	if (!find_table(table))
		return false;
	table->module = go_elf_find_word(image, table->vaddr, is_module, table);
	if (!table->module || !go_elf_word(image, table->module + MODULE_TEXT, &table->text))
		return false;
	offset = funcdata_offset(table->minor);
	if (offset && go_elf_word(image, table->module + offset, &word) && go_elf_at(image, word, 1))
		table->funcdata = word;
	return true;
}

static const char *string_within(const struct go_table *t, uint64_t at, uint64_t max_bytes)
{
	uint64_t left = at < t->size_bytes ? t->size_bytes - at : 0;

	if (!memchr(t->bytes + (left ? at : 0), 0, left < max_bytes ? left : max_bytes))
		return NULL;
	return (const char *)t->bytes + at;
}

static const char *string_at(const struct go_table *t, uint64_t at)
{
	return string_within(t, at, t->size_bytes);
}

static uint32_t entry_of(const struct go_table *t, uint64_t i)
{
	return u32_at(t->bytes + t->records + 8 * i);
}

/** go_table_func() - get a function by its index; false if its record is damaged */
bool go_table_func(const struct go_table *t, uint64_t i, struct go_func *f)
{
	uint64_t at = t->records + u32_at(t->bytes + t->records + 8 * i + 4);

	if (at >= t->size_bytes || t->size_bytes - at < 44)
		return false;
	f->record = t->bytes + at;
	f->left_bytes = t->size_bytes - at;
	f->start = t->text + entry_of(t, i);
	f->end = t->text + entry_of(t, i + 1);
	return true;
}

/** go_table_find() - find the function that covers an address */
bool go_table_find(const struct go_table *table, uint64_t vaddr, struct go_func *func)
{
	uint64_t low = 0, high = table->funcs, into = vaddr - table->text;

	if (into < entry_of(table, 0) || into >= entry_of(table, high))
		return false;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (entry_of(table, middle) <= into)
			low = middle;
		else
			high = middle;
	}
	return go_table_func(table, low, func);
}

/** go_table_named() - find a function by its name */
bool go_table_named(const struct go_table *table, const char *name, struct go_func *func)
{
	for (uint64_t i = 0; i < table->funcs; i++) {
		const char *have = go_table_func(table, i, func) ? go_func_name(table, func) : NULL;

		if (have && !strcmp(have, name))
			return true;
	}
	return false;
}

/** go_func_name() - a function's name, inside the table; NULL if it is damaged */
const char *go_func_name(const struct go_table *table, const struct go_func *func)
{
	return string_at(table, table->names + u32_at(func->record + 4));
}

/** go_func_name_within() - as go_func_name(), but NULL for names of @max_bytes or more */
const char *go_func_name_within(const struct go_table *table, const struct go_func *func,
				uint64_t max_bytes)
{
	return string_within(table, table->names + u32_at(func->record + 4), max_bytes);
}

/* The function's funcID, by which the runtime knows special functions; 0: a normal one. */
static unsigned int sort_of(const struct go_table *t, const struct go_func *f)
{
	return f->record[t->has_start_line ? 40 : 36];
}

/**
 * go_func_is_wrapper() - whether it is a wrapper generated by the compiler
 *
 * Such functions are the last of the sorts, behind the one that systemstack()
 * pretends to be in; the numbers are of the release.
 */
bool go_func_is_wrapper(struct go_table *table, const struct go_func *func)
{
	enum { NONE = 256 };
	struct go_func before;

	if (!table->wrapper)
		table->wrapper = go_table_named(table, "runtime.systemstack_switch", &before) ?
				 sort_of(table, &before) + 1 : NONE;
	return sort_of(table, func) == table->wrapper;
}

static bool varint(const struct go_table *t, uint64_t *at, uint32_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 35 && *at < t->size_bytes; shift += 7) {
		unsigned char b = t->bytes[(*at)++];

		*value |= (uint32_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

/* One entry of a pc-value table: the value holds for [start, end). */
struct row {
	uint64_t at, start, end;	/* at: offset of the next entry */
	int64_t value;
	bool first;
};

static struct row rows_of(const struct go_table *t, const struct go_func *f, uint32_t offset)
{
	return (struct row){
		.at = offset ? t->pcs + offset : t->size_bytes,	/* 0: no table */
		.end = f->start, .value = -1, .first = true,
	};
}

static bool next_row(const struct go_table *t, struct row *r)
{
	uint32_t delta, advance;

	if (!varint(t, &r->at, &delta) || (!delta && !r->first))
		return false;
	if (!varint(t, &r->at, &advance) || !advance)
		return false;
	r->value += delta & 1 ? -(int64_t)(delta >> 1) - 1 : (int64_t)(delta >> 1);
	r->start = r->end;
	r->end += (uint64_t)advance * t->quantum;
	r->first = false;
	return true;
}

/*
 * Looks up a pc-value table, which holds deltas of both address and value and
 * begins at the function's entry.
 */
static bool value_at(const struct go_table *t, const struct go_func *f, uint32_t offset,
		     uint64_t vaddr, int32_t *value)
{
	struct row r = rows_of(t, f, offset);

	while (next_row(t, &r))
		if (vaddr < r.end) {
			*value = r.value;
			return true;
		}
	return false;
}

/**
 * go_func_sp_delta() - distance from the stack pointer to the return address
 * @vaddr: of the next instruction to be executed
 */
bool go_func_sp_delta(const struct go_table *table, const struct go_func *func, uint64_t vaddr,
		      int64_t *bytes)
{
	int32_t v;

	if (!value_at(table, func, u32_at(func->record + 16), vaddr, &v) || v < 0)
		return false;
	*bytes = v;
	return true;
}

/**
 * go_func_sp_rows() - go_func_sp_delta() of a whole function, row by row
 * @row: called in ascending order of addresses until it returns nonzero
 *
 * Return: what @row returned last, or 0 if there are no rows.
 */
int go_func_sp_rows(const struct go_table *table, const struct go_func *func,
		    int (*row)(uint64_t start, uint64_t end, int32_t bytes, void *arg), void *arg)
{
	struct row r = rows_of(table, func, u32_at(func->record + 16));
	int error = 0;

	while (!error && r.end < func->end && next_row(table, &r))
		if (r.value >= 0 && r.value < 1 << 30)
			error = row(r.start, r.end < func->end ? r.end : func->end, r.value, arg);
	return error;
}

static void line_at(const struct go_table *t, const struct go_func *f, uint64_t vaddr,
		    struct go_frame *frame)
{
	uint64_t unit = u32_at(f->record + 32), at;
	int32_t file, line;

	frame->file = NULL;
	frame->line = 0;
	if (!value_at(t, f, u32_at(f->record + 20), vaddr, &file) || file < 0)
		return;
	at = t->units + 4 * (unit + file);
	if (at + 4 > t->size_bytes || u32_at(t->bytes + at) == UINT32_MAX)
		return;
	frame->file = string_at(t, t->files + u32_at(t->bytes + at));
	if (frame->file && value_at(t, f, u32_at(f->record + 24), vaddr, &line) && line > 0)
		frame->line = line;
}

/** go_func_funcdata() - the address of a function's data of one kind; 0: it has none */
uint64_t go_func_funcdata(const struct go_table *table, const struct go_func *func, unsigned int kind)
{
	uint64_t header = table->has_start_line ? 44 : 40;
	uint64_t pcdatas = u32_at(func->record + 28), nfuncdata = func->record[header - 1];
	uint64_t at = header + 4 * (pcdatas + kind);
	uint32_t offset;

	if (!table->funcdata || nfuncdata <= kind || at + 4 > func->left_bytes)
		return 0;
	offset = u32_at(func->record + at);
	return offset == UINT32_MAX ? 0 : table->funcdata + offset;
}

/** go_func_pcdata() - what a function's table of one kind says of an address; -1: nothing */
int32_t go_func_pcdata(const struct go_table *table, const struct go_func *func, unsigned int kind,
		       uint64_t vaddr)
{
	uint64_t at = (table->has_start_line ? 44 : 40) + 4 * (uint64_t)kind;
	int32_t value;

	if (u32_at(func->record + 28) <= kind || at + 4 > func->left_bytes ||
	    !value_at(table, func, u32_at(func->record + at), vaddr, &value))
		return -1;
	return value;
}

/** go_func_args_bytes() - of a function's arguments on the stack; negative: unknown */
int32_t go_func_args_bytes(const struct go_func *func)
{
	return (int32_t)u32_at(func->record + 8);
}

/**
 * go_func_frames() - the function and what is inlined at an address of it
 * @frames: up to @max, innermost first; the last is always the function itself
 *
 * Return: the number of frames, at least 1 if @max is.
 */
int go_func_frames(const struct go_table *table, const struct go_func *func, uint64_t vaddr,
		   struct go_frame *frames, int max)
{
	/* {kind, name, parent pc, start line} or {parent, file, line, name, parent pc} */
	uint64_t entry = table->has_start_line ? 16 : 20, name = table->has_start_line ? 4 : 12;
	uint64_t tree = go_func_funcdata(table, func, GO_FUNCDATA_INLINE_TREE);
	int n = 0;

	for (int deep = 0; tree && deep < 64; deep++) {
		int32_t index = go_func_pcdata(table, func, GO_PCDATA_INLINE_TREE, vaddr);
		const unsigned char *p = index < 0 ? NULL :
			go_elf_at(table->image, tree + index * entry, entry);
		struct go_frame frame = { .inlined = true };

		if (!p)
			break;
		line_at(table, func, vaddr, &frame);
		frame.function = string_at(table, table->names + u32_at(p + name));
		if (n < max - 1)
			frames[n++] = frame;
		vaddr = func->start + u32_at(p + entry - (table->has_start_line ? 8 : 4));
	}
	if (n < max) {
		frames[n] = (struct go_frame){ .function = go_func_name(table, func) };
		line_at(table, func, vaddr, &frames[n++]);
	}
	return n;
}
