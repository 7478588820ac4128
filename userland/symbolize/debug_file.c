// SPDX-License-Identifier: GPL-2.0
/*
 * Finds DWARF: in the module itself; by build id on the host, then below the
 * target's root; by .gnu_debuglink next to the file, where the CRC must match;
 * from a server, if elf_debug_fetch is set. libdw is used without libdwfl,
 * which would contact debuginfod servers by itself.
 *
 * libdw decompresses sections when it opens a file, so their claimed sizes are
 * added up first; those by zstd we decompress for it. Unless it is told of one, it also searches for dwz's
 * supplementary file, following whatever path the file names; so a file whose
 * supplementary file we do not find is not used at all.
 */
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/debug_file.h"
#include "util/target_file.h"

static const uint64_t MAX_UNPACKED_BYTES = 1ull << 30;
const char *elf_debug_dir = "/usr/lib/debug";
int (*elf_debug_fetch)(const unsigned char *id, size_t id_bytes);

static bool has_dwarf(struct elf_image *image)
{
	GElf_Shdr shdr;

	return elf_image_section(image, ".debug_info", &shdr) ||
	       elf_image_section(image, ".zdebug_info", &shdr);
}

/* What libdw would allocate to decompress a section; 0 if it is not compressed. */
static uint64_t unpacked_bytes(struct elf_image *image, Elf_Scn *scn, const GElf_Shdr *shdr,
			       const char *name)
{
	const unsigned char *content = elf_image_content(image, shdr);
	uint64_t bytes = 0;
	GElf_Chdr chdr;

	if (!content)
		return 0;
	if (shdr->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(scn, &chdr) ? chdr.ch_size : 0;
	if (strncmp(name, ".zdebug", 7) || shdr->sh_size < 12 || memcmp(content, "ZLIB", 4))
		return 0;
	for (int i = 4; i < 12; i++)
		bytes = bytes << 8 | content[i];
	return bytes;
}

static bool unpacks_within_bounds(struct elf_image *image)
{
	uint64_t sum = 0;
	Elf_Scn *scn = NULL;
	size_t strings;
	GElf_Shdr shdr;

	if (elf_getshdrstrndx(image->elf, &strings))
		return false;
	while ((scn = elf_nextscn(image->elf, scn))) {
		const char *name;
		uint64_t bytes;

		if (!gelf_getshdr(scn, &shdr))
			return false;
		name = elf_strptr(image->elf, strings, shdr.sh_name);
		bytes = unpacked_bytes(image, scn, &shdr, name ? name : "");
		if (bytes > MAX_UNPACKED_BYTES - sum)
			return false;
		sum += bytes;
	}
	return true;
}

static bool same_build_id(const struct elf_image *image, const void *id, size_t id_bytes)
{
	return image->build_id_bytes == id_bytes && !memcmp(image->build_id, id, id_bytes);
}

/* Consumes fd. */
static struct elf_image *image_of(int fd)
{
	struct elf_image *image = fd < 0 ? NULL : elf_image_map(fd);

	if (fd >= 0)
		close(fd);
	return image;
}

/* The host's file first: it is more trustworthy than the target's. */
static struct elf_image *open_by_build_id(const unsigned char *id, size_t id_bytes, int root_fd)
{
	char path[PATH_MAX];
	struct stat st;
	int at;

	if (id_bytes < 2 || id_bytes > MAX_BUILD_ID_BYTES)
		return NULL;
	at = snprintf(path, sizeof(path), "%s/.build-id/%02x/", elf_debug_dir, id[0]);
	if (at < 0 || at > PATH_MAX - 2 * MAX_BUILD_ID_BYTES - 8)
		return NULL;
	for (size_t i = 1; i < id_bytes; i++)
		at += sprintf(path + at, "%02x", id[i]);
	strcpy(path + at, ".debug");
	for (int inside = 0; inside < 2; inside++) {
		struct elf_image *image = image_of(inside ? open_inside(root_fd, path, &st)
							  : open_regular(path, &st));

		if (image && same_build_id(image, id, id_bytes))
			return image;
		elf_image_close(image);
	}
	return NULL;
}

static struct elf_image *fetch_by_build_id(const unsigned char *id, size_t id_bytes)
{
	struct elf_image *image = elf_debug_fetch && id_bytes >= 2 ?
		image_of(elf_debug_fetch(id, id_bytes)) : NULL;

	if (image && same_build_id(image, id, id_bytes))
		return image;
	elf_image_close(image);
	return NULL;
}

/*
 * The section holds a file name, NUL, padding, then data. Returns the offset of
 * the data, or 0 if the section is malformed.
 */
static size_t link_name(struct elf_image *image, const char *section, size_t align,
			const char **name, size_t *section_bytes)
{
	GElf_Shdr shdr;
	size_t bytes;

	if (!elf_image_section(image, section, &shdr))
		return 0;
	*name = elf_image_content(image, &shdr);
	if (!*name || !shdr.sh_size)
		return 0;
	bytes = strnlen(*name, shdr.sh_size < PATH_MAX ? shdr.sh_size : PATH_MAX);
	*section_bytes = shdr.sh_size;
	bytes = (bytes + 1 + align - 1) / align * align;
	return bytes < shdr.sh_size && **name ? bytes : 0;
}

static bool crc_fits(const struct elf_image *image, uint32_t crc)
{
	return lzma_crc32(image->bytes, image->size_bytes, 0) == crc;
}

static struct elf_image *open_by_debuglink(struct elf_image *image, const char *module, int root_fd)
{
	char folder[PATH_MAX], path[3 * PATH_MAX];
	const char *name;
	size_t at, bytes;
	struct stat st;
	uint32_t crc;

	at = link_name(image, ".gnu_debuglink", 4, &name, &bytes);
	if (!at || bytes - at < 4 || strchr(name, '/') || !module || module[0] != '/' ||
	    strlen(module) >= sizeof(folder))
		return NULL;
	memcpy(&crc, name + at, sizeof(crc));
	strcpy(folder, module);
	*strrchr(folder, '/') = '\0';
	for (int i = 0; i < 6; i++) {
		const char *above = i / 2 == 2 ? elf_debug_dir : "";
		const char *below = i / 2 == 1 ? "/.debug" : "";
		struct elf_image *file;

		snprintf(path, sizeof(path), "%s%s%s/%s", above, folder, below, name);
		file = image_of(i % 2 ? open_regular(path, &st) : open_inside(root_fd, path, &st));
		if (file && has_dwarf(file) && crc_fits(file, crc))
			return file;
		elf_image_close(file);
	}
	return NULL;
}

/* dwz's supplementary file: by its build id, else at the given path, where the id must match. */
static struct elf_image *open_shared(struct elf_image *source, int root_fd)
{
	const char *name, *id;
	char path[2 * PATH_MAX];
	struct elf_image *image;
	struct stat st;
	size_t at, bytes;

	at = link_name(source, ".gnu_debugaltlink", 1, &name, &bytes);
	if (!at)
		return NULL;
	id = name + at;
	image = open_by_build_id((const unsigned char *)id, bytes - at, root_fd);
	if (image)
		return image;
	if (name[0] == '/')		/* absolute on Debian, relative on Fedora */
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "%s/.dwz/%s", elf_debug_dir, basename(name));
	for (int inside = 0; inside < 2; inside++) {
		image = image_of(inside ? open_inside(root_fd, path, &st) : open_regular(path, &st));
		if (image && same_build_id(image, id, bytes - at))
			return image;
		elf_image_close(image);
	}
	return fetch_by_build_id((const unsigned char *)id, bytes - at);
}

