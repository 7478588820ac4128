// SPDX-License-Identifier: GPL-2.0
/*
 * Split DWARF. libdw 0.188 would open .dwo files by whatever path the file names, and
 * knows no packages. So the sections of one unit are found here, and given to libdw as
 * an ELF file of their own, under the names that a unit that is not split has; the
 * addresses, which stay with the skeleton, are one of them.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/split.h"

enum {
	MAX_SECTION_BYTES = 256 << 20,
	MAX_RATIO = 1040,		/* zlib's maximum */
	MAX_FILE_TABLE_BYTES = 16 << 20,
	INDEX_HEADER_BYTES = 16,
};

enum part { INFO, ABBREV, LINE, STR, STR_OFFSETS, RNGLISTS, NPARTS };

static const struct {
	const char *split, *whole;
	uint32_t v4, v5;		/* column of a package's index; 0: none */
} parts[NPARTS] = {
	[INFO] = { ".debug_info.dwo", ".debug_info", 1, 1 },
	[ABBREV] = { ".debug_abbrev.dwo", ".debug_abbrev", 3, 3 },
	[LINE] = { ".debug_line.dwo", ".debug_line", 4, 4 },
	[STR] = { ".debug_str.dwo", ".debug_str", 0, 0 },
	[STR_OFFSETS] = { ".debug_str_offsets.dwo", ".debug_str_offsets", 6, 6 },
	[RNGLISTS] = { ".debug_rnglists.dwo", ".debug_rnglists", 0, 8 },
};

static uint64_t number_of(Dwarf_Die *die, unsigned int name, unsigned int other)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if ((!dwarf_attr(die, name, &attr) && !dwarf_attr(die, other, &attr)) ||
	    dwarf_formudata(&attr, &value))
		return 0;
	return value;
}

static const char *string_of(Dwarf_Die *die, unsigned int name, unsigned int other)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, name, &attr) || dwarf_attr(die, other, &attr) ?
	       dwarf_formstring(&attr) : NULL;
}

/**
 * elf_split_name() - what a unit's other part is called
 *
 * Return: whether it has another part.
 */
bool elf_split_name(Dwarf_Die *skeleton, struct elf_split_name *name)
{
	name->file = string_of(skeleton, DW_AT_dwo_name, DW_AT_GNU_dwo_name);
	name->folder = string_of(skeleton, DW_AT_comp_dir, DW_AT_comp_dir);
	return name->file && *name->file &&
	       !dwarf_cu_info(skeleton->cu, NULL, NULL, NULL, NULL, &name->id, NULL, NULL);
}

static bool unpack(struct elf_image *image, Elf_Scn *scn, GElf_Shdr *shdr)
{
	GElf_Chdr chdr;

	if (elf_section_is_zstd(image, scn, shdr))
		return elf_section_unzstd(image, scn, shdr, MAX_SECTION_BYTES);
	return gelf_getchdr(scn, &chdr) && chdr.ch_size <= MAX_SECTION_BYTES &&
	       chdr.ch_size / MAX_RATIO <= shdr->sh_size && elf_compress(scn, 0, 0) >= 0;
}

static struct elf_bytes section(struct elf_image *image, const char *name)
{
	struct elf_bytes none = { 0 };
	Elf_Data *data;
	GElf_Shdr shdr;
	Elf_Scn *scn = elf_image_section(image, name, &shdr);

	if (!scn || (shdr.sh_flags & SHF_COMPRESSED && !unpack(image, scn, &shdr)))
		return none;
	data = elf_getdata(scn, NULL);
	return data && data->d_buf ? (struct elf_bytes){ data->d_buf, data->d_size } : none;
}

static struct elf_bytes slice(struct elf_bytes whole, uint64_t from, uint64_t n)
{
	if (from > whole.n)
		return (struct elf_bytes){ 0 };
	whole.at += from;
	whole.n -= from;
	if (whole.n > n)
		whole.n = n;
	return whole;
}

