/* SPDX-License-Identifier: GPL-2.0 */
/* ELF images made of parts, so that a test can say each byte of its CFI. */
#ifndef UNWIND_IMAGE_H
#define UNWIND_IMAGE_H

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	IMAGE_CODE = 0x1000,		/* also its address */
	IMAGE_CODE_BYTES = 0x2000,
	IMAGE_DATA = IMAGE_CODE + IMAGE_CODE_BYTES,
	IMAGE_PARTS = 5,
};

struct image_part {
	const char *name;
	const void *data;
	size_t bytes;
	uint64_t at;			/* in the code; 0: behind it, at IMAGE_DATA for .eh_frame */
	uint64_t flags;
};

static inline void *image_make(const struct image_part *part, int n, uint64_t entry, size_t *bytes)
{
	static const char strings[] =
		"\0.eh_frame\0.debug_frame\0.plt\0.plt.sec\0.init\0.shstrtab";
	size_t at = IMAGE_DATA, room = IMAGE_DATA + 4096;
	uint8_t *image;
	Elf64_Shdr *shdr;
	Elf64_Phdr *phdr;
	Elf64_Ehdr *ehdr;

	for (int i = 0; i < n; i++)
		room += part[i].bytes + 16;
	image = calloc(1, room);
	ehdr = (Elf64_Ehdr *)image;
	memcpy(ehdr->e_ident, "\177ELF\2\1\1", 7);
	ehdr->e_type = ET_DYN;
	ehdr->e_machine = EM_X86_64;
	ehdr->e_version = 1;
	ehdr->e_entry = entry;
	ehdr->e_ehsize = sizeof(*ehdr);
	ehdr->e_phoff = sizeof(*ehdr);
	ehdr->e_phentsize = sizeof(*phdr);
	ehdr->e_phnum = 1;
	phdr = (Elf64_Phdr *)(ehdr + 1);
	*phdr = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = IMAGE_CODE,
			      .p_vaddr = IMAGE_CODE, .p_filesz = IMAGE_CODE_BYTES,
			      .p_memsz = IMAGE_CODE_BYTES, .p_align = 4096 };
	shdr = (Elf64_Shdr *)(image + 256);
	for (int i = 0; i < n; i++) {
		size_t to = part[i].at ? part[i].at : at;
		const char *name = strings + 1;

		while (strcmp(name, part[i].name))
			name += strlen(name) + 1;
		memcpy(image + to, part[i].data, part[i].bytes);
		shdr[i + 1] = (Elf64_Shdr){ .sh_name = name - strings, .sh_type = SHT_PROGBITS,
					    .sh_flags = part[i].flags, .sh_addr = to,
					    .sh_offset = to, .sh_size = part[i].bytes };
		if (!part[i].at)
			at = (at + part[i].bytes + 15) & ~(size_t)15;
	}
	memcpy(image + at, strings, sizeof(strings));
	shdr[n + 1] = (Elf64_Shdr){ .sh_name = sizeof(strings) - 10, .sh_type = SHT_STRTAB,
				    .sh_offset = at, .sh_size = sizeof(strings) };
	ehdr->e_shoff = 256;
	ehdr->e_shentsize = sizeof(*shdr);
	ehdr->e_shnum = n + 2;
	ehdr->e_shstrndx = n + 1;
	*bytes = at + sizeof(strings);
	return image;
}

/* A CIE with the usual start (cfa = rsp + 8, ra at cfa - 8), then one FDE. */
static inline size_t image_frame(uint8_t *out, int eh, const char *augmentation, uint32_t start,
				 uint32_t length, const void *code, size_t code_bytes)
{
	static const uint8_t initial[] = { 0x0c, 7, 8, 0x90, 1, 0, 0 };
	size_t n = 8, id;
	uint32_t word;

	out[n++] = 1;
	strcpy((char *)out + n, augmentation);
	n += strlen(augmentation) + 1;
	out[n++] = 1;
	out[n++] = 0x78;
	out[n++] = 16;
	if (*augmentation) {
		out[n++] = 1;
		out[n++] = 0x03;	/* udata4 */
	}
	memcpy(out + n, initial, sizeof(initial));
	n += sizeof(initial);
	word = n - 4;
	memcpy(out, &word, 4);
	word = eh ? 0 : UINT32_MAX;
	memcpy(out + 4, &word, 4);
	id = n + 4;
	n += 8;
	word = eh ? id : 0;
	memcpy(out + id, &word, 4);
	memset(out + n, 0, 16);
	memcpy(out + n, &start, 4);
	n += *augmentation ? 4 : 8;
	memcpy(out + n, &length, 4);
	n += *augmentation ? 4 : 8;
	if (*augmentation)
		out[n++] = 0;
	memcpy(out + n, code, code_bytes);
	n += code_bytes;
	word = n - id;
	memcpy(out + id - 4, &word, 4);
	return n;
}

/* As SHF_COMPRESSED sections are. */
static inline size_t image_pack(uint8_t *out, size_t room, const uint8_t *data, size_t bytes)
{
	Elf64_Chdr chdr = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = bytes, .ch_addralign = 8 };
	uLongf packed = room - sizeof(chdr);

	memcpy(out, &chdr, sizeof(chdr));
	compress(out + sizeof(chdr), &packed, data, bytes);
	return sizeof(chdr) + packed;
}

#endif