/* Of sections by zstd only those that are read here: libdw leaves out the others. */
static bool unpack_zstd(struct elf_image *image)
{
	static const char *const read[] = {
		".debug_info", ".debug_abbrev", ".debug_str", ".debug_line", ".debug_line_str",
		".debug_ranges", ".debug_rnglists", ".debug_addr", ".debug_str_offsets", NULL
	};
	GElf_Shdr shdr;

	for (int i = 0; read[i]; i++) {
		Elf_Scn *scn = elf_image_section(image, read[i], &shdr);

		if (scn && elf_section_is_zstd(image, scn, &shdr) &&
		    !elf_section_unzstd(image, scn, &shdr, MAX_UNPACKED_BYTES))
			return false;
	}
	return true;
}

static Dwarf *begin(struct elf_image *image)
{
	if (!unpacks_within_bounds(image))
		return NULL;
	elf_image_let_unpack(image);
	if (!unpack_zstd(image))
		return NULL;
	return dwarf_begin_elf(image->elf, DWARF_C_READ, NULL);
}

static void open_dwarf(struct elf_debug *debug, struct elf_image *source, int root_fd)
{
	GElf_Shdr shdr;

	debug->source = source;
	debug->dwarf = begin(source);
	if (!debug->dwarf || !elf_image_section(source, ".gnu_debugaltlink", &shdr))
		return;
	debug->shared = open_shared(source, root_fd);
	if (debug->shared)
		debug->shared_dwarf = begin(debug->shared);
	if (debug->shared_dwarf) {
		dwarf_setalt(debug->dwarf, debug->shared_dwarf);
	} else {
		dwarf_end(debug->dwarf);
		debug->dwarf = NULL;
	}
}