static uint32_t u32_at(struct elf_bytes b, uint64_t at)
{
	uint32_t value = 0;

	if (at <= b.n && b.n - at >= sizeof(value))
		memcpy(&value, b.at + at, sizeof(value));
	return value;
}

static uint64_t u64_at(struct elf_bytes b, uint64_t at)
{
	uint64_t value = 0;

	if (at <= b.n && b.n - at >= sizeof(value))
		memcpy(&value, b.at + at, sizeof(value));
	return value;
}

/* The row of a package's index that a unit has, from 1; 0: none. */
static uint32_t index_row(struct elf_bytes index, uint64_t id, uint32_t slots)
{
	uint32_t at = id & (slots - 1), step = (id >> 32 & (slots - 1)) | 1;

	for (uint32_t tries = 0; tries < slots; tries++, at = (at + step) & (slots - 1)) {
		uint32_t row = u32_at(index, INDEX_HEADER_BYTES + 8ull * slots + 4ull * at);

		if (!row)
			return 0;
		if (u64_at(index, INDEX_HEADER_BYTES + 8ull * at) == id)
			return row;
	}
	return 0;
}

/* Of a package: the parts of its sections that one unit has. */
static bool cut_package(struct elf_bytes index, uint64_t id, struct elf_bytes part[NPARTS])
{
	uint32_t version = u32_at(index, 0) & 0xffff, columns = u32_at(index, 4);
	uint32_t units = u32_at(index, 8), slots = u32_at(index, 12), row;
	uint64_t ids, offsets, sizes;

	if ((version != 2 && version != 5) || !columns || columns > 16 || !slots ||
	    slots & (slots - 1) || slots > index.n / 12)
		return false;
	row = index_row(index, id, slots);
	if (!row || row > units)
		return false;
	ids = INDEX_HEADER_BYTES + 12ull * slots;
	offsets = ids + 4ull * columns * row;
	sizes = offsets + 4ull * columns * units;
	for (int i = 0; i < NPARTS; i++) {
		uint32_t want = version == 5 ? parts[i].v5 : parts[i].v4, column = 0;

		if (i == STR)
			continue;
		while (column < columns && (!want || u32_at(index, ids + 4ull * column) != want))
			column++;
		part[i] = column == columns ? (struct elf_bytes){ 0 } :
			  slice(part[i], u32_at(index, offsets + 4ull * column),
				u32_at(index, sizes + 4ull * column));
	}
	return true;
}

static void set_section(Elf64_Shdr *shdr, char *names, size_t *used, const char *name)
{
	*shdr = (Elf64_Shdr){
		.sh_name = *used, .sh_type = SHT_PROGBITS, .sh_size = 1, .sh_addralign = 1,
	};
	strcpy(names + *used, name);
	*used += strlen(name) + 1;
}

/* An ELF file without contents: the contents of its sections are elsewhere. */
static bool make_elf(struct elf_split *split, const char *const name[], const struct elf_bytes *content,
		     int n)
{
	size_t table = sizeof(Elf64_Ehdr), names = table + (n + 2) * sizeof(Elf64_Shdr), used = 1;
	size_t bytes = names + 32 * (n + 2);
	Elf64_Ehdr *ehdr;
	Elf64_Shdr *shdr;
	Elf_Data *data;

	split->header = calloc(1, bytes);
	if (!split->header)
		return false;
	ehdr = (Elf64_Ehdr *)split->header;
	shdr = (Elf64_Shdr *)(split->header + table);
	memcpy(ehdr->e_ident, "\177ELF\2\1\1", 7);
	ehdr->e_type = ET_REL;
	ehdr->e_machine = split->image->machine;
	ehdr->e_version = EV_CURRENT;
	ehdr->e_ehsize = sizeof(*ehdr);
	ehdr->e_shoff = table;
	ehdr->e_shentsize = sizeof(*shdr);
	ehdr->e_shnum = n + 2;
	ehdr->e_shstrndx = n + 1;
	for (int i = 0; i < n; i++)
		set_section(&shdr[i + 1], (char *)split->header + names, &used, name[i]);
	set_section(&shdr[n + 1], (char *)split->header + names, &used, ".shstrtab");
	shdr[n + 1].sh_type = SHT_STRTAB;
	shdr[n + 1].sh_offset = names;
	shdr[n + 1].sh_size = bytes - names;
	split->elf = elf_memory((char *)split->header, bytes);
	for (int i = 0; split->elf && i < n; i++) {
		data = elf_getdata(elf_getscn(split->elf, i + 1), NULL);
		if (!data)
			return false;
		data->d_buf = (void *)content[i].at;
		data->d_size = content[i].n;
	}
	return split->elf;
}

