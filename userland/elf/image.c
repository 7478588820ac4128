// SPDX-License-Identifier: GPL-2.0
/*
 * One ELF file in memory. The target chooses these files: they may be hostile,
 * and may change while we read them. Whatever libelf would allocate memory for
 * is bounded here before libelf sees it.
 *
 * Files are mapped, not read: the libraries of a process are hundreds of
 * megabytes, of which we touch little, and the mapping pins the inode without
 * using a descriptor. The price is SIGBUS when somebody truncates the file, so
 * a fault inside an image maps a page of zeroes. The handler walks the list of
 * images without a lock: the fault is caused by our own read, never in the
 * middle of a list update, provided that only one thread uses symbolizers.
 */
#include <errno.h>
#include <lzma.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/image.h"

enum {
	MAX_SECTIONS = 1 << 18,
	MAX_SEGMENTS = 1 << 10,
	MAX_NOTE_BYTES = 64 << 10,
	MAX_UNPACKED_BYTES = 256 << 20,
	LZMA_MEMORY_BYTES = 128 << 20,	/* xz -9 needs 65 MiB */
};

static const uint64_t MAX_FILE_BYTES = 64ull << 30;
static struct elf_image *mapped_images;
static struct sigaction old_sigbus;

static void on_sigbus(int signo, siginfo_t *info, void *context)
{
	uintptr_t page_bytes = sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)info->si_addr & -page_bytes;

	for (struct elf_image *image = mapped_images; image; image = image->next) {
		uintptr_t start = (uintptr_t)image->bytes;

		if (at - start < image->size_bytes &&
		    mmap((void *)at, page_bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	if (old_sigbus.sa_flags & SA_SIGINFO)
		old_sigbus.sa_sigaction(signo, info, context);
	else
		sigaction(SIGBUS, &old_sigbus, NULL);	/* the access faults again, with the default action */
}

static void guard(struct elf_image *image)
{
	static bool installed;
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	if (!installed)
		installed = !sigaction(SIGBUS, &action, &old_sigbus);
	image->next = mapped_images;
	mapped_images = image;
}

static void unguard(struct elf_image *image)
{
	struct elf_image **link = &mapped_images;

	while (*link && *link != image)
		link = &(*link)->next;
	if (*link)
		*link = image->next;
}

/* libelf allocates memory for every section that a header claims: check the count first. */
static bool counts_are_sane(const struct elf_image *image)
{
	const Elf64_Ehdr *e64 = (const void *)image->bytes;
	const Elf32_Ehdr *e32 = (const void *)image->bytes;
	uint64_t at, count = 0;

	if (image->size_bytes < sizeof(*e64) || memcmp(image->bytes, ELFMAG, SELFMAG))
		return false;
	/* The extended section count, in section 0, can be huge. */
	if (image->class == ELFCLASS64) {
		at = e64->e_shoff;
		if (!e64->e_shnum && at && at <= image->size_bytes - sizeof(Elf64_Shdr))
			memcpy(&count, image->bytes + at + offsetof(Elf64_Shdr, sh_size), 8);
	} else if (image->class == ELFCLASS32) {
		at = e32->e_shoff;
		if (!e32->e_shnum && at && at <= image->size_bytes - sizeof(Elf32_Shdr))
			memcpy(&count, image->bytes + at + offsetof(Elf32_Shdr, sh_size), 4);
	} else {
		return false;
	}
	return count <= MAX_SECTIONS;
}

static bool note_build_id(struct elf_image *image, const char *data, size_t bytes, uint64_t align)
{
	const size_t pad = align == 8 ? 7 : 3;

	while (bytes >= 12) {
		uint32_t word[3];	/* name bytes, desc bytes, type */
		size_t name, desc;

		memcpy(word, data, sizeof(word));
		data += 12;
		bytes -= 12;
		name = ((size_t)word[0] + pad) & ~pad;
		if (name > bytes || word[1] > bytes - name)
			return false;
		if (word[2] == NT_GNU_BUILD_ID && word[0] == 4 && !memcmp(data, "GNU", 4) &&
		    word[1] >= 2 && word[1] <= MAX_BUILD_ID_BYTES) {
			memcpy(image->build_id, data + name, word[1]);
			image->build_id_bytes = word[1];
			return true;
		}
		desc = ((size_t)word[1] + pad) & ~pad;
		if (desc > bytes - name)
			return false;
		data += name + desc;
		bytes -= name + desc;
	}
	return false;
}

static bool is_inside(const struct elf_image *image, uint64_t offset, uint64_t bytes)
{
	return offset <= image->size_bytes && bytes <= image->size_bytes - offset;
}

/* Debug files have note sections, but PT_NOTE may have no contents there. */
static void find_build_id_section(struct elf_image *image)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_NOTE &&
		    shdr.sh_size <= MAX_NOTE_BYTES &&
		    is_inside(image, shdr.sh_offset, shdr.sh_size) &&
		    note_build_id(image, (char *)image->bytes + shdr.sh_offset,
				  shdr.sh_size, shdr.sh_addralign))
			return;
}

