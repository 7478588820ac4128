// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the data of a Go program as it will be in memory. In a
 * position-independent executable a pointer is a relocation, and the file may
 * hold only its addend.
 */
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "elf/image.h"

/**
 * go_elf_at() - the bytes of the file that are loaded at an address
 *
 * Return: @bytes of them, or NULL if the file has fewer.
 */
const void *go_elf_at(const struct elf_image *image, uint64_t vaddr, uint64_t bytes)
{
	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t into = vaddr - s->vaddr;

		if (into < s->file_bytes && bytes <= s->file_bytes - into &&
		    s->offset_bytes <= image->size_bytes &&
		    into + bytes <= image->size_bytes - s->offset_bytes)
			return image->bytes + s->offset_bytes + into;
	}
	return NULL;
}

/* Calls fn for each relative relocation until it returns true. */
static bool each_relocation(struct elf_image *image,
			    bool (*fn)(uint64_t at, uint64_t value, void *arg), void *arg)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn))) {
		const unsigned char *bytes;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA ||
		    !(shdr.sh_flags & SHF_ALLOC))
			continue;
		bytes = elf_image_content(image, &shdr);
		for (uint64_t i = 0; bytes && i < shdr.sh_size / sizeof(Elf64_Rela); i++) {
			Elf64_Rela rela;

			memcpy(&rela, bytes + i * sizeof(rela), sizeof(rela));
			if ((ELF64_R_TYPE(rela.r_info) == R_X86_64_RELATIVE ||
			     ELF64_R_TYPE(rela.r_info) == R_AARCH64_RELATIVE) &&
			    fn(rela.r_offset, rela.r_addend, arg))
				return true;
		}
	}
	return false;
}

/* Bounds the search in hostile files; in others the first or second match is good. */
enum { MAX_PLACES = 64 };

struct wanted {
	struct elf_image *image;
	uint64_t at, value;
	int places;			/* candidates rejected */
	bool (*good)(struct elf_image *image, uint64_t vaddr, void *arg);
	void *arg;
};

static bool is_at(uint64_t at, uint64_t value, void *arg)
{
	struct wanted *w = arg;

	w->value = value;
	return at == w->at;
}

static bool is_value(uint64_t at, uint64_t value, void *arg)
{
	struct wanted *w = arg;

	if (value != w->value || w->places++ >= MAX_PLACES || !w->good(w->image, at, w->arg))
		return false;
	w->at = at;
	return true;
}

/** go_elf_word() - read a word, relocated; returns whether the file has it */
bool go_elf_word(struct elf_image *image, uint64_t vaddr, uint64_t *word)
{
	struct wanted w = { .at = vaddr };
	const void *p = go_elf_at(image, vaddr, sizeof(*word));

	if (!p)
		return false;
	if (each_relocation(image, is_at, &w))
		*word = w.value;
	else
		memcpy(word, p, sizeof(*word));
	return true;
}

/**
 * go_elf_find_word() - find a word by its value
 * @good: decides whether a match is the one wanted
 *
 * Return: the address of the first match that is good, or 0.
 */
uint64_t go_elf_find_word(struct elf_image *image, uint64_t value,
			  bool (*good)(struct elf_image *image, uint64_t vaddr, void *arg),
			  void *arg)
{
	struct wanted w = { .image = image, .value = value, .good = good, .arg = arg };

	if (each_relocation(image, is_value, &w))
		return w.at;
	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		const unsigned char *bytes = go_elf_at(image, s->vaddr, s->file_bytes);

		for (uint64_t at = -s->vaddr & 7; bytes && !s->exec && at + 8 <= s->file_bytes; at += 8)
			if (!memcmp(bytes + at, &value, 8) && is_value(s->vaddr + at, value, &w))
				return w.at;
	}
	return 0;
}
