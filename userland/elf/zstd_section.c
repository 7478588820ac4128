// SPDX-License-Identifier: GPL-2.0
/*
 * Sections that are compressed by zstd. libelf knows that since 0.189 only, and takes
 * whatever size the header claims, so we decompress them, and give libelf the result
 * as the section's data.
 *
 * Files are hostile: a size is believed only as far as the ratio is one that debug
 * information can have, and only if the section yields exactly that many bytes.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "elf/image.h"

enum {
	COMPRESSED_BY_ZSTD = 2,		/* ELFCOMPRESS_ZSTD, which older headers lack */
	MAX_ZSTD_RATIO = 4096,		/* sections of zeroes; debug information has 3 to 20 */
};

/* What is decompressed lives as long as the image. */
static bool keep(struct elf_image *image, void *bytes)
{
	void **more = realloc(image->unpacked, (image->nunpacked + 1) * sizeof(*more));

	if (!more)
		return false;
	image->unpacked = more;
	image->unpacked[image->nunpacked++] = bytes;
	return true;
}

/* The section's compressed bytes; NULL: it is not compressed by zstd. */
static const char *packed_bytes(struct elf_image *image, Elf_Scn *scn, const GElf_Shdr *shdr,
				size_t *packed, uint64_t *bytes)
{
	const char *content = elf_image_content(image, shdr);
	size_t header = gelf_fsize(image->elf, ELF_T_CHDR, 1, EV_CURRENT);
	GElf_Chdr chdr;

	if (!(shdr->sh_flags & SHF_COMPRESSED) || !content || !gelf_getchdr(scn, &chdr) ||
	    chdr.ch_type != COMPRESSED_BY_ZSTD || shdr->sh_size <= header)
		return NULL;
	*packed = shdr->sh_size - header;
	*bytes = chdr.ch_size;
	return content + header;
}

/**
 * elf_section_is_zstd() - whether a section is compressed by zstd
 */
bool elf_section_is_zstd(struct elf_image *image, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	uint64_t bytes;
	size_t packed;

	return packed_bytes(image, scn, shdr, &packed, &bytes);
}

/**
 * elf_section_unzstd() - decompress a section that is compressed by zstd
 * @max_bytes: refuse a section that claims to be larger
 *
 * From then on elf_getdata() gives what was inside, and the section is no longer marked
 * as compressed. elf_image_let_unpack() must have been called.
 *
 * Return: the section's data, or NULL: damaged, or too big.
 */
Elf_Data *elf_section_unzstd(struct elf_image *image, Elf_Scn *scn, GElf_Shdr *shdr,
			     uint64_t max_bytes)
{
	const char *content;
	uint64_t bytes;
	size_t packed;
	Elf_Data *data;
	void *out;

	content = packed_bytes(image, scn, shdr, &packed, &bytes);
	if (!content || !bytes || bytes > max_bytes || bytes / MAX_ZSTD_RATIO > packed)
		return NULL;
	data = elf_getdata(scn, NULL);
	out = data ? malloc(bytes) : NULL;
	if (!out || ZSTD_decompress(out, bytes, content, packed) != bytes || !keep(image, out)) {
		free(out);
		return NULL;
	}
	data->d_buf = out;
	data->d_size = bytes;
	data->d_type = ELF_T_BYTE;
	shdr->sh_flags &= ~(GElf_Xword)SHF_COMPRESSED;
	return gelf_update_shdr(scn, shdr) ? data : NULL;
}