static bool read_segments(struct elf_image *image)
{
	size_t n;

	if (elf_getphdrnum(image->elf, &n) || n > MAX_SEGMENTS)
		return false;
	image->segment = calloc(n + 1, sizeof(*image->segment));
	if (!image->segment)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct elf_segment *segment = &image->segment[image->nsegments];
		GElf_Phdr phdr;

		if (!gelf_getphdr(image->elf, i, &phdr))
			break;
		if (phdr.p_type == PT_NOTE && !image->build_id_bytes &&
		    phdr.p_filesz <= MAX_NOTE_BYTES &&
		    is_inside(image, phdr.p_offset, phdr.p_filesz))
			note_build_id(image, (char *)image->bytes + phdr.p_offset,
				      phdr.p_filesz, phdr.p_align);
		if (phdr.p_type != PT_LOAD || phdr.p_vaddr + phdr.p_memsz < phdr.p_vaddr)
			continue;
		segment->vaddr = phdr.p_vaddr;
		segment->offset_bytes = phdr.p_offset;
		segment->file_bytes = phdr.p_filesz;
		segment->memory_bytes = phdr.p_memsz;
		segment->exec = phdr.p_flags & PF_X;
		image->nsegments++;
	}
	return true;
}

/* No linker compresses string tables, but libelf would decompress them without a limit. */
static bool strings_are_plain(struct elf_image *image)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn)))
		if (!gelf_getshdr(scn, &shdr) ||
		    (shdr.sh_type == SHT_STRTAB && shdr.sh_flags & SHF_COMPRESSED))
			return false;
	return true;
}

static struct elf_image *open_bytes(struct elf_image *image)
{
	GElf_Ehdr ehdr;

	elf_version(EV_CURRENT);
	image->class = image->size_bytes > EI_CLASS ? image->bytes[EI_CLASS] : 0;
	if (counts_are_sane(image))
		image->elf = elf_memory((char *)image->bytes, image->size_bytes);
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF ||
	    !gelf_getehdr(image->elf, &ehdr) ||
	    (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN && ehdr.e_type != ET_REL) ||
	    ehdr.e_ident[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB) ||
	    !strings_are_plain(image) || !read_segments(image)) {
		elf_image_close(image);
		errno = ENOEXEC;
		return NULL;
	}
	image->machine = ehdr.e_machine;
	if (!image->build_id_bytes)
		find_build_id_section(image);
	return image;
}

/**
 * elf_image_map() - open the ELF file behind a descriptor
 * @fd: a regular file; stays the caller's, and may be closed at once
 *
 * Return: the image, or NULL with errno (ENOEXEC: not an ELF file for us).
 */
struct elf_image *elf_image_map(int fd)
{
	struct elf_image *image;
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size <= 0 || (uint64_t)st.st_size > MAX_FILE_BYTES) {
		errno = ENOEXEC;
		return NULL;
	}
	bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	image = calloc(1, sizeof(*image));
	if (!image) {
		munmap(bytes, st.st_size);
		return NULL;
	}
	image->bytes = bytes;
	image->size_bytes = st.st_size;
	image->mapped = true;
	guard(image);
	return open_bytes(image);
}

/**
 * elf_image_adopt() - open an ELF image that is already in memory
 * @bytes: malloc'ed; owned by the image from now on, also on failure
 *
 * Return: the image, or NULL with errno.
 */
struct elf_image *elf_image_adopt(void *bytes, size_t size_bytes)
{
	struct elf_image *image = calloc(1, sizeof(*image));

	if (!image) {
		free(bytes);
		return NULL;
	}
	image->bytes = bytes;
	image->size_bytes = size_bytes;
	return open_bytes(image);
}

/**
 * elf_image_unpack() - open the xz-compressed ELF image inside a section
 * @section: such as .gnu_debugdata
 *
 * Return: the image inside, or NULL: none, damaged or too big.
 */
struct elf_image *elf_image_unpack(struct elf_image *image, const char *section)
{
	size_t out_bytes = 1 << 20, in_at, out_at;
	const uint8_t *packed;
	uint8_t *out = NULL;
	GElf_Shdr shdr;
	lzma_ret ret;