/**
 * elf_debug_open() - find and open a module's debug information
 * @debug: filled; release with elf_debug_close()
 * @image: the module's own file; must outlive @debug
 * @path: its path in the target; NULL: unknown
 * @root_fd: the target's root directory, or negative
 *
 * A debug file without DWARF is still used for its symbol table.
 */
void elf_debug_open(struct elf_debug *debug, struct elf_image *image, const char *path,
		    int root_fd)
{
	memset(debug, 0, sizeof(*debug));
	if (has_dwarf(image)) {
		open_dwarf(debug, image, root_fd);
		return;
	}
	debug->file = open_by_build_id(image->build_id, image->build_id_bytes, root_fd);
	if (!debug->file)
		debug->file = open_by_debuglink(image, path, root_fd);
	if (!debug->file)
		debug->file = fetch_by_build_id(image->build_id, image->build_id_bytes);
	if (debug->file && has_dwarf(debug->file))
		open_dwarf(debug, debug->file, root_fd);
}

/** elf_debug_close() - release what elf_debug_open() opened */
void elf_debug_close(struct elf_debug *debug)
{
	dwarf_end(debug->dwarf);
	dwarf_end(debug->shared_dwarf);
	elf_image_close(debug->file);
	elf_image_close(debug->shared);
	memset(debug, 0, sizeof(*debug));
}

static struct elf_image *open_split(const char *path, int root_fd)
{
	struct elf_image *image = NULL;
	struct stat st;
	GElf_Shdr shdr;

	for (int inside = 1; !image && inside >= 0; inside--) {
		image = image_of(inside ? open_inside(root_fd, path, &st) : open_regular(path, &st));
		if (image && !elf_image_section(image, ".debug_info.dwo", &shdr)) {
			elf_image_close(image);
			image = NULL;
		}
	}
	return image;
}

/**
 * elf_split_find() - find the file that has the other part of a skeleton unit
 * @name: what the unit says about it
 * @module: the module's path in the target, or NULL
 * @root_fd: the target's root directory, or negative
 *
 * A .dwo file where it was compiled, else next to the module, else a package next to it.
 *
 * Return: the file, or NULL. It may still be one of another build.
 */
struct elf_image *elf_split_find(const struct elf_split_name *name, const char *module,
				 int root_fd)
{
	const char *end = module ? strrchr(module, '/') : NULL, *base = strrchr(name->file, '/');
	struct elf_image *image = NULL;
	char path[3 * PATH_MAX];

	if (module && (module[0] != '/' || strlen(module) >= PATH_MAX))
		module = NULL;
	if (name->file[0] == '/')
		snprintf(path, sizeof(path), "%s", name->file);
	else
		snprintf(path, sizeof(path), "%s/%s", name->folder ? name->folder : "", name->file);
	if (path[0] == '/')
		image = open_split(path, root_fd);
	if (!image && module) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)(end - module), module,
			 base ? base + 1 : name->file);
		image = open_split(path, root_fd);
	}
	if (!image && module) {
		snprintf(path, sizeof(path), "%s.dwp", module);
		image = open_split(path, root_fd);
	}
	return image;
}
