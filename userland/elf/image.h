/* SPDX-License-Identifier: GPL-2.0 */
/* One ELF file in memory, validated before libelf and libdw see it. */
#ifndef LEAKTRACE_ELF_IMAGE_H
#define LEAKTRACE_ELF_IMAGE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BUILD_ID_BYTES = 64 };

struct elf_segment {			/* a PT_LOAD */
	uint64_t vaddr, offset_bytes, file_bytes, memory_bytes;
	bool exec;
};

struct elf_image {
	Elf *elf;
	unsigned char *bytes;
	size_t size_bytes;
	bool mapped;			/* bytes are mmap'ed, else malloc'ed */
	int machine, class;
	struct elf_segment *segment;
	size_t nsegments;
	unsigned char build_id[MAX_BUILD_ID_BYTES];
	size_t build_id_bytes;		/* 0: none */
	void **unpacked;		/* decompressed sections */
	size_t nunpacked;
	struct elf_image *next;		/* of all mapped images */
};

struct elf_image *elf_image_map(int fd);
struct elf_image *elf_image_adopt(void *bytes, size_t size_bytes);
struct elf_image *elf_image_unpack(struct elf_image *image, const char *section);
void elf_image_let_unpack(struct elf_image *image);
bool elf_image_vaddr(const struct elf_image *image, uint64_t offset_bytes, uint64_t *vaddr);
bool elf_image_is_code(const struct elf_image *image, uint64_t vaddr);
const unsigned char *elf_image_code(const struct elf_image *image, uint64_t vaddr, size_t bytes);
Elf_Scn *elf_image_section(struct elf_image *image, const char *name, GElf_Shdr *shdr);
const void *elf_image_content(struct elf_image *image, const GElf_Shdr *shdr);
void elf_image_close(struct elf_image *image);

/* zstd_section.c */
bool elf_section_is_zstd(struct elf_image *image, Elf_Scn *scn, const GElf_Shdr *shdr);
Elf_Data *elf_section_unzstd(struct elf_image *image, Elf_Scn *scn, GElf_Shdr *shdr,
			     uint64_t max_bytes);

#endif
