// SPDX-License-Identifier: GPL-2.0
/*
 * A target that is traced in the background may exit while no command of ours
 * is running: the kernel keeps its counters, but its mappings are gone, and
 * code addresses could not be named, nor heap told from other memory. So every command that reads a live target
 * saves its mappings in /run/leaktrace, where a report after its exit finds
 * them. The file name contains the time of attaching: if the id is reused, or
 * the module reloaded, an old file does not match.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/baseline.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/target.h"
#include "session/saved_maps.h"
#include "symbolize/symbolizer.h"
#include "util/atomic_file.h"
#include "util/proc_maps.h"

#define KEEP_DIR "/run/leaktrace"

enum { KEEP_MAX_BYTES = 16 << 20, KEEP_MAX_MAPS = 1 << 16 };

static void name_of(const struct target *t, const char *what, char *buf, size_t len)
{
	snprintf(buf, len, "%s/%u-%" PRIu64 ".%s", KEEP_DIR, t->id, t->attached_ns, what);
}

static char *slurp(const char *path, size_t max)
{
	FILE *f = fopen(path, "re"), *out;
	char *text_buf = NULL, chunk[8192];
	size_t len = 0, got;

	if (!f)
		return NULL;
	out = open_memstream(&text_buf, &len);
	while (out && (got = fread(chunk, 1, sizeof(chunk), f)) > 0 && (size_t)ftell(out) < max)
		fwrite(chunk, 1, got, out);
	fclose(f);
	if (out)
		fclose(out);
	return text_buf;
}

static void spill(const char *path, const char *content)
{
	struct atomic_file file;

	if (!atomic_file_open_private(&file, path))
		atomic_file_close(&file, fputs(content, file.f) >= 0);
}

static bool private_directory(void)
{
	struct stat st;

	if (mkdir(KEEP_DIR, 0700) && errno != EEXIST)
		return false;
	return !lstat(KEEP_DIR, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/*
 * As in /proc/PID/maps, but with the device and inode of stat(): on overlayfs
 * and some network file systems they differ, and the file is identified by them
 * later.
 */
static void put_map(FILE *f, const struct model *m, const struct map *map)
{
	uint64_t inode = map->inode;
	dev_t dev = map->dev;
	struct stat st;
	char path[128], permissions[MAP_PERMISSIONS_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, m->maps->tid,
		 map->start, map->end);
	if (map->exec && map->path[0] == '/' && !stat(path, &st)) {
		dev = st.st_dev;
		inode = st.st_ino;
	}
	fprintf(f, "%" PRIx64 "-%" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 " %s\n",
		map->start, map->end, map_permissions(map, permissions), map->offset_bytes,
		major(dev), minor(dev), inode, map->path);
}

static char *maps_text(const struct model *m)
{
	char *maps = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&maps, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < m->maps->n; i++)
		if (m->maps->map[i].exec || m->maps->n <= KEEP_MAX_MAPS)
			put_map(f, m, &m->maps->map[i]);
	fclose(f);
	return maps;
}

static void save_baseline(const struct model *m)
{
	struct atomic_file file;
	char path[128];

	name_of(&m->target, "baseline", path, sizeof(path));
	if (atomic_file_open_private(&file, path))
		return;
	baseline_write(file.f, m);
	atomic_file_close(&file, !ferror(file.f));
}

/* How many shared mappings there were when they were counted first. */
static void save_shared(const struct model *m)
{
	char path[128], number[32];

	name_of(&m->target, "shared", path, sizeof(path));
	snprintf(number, sizeof(number), "%" PRIu64, m->limits[LIMIT_SHARED_MAPS].growth.first);
	spill(path, number);
}

static void read_shared(struct model *m)
{
	struct limit_growth *g = &m->limits[LIMIT_SHARED_MAPS].growth;
	char path[128], *number;

	name_of(&m->target, "shared", path, sizeof(path));
	number = slurp(path, 32);
	if (number && *number) {
		g->first = strtoull(number, NULL, 10);
		g->looks += !g->looks;
	}
	free(number);
}

void saved_maps_write(const struct model *m)
{
	char path[128], *maps;

	if (!m->target.id || m->offline || m->target.flags & LEAKTRACE_TARGET_F_EXITED ||
	    !m->maps || !private_directory())
		return;
	maps = maps_text(m);
	if (maps && *maps) {
		name_of(&m->target, "maps", path, sizeof(path));
		spill(path, maps);
		if (m->exe) {
			name_of(&m->target, "exe", path, sizeof(path));
			spill(path, m->exe);
		}
		save_baseline(m);
		save_shared(m);
	}
	free(maps);
}

/* The baseline by type as it was seen first, for a later report. */
void saved_baseline_read(struct model *m)
{
	char path[128];
	FILE *f;

	if (!m->target.id || m->offline || !private_directory())
		return;
	read_shared(m);
	name_of(&m->target, "baseline", path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return;
	baseline_read(f, m);
	fclose(f);
}

/* After a detach: removes the files of one target, or of all. */
void saved_maps_remove(uint32_t target)
{
	DIR *d = opendir(KEEP_DIR);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && (!target || strtoul(e->d_name, NULL, 10) == target))
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

/* What kind of memory an address was in is known from the saved mappings, too. */
static void take_maps(struct model *m, char *text)
{
	struct maps *maps = m->maps ? NULL : calloc(1, sizeof(*maps));
	char *copy = maps ? strdup(text) : NULL;

	if (copy && !maps_parse(copy, maps))
		m->maps = maps;
	else
		free(maps);
}

/* A symbolizer for a target that has exited, from saved mappings. */
struct symbolizer *saved_maps_symbolizer(struct model *m)
{
	struct symbolizer *s = NULL;
	char path[128], *maps;

	if (!private_directory())
		return NULL;
	name_of(&m->target, "exe", path, sizeof(path));
	if (!m->exe)
		m->exe = slurp(path, 4096);
	name_of(&m->target, "maps", path, sizeof(path));
	maps = slurp(path, KEEP_MAX_BYTES);
	if (maps) {
		s = symbolizer_open_saved(maps);
		take_maps(m, maps);
	}
	free(maps);
	return s;
}