static bool open_unit(struct elf_split *split, uint64_t id)
{
	uint64_t its_id = 0;
	uint8_t type;

	split->dwarf = dwarf_begin_elf(split->elf, DWARF_C_READ, NULL);
	return split->dwarf &&
	       !dwarf_get_units(split->dwarf, NULL, &(Dwarf_CU *){ NULL }, &split->version, &type,
				&split->die, NULL) &&
	       type == DW_UT_split_compile &&
	       !dwarf_cu_info(split->die.cu, NULL, NULL, NULL, NULL, &its_id, NULL, NULL) &&
	       its_id == id;
}

static bool fill(struct elf_split *split, struct elf_image *source, Dwarf_Die *skeleton,
		 uint64_t id)
{
	uint64_t addr_base = number_of(skeleton, DW_AT_addr_base, DW_AT_GNU_addr_base);
	uint64_t ranges_base = number_of(skeleton, DW_AT_GNU_ranges_base, DW_AT_GNU_ranges_base);
	struct elf_bytes part[NPARTS + 2], index;
	const char *name[NPARTS + 2];
	bool lists;
	int n = 0;

	elf_image_let_unpack(split->image);
	for (int i = 0; i < NPARTS; i++)
		part[i] = section(split->image, parts[i].split);
	index = section(split->image, ".debug_cu_index");
	if ((index.n && !cut_package(index, id, part)) || !part[INFO].n)
		return false;
	split->info = part[INFO];
	split->has_files = part[LINE].n > 4 && u32_at(part[LINE], 0) <= MAX_FILE_TABLE_BYTES;
	if (!split->has_files)
		part[LINE].n = 0;
	split->addresses = slice(section(source, ".debug_addr"), addr_base, UINT64_MAX);
	split->ranges = part[RNGLISTS].n ? part[RNGLISTS] :
			slice(section(source, ".debug_ranges"), ranges_base, UINT64_MAX);
	dwarf_lowpc(skeleton, &split->base);
	lists = part[RNGLISTS].n;
	for (int i = 0; i < NPARTS; i++)
		if (part[i].n) {
			name[n] = parts[i].whole;
			part[n++] = part[i];
		}
	if (split->addresses.n) {
		name[n] = ".debug_addr";
		part[n++] = split->addresses;
	}
	/* libdw gives no offset into a section that it does not have. */
	if (!lists && split->ranges.n) {
		name[n] = ".debug_ranges";
		part[n++] = split->ranges;
	}
	return make_elf(split, name, part, n) && open_unit(split, id);
}

/**
 * elf_split_open() - open the other part of a skeleton unit
 * @image: a .dwo file or a package; owned by the result from now on, also on failure
 * @source: what the skeleton was read from; must outlive the result
 *
 * Return: the unit, or NULL: damaged, or of another build.
 */
struct elf_split *elf_split_open(struct elf_image *image, struct elf_image *source,
				 Dwarf_Die *skeleton, uint64_t id)
{
	struct elf_split *split = calloc(1, sizeof(*split));

	if (!split) {
		elf_image_close(image);
		return NULL;
	}
	split->image = image;
	if (image->class == ELFCLASS64 && fill(split, source, skeleton, id))
		return split;
	elf_split_close(split);
	return NULL;
}