	if (!elf_image_section(image, section, &shdr))
		return NULL;
	packed = elf_image_content(image, &shdr);
	if (!packed)
		return NULL;
	do {
		uint64_t limit = LZMA_MEMORY_BYTES;

		free(out);
		out_bytes *= 4;
		out = out_bytes <= MAX_UNPACKED_BYTES ? malloc(out_bytes) : NULL;
		if (!out)
			return NULL;
		in_at = out_at = 0;
		ret = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in_at, shdr.sh_size,
						out, &out_at, out_bytes);
	} while (ret == LZMA_BUF_ERROR && out_at == out_bytes);
	if (ret != LZMA_OK) {
		free(out);
		return NULL;
	}
	return elf_image_adopt(out, out_at);
}

/**
 * elf_image_let_unpack() - let libelf decompress sections
 *
 * libelf then changes section headers in place. Only their pages become writable
 * (and private): a whole writable mapping of a debug file would count against
 * the memory of hosts that do not overcommit.
 */
void elf_image_let_unpack(struct elf_image *image)
{
	uintptr_t page_bytes = sysconf(_SC_PAGESIZE), start;
	size_t count, bytes;
	GElf_Ehdr ehdr;

	if (!image->mapped || !gelf_getehdr(image->elf, &ehdr) ||
	    elf_getshdrnum(image->elf, &count) || ehdr.e_shoff >= image->size_bytes)
		return;
	bytes = count * ehdr.e_shentsize;
	if (bytes > image->size_bytes - ehdr.e_shoff)
		bytes = image->size_bytes - ehdr.e_shoff;
	start = ((uintptr_t)image->bytes + ehdr.e_shoff) & -page_bytes;
	mprotect((void *)start, (uintptr_t)image->bytes + ehdr.e_shoff + bytes - start,
		 PROT_READ | PROT_WRITE);
}

/**
 * elf_image_vaddr() - where the loader puts a byte of the file
 *
 * Code wins when segments share a page of the file.
 *
 * Return: whether any segment loads it.
 */
bool elf_image_vaddr(const struct elf_image *image, uint64_t offset_bytes, uint64_t *vaddr)
{
	bool found = false;

	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *segment = &image->segment[i];
		uint64_t into = offset_bytes - segment->offset_bytes;

		if (into >= segment->file_bytes || (found && !segment->exec))
			continue;
		*vaddr = segment->vaddr + into;
		found = true;
	}
	return found;
}

/** elf_image_is_code() - whether an executable segment covers vaddr */
bool elf_image_is_code(const struct elf_image *image, uint64_t vaddr)
{
	for (size_t i = 0; i < image->nsegments; i++)
		if (image->segment[i].exec &&
		    vaddr - image->segment[i].vaddr < image->segment[i].memory_bytes)
			return true;
	return false;
}

/**
 * elf_image_code() - the bytes of code at an address
 *
 * Return: @bytes of them, or NULL if the file does not have so many there.
 */
const unsigned char *elf_image_code(const struct elf_image *image, uint64_t vaddr, size_t bytes)
{
	for (size_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t at = vaddr - s->vaddr;

		if (!s->exec || vaddr < s->vaddr || at >= s->file_bytes || bytes > s->file_bytes - at)
			continue;
		/* a segment may claim to extend beyond the file */
		if (s->offset_bytes <= image->size_bytes && at <= image->size_bytes - s->offset_bytes &&
		    bytes <= image->size_bytes - s->offset_bytes - at)
			return image->bytes + s->offset_bytes + at;
	}
	return NULL;
}

/**
 * elf_image_section() - the first section of a name that has contents
 * @shdr: filled
 *
 * Return: the section, or NULL.
 */
Elf_Scn *elf_image_section(struct elf_image *image, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(image->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(image->elf, scn))) {
		const char *this;

		if (!gelf_getshdr(scn, shdr) || shdr->sh_type == SHT_NOBITS)
			continue;
		this = elf_strptr(image->elf, strings, shdr->sh_name);
		if (this && !strcmp(this, name))
			return scn;
	}
	return NULL;
}

/**
 * elf_image_content() - the bytes of a section as stored in the file
 *
 * Return: shdr->sh_size bytes, or NULL if the file is shorter.
 */
const void *elf_image_content(struct elf_image *image, const GElf_Shdr *shdr)
{
	if (shdr->sh_type == SHT_NOBITS || !is_inside(image, shdr->sh_offset, shdr->sh_size))
		return NULL;
	return image->bytes + shdr->sh_offset;
}

/** elf_image_close() - release an image; NULL is fine */
void elf_image_close(struct elf_image *image)
{
	if (!image)
		return;
	if (image->elf)
		elf_end(image->elf);
	while (image->nunpacked)
		free(image->unpacked[--image->nunpacked]);
	free(image->unpacked);
	free(image->segment);
	if (image->mapped) {
		unguard(image);
		munmap(image->bytes, image->size_bytes);
	} else {
		free(image->bytes);
	}
	free(image);
}
