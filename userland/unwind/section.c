// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the call frame information. Section headers are the best source;
 * without them (sstrip, packers, images in memory) PT_GNU_EH_FRAME leads to it.
 * .debug_frame may be compressed, in either format.
 */
#include <dwarf.h>

#include "elf/image.h"
#include "unwind/cfi.h"
#include "unwind/cursor.h"
#include "unwind/eh_frame.h"
#include "unwind/section.h"

enum {
	MAX_UNPACKED_BYTES = 256 << 20,
	MAX_DEFLATE_RATIO = 1040,	/* zlib's maximum: a greater ratio is not genuine */
};

/* From vaddr to the end of its segment in the file. */
bool unwind_section_segment(struct elf_image *image, uint64_t vaddr, struct cursor *c)
{
	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t into = vaddr - s->vaddr, left;

		if (vaddr < s->vaddr || into >= s->file_bytes ||
		    s->offset_bytes > image->size_bytes ||
		    into >= image->size_bytes - s->offset_bytes)
			continue;
		left = image->size_bytes - s->offset_bytes - into;
		if (left > s->file_bytes - into)
			left = s->file_bytes - into;
		*c = (struct cursor){ .at = image->bytes + s->offset_bytes + into };
		c->end = c->at + left;
		return true;
	}
	return false;
}

static bool find_by_header(struct elf_image *image, struct unwind_bytes *out)
{
	uint8_t version, encoding;
	struct cursor c;
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(image->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(image->elf, i, &phdr) || phdr.p_type != PT_GNU_EH_FRAME)
			continue;
		if (!unwind_section_segment(image, phdr.p_vaddr, &c))
			return false;
		version = cursor_u8(&c);
		encoding = cursor_u8(&c);
		cursor_skip(&c, 2);
		if (version != 1 ||
		    !unwind_cfi_address(&c, encoding, phdr.p_vaddr + 4 - (uintptr_t)c.at,
					&out->vaddr) ||
		    !unwind_section_segment(image, out->vaddr, &c))
			return false;
		out->data = c.at;
		out->bytes = cursor_left(&c);
		out->ends_at_zero = true;
		return true;
	}
	return false;
}

static bool unpacked_size_is_sane(uint64_t bytes, uint64_t packed)
{
	return bytes <= MAX_UNPACKED_BYTES && bytes / MAX_DEFLATE_RATIO <= packed;
}

/* libelf allocates whatever size the header claims: check it first. */
static bool unpack(struct elf_image *image, Elf_Scn *scn, GElf_Shdr *shdr,
		   const uint8_t *packed, struct unwind_bytes *out)
{
	Elf64_Chdr chdr;
	uint64_t bytes;
	Elf_Data *data;

	if (shdr->sh_flags & SHF_COMPRESSED) {
		if (shdr->sh_size < sizeof(chdr))
			return false;
		memcpy(&chdr, packed, sizeof(chdr));
		bytes = chdr.ch_size;
	} else {
		if (shdr->sh_size < 12 || memcmp(packed, "ZLIB", 4))
			return false;
		memcpy(&bytes, packed + 4, sizeof(bytes));
		bytes = be64toh(bytes);
	}
	if (!unpacked_size_is_sane(bytes, shdr->sh_size))
		return false;
	elf_image_let_unpack(image);
	if (elf_section_is_zstd(image, scn, shdr)) {
		if (!elf_section_unzstd(image, scn, shdr, MAX_UNPACKED_BYTES))
			return false;
	} else if ((shdr->sh_flags & SHF_COMPRESSED ? elf_compress(scn, 0, 0) :
					       elf_compress_gnu(scn, 0, 0)) < 0)
		return false;
	data = elf_getdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size > MAX_UNPACKED_BYTES)
		return false;
	out->data = data->d_buf;
	out->bytes = data->d_size;
	return true;
}

static bool find_debug_frame(struct elf_image *image, struct unwind_bytes *out)
{
	const void *content;
	GElf_Shdr shdr;
	Elf_Scn *scn;

	scn = elf_image_section(image, ".debug_frame", &shdr);
	if (!scn)
		scn = elf_image_section(image, ".zdebug_frame", &shdr);
	content = scn ? elf_image_content(image, &shdr) : NULL;
	if (!content)
		return false;
	if (shdr.sh_flags & SHF_COMPRESSED || (shdr.sh_size >= 4 && !memcmp(content, "ZLIB", 4)))
		return unpack(image, scn, &shdr, content, out);
	out->data = content;
	out->bytes = shdr.sh_size;
	return true;
}

/**
 * unwind_section_find() - the bytes of a section
 * @out: filled; they live as long as the image
 *
 * Return: whether there are any.
 */
bool unwind_section_find(struct elf_image *image, enum unwind_section section,
			 struct unwind_bytes *out)
{
	GElf_Shdr shdr;

	memset(out, 0, sizeof(*out));
	if (section == SECTION_DEBUG_FRAME)
		return find_debug_frame(image, out);
	out->eh = true;
	if (elf_image_section(image, ".eh_frame", &shdr) && !(shdr.sh_flags & SHF_COMPRESSED)) {
		out->data = elf_image_content(image, &shdr);
		out->bytes = shdr.sh_size;
		out->vaddr = shdr.sh_addr;
		if (out->data)
			return true;
	}
	return find_by_header(image, out);
}