/** elf_split_close() - release it; NULL is fine */
void elf_split_close(struct elf_split *split)
{
	if (!split)
		return;
	dwarf_end(split->dwarf);
	if (split->elf)
		elf_end(split->elf);
	free(split->header);
	elf_image_close(split->image);
	free(split);
}

/* --- ranges: libdw lacks the skeleton's base address --- */

static uint64_t uleb(struct elf_bytes *b)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; b->n; shift += 7) {
		unsigned char byte = *b->at++;

		b->n--;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static uint64_t address(struct elf_bytes *b)
{
	uint64_t value = u64_at(*b, 0);

	*b = slice(*b, b->n < 8 ? b->n : 8, UINT64_MAX);
	return value;
}

static uint64_t indexed(const struct elf_split *split, struct elf_bytes *b)
{
	uint64_t index = uleb(b);

	return index < split->addresses.n / 8 ? u64_at(split->addresses, 8 * index) : 0;
}

/* One entry. Return: whether it is a range. */
static bool read_entry(const struct elf_split *split, struct elf_bytes *b, uint8_t kind,
		       uint64_t *base, uint64_t *start, uint64_t *end)
{
	switch (kind) {
	case DW_RLE_base_addressx:
		*base = indexed(split, b);
		return false;
	case DW_RLE_base_address:
		*base = address(b);
		return false;
	case DW_RLE_startx_endx:
		*start = indexed(split, b);
		*end = indexed(split, b);
		return true;
	case DW_RLE_startx_length:
		*start = indexed(split, b);
		*end = *start + uleb(b);
		return true;
	case DW_RLE_offset_pair:
		*start = *base + uleb(b);
		*end = *base + uleb(b);
		return true;
	case DW_RLE_start_end:
		*start = address(b);
		*end = address(b);
		return true;
	case DW_RLE_start_length:
		*start = address(b);
		*end = *start + uleb(b);
		return true;
	default:
		b->n = 0;
		return false;
	}
}

/* Where the list of a DIE begins; empty: it cannot be found. */
static struct elf_bytes list_of(const struct elf_split *split, Dwarf_Attribute *attr)
{
	struct elf_bytes at = { 0 };
	Dwarf_Word offset;

	if (attr->form == DW_FORM_rnglistx) {
		enum { HEADER_BYTES = 12 };	/* of 32-bit DWARF */
		uint64_t into = (const unsigned char *)attr->valp - split->info.at, index;

		at = slice(split->info, into, UINT64_MAX);
		index = uleb(&at);
		if (index >= u32_at(split->ranges, 8))
			return (struct elf_bytes){ 0 };
		offset = HEADER_BYTES + u32_at(split->ranges, HEADER_BYTES + 4 * index);
	} else if (dwarf_formudata(attr, &offset)) {
		return at;
	}
	return slice(split->ranges, offset, UINT64_MAX);
}

/**
 * elf_split_ranges() - the code of a DIE of a split unit
 * @left: ranges that may still be read
 *
 * Return: 0, or -1: it has no list of ranges.
 */
int elf_split_ranges(const struct elf_split *split, Dwarf_Die *die, uint32_t *left,
		     void (*take)(void *arg, uint64_t start, uint64_t end), void *arg)
{
	uint64_t base = split->base, start, end;
	Dwarf_Attribute attr;
	struct elf_bytes b;

	if (!dwarf_attr(die, DW_AT_ranges, &attr))
		return -1;
	for (b = list_of(split, &attr); b.n && *left; --*left) {
		if (split->version >= 5) {
			uint8_t kind = *b.at;

			b = slice(b, 1, UINT64_MAX);
			if (kind && read_entry(split, &b, kind, &base, &start, &end))
				take(arg, start, end);
			if (!kind)
				break;
			continue;
		}
		start = address(&b);
		end = address(&b);
		if (!start && !end)
			break;
		if (start == UINT64_MAX)
			base = end;
		else
			take(arg, base + start, base + end);
	}
	return 0;
}
