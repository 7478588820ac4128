// SPDX-License-Identifier: GPL-2.0
/*
 * /tmp/perf-PID.map, in which node, java and others tell profilers about
 * generated code: "start size name" in hex, appended as code is generated.
 * Memory is reused, so of two entries for an address the later one is right.
 * The file is in the target's /tmp, under the PID that the target has in its
 * innermost namespace. /tmp is world-writable: the file must belong to the
 * target's user or root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/perf_map.h"
#include "util/array.h"
#include "util/string_table.h"
#include "util/target_file.h"

enum {
	MAX_MAP_BYTES = 128 << 20,
	MAX_STEPS = 1024,		/* how far to search backwards for an overlapping entry */
};

/* The PID in the innermost PID namespace. */
static pid_t pid_inside(pid_t pid)
{
	char path[32], line[256];
	pid_t inside = pid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return pid;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "NSpid:", 6)) {
			line[strcspn(line, "\n")] = '\0';
			inside = atoi(strrchr(line, '\t') ? strrchr(line, '\t') : line + 6);
		}
	fclose(file);
	return inside > 0 ? inside : pid;
}

static int by_place(const void *va, const void *vb)
{
	const struct perf_map_symbol *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void add(struct perf_map *jit, uint64_t start, uint64_t bytes, uint32_t line, const char *name)
{
	if (!bytes || start + bytes < start || !name)
		return;
	if (!array_reserve(jit->symbol, jit->capacity, jit->n, 1))
		return;
	jit->symbol[jit->n++] = (struct perf_map_symbol) {
		.start = start, .end = start + bytes, .line = line, .name = name,
	};
}

/**
 * perf_map_parse() - replace all entries by those of a map file
 * @text: NUL-terminated; is modified
 */
void perf_map_parse(struct perf_map *jit, struct string_table *names, char *text)
{
	uint64_t highest_end = 0;
	uint32_t number = 0;
	char *line;

	jit->n = 0;
	while ((line = strsep(&text, "\n"))) {
		uint64_t start, bytes;
		char *at;

		start = strtoull(line, &at, 16);
		if (at == line || *at != ' ')
			continue;
		line = at;
		bytes = strtoull(line, &at, 16);
		if (at == line || *at != ' ')
			continue;
		add(jit, start, bytes, number++, string_table_intern(names, at + 1));
	}
	if (jit->n)
		qsort(jit->symbol, jit->n, sizeof(*jit->symbol), by_place);
	for (uint32_t i = 0; i < jit->n; i++) {
		if (jit->symbol[i].end > highest_end)
			highest_end = jit->symbol[i].end;
		jit->symbol[i].highest_end = highest_end;
	}
}

static char *read_map(int fd, size_t bytes)
{
	char *text = malloc(bytes + 1);
	size_t used = 0;
	ssize_t got;

	while (text && used < bytes && (got = read(fd, text + used, bytes - used)) > 0)
		used += got;
	if (text)
		text[used] = '\0';
	return text;
}

/**
 * perf_map_refresh() - read the map again if it has changed
 * @pid: the target's PID in our namespace
 * @root_fd: its root directory
 *
 * If the file or the target is gone, the entries are kept.
 */
void perf_map_refresh(struct perf_map *jit, struct string_table *names, pid_t pid, int root_fd)
{
	struct stat st, target;
	char path[64], *text;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &target))
		return;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid_inside(pid));
	fd = open_inside(root_fd, path, &st);
	if (fd < 0)
		return;
	if ((st.st_uid == target.st_uid || !st.st_uid) && st.st_size <= MAX_MAP_BYTES &&
	    (st.st_ino != jit->inode || st.st_size != jit->size_bytes ||
	     memcmp(&st.st_mtim, &jit->mtime, sizeof(jit->mtime)))) {
		text = read_map(fd, st.st_size);
		if (text) {
			perf_map_parse(jit, names, text);
			jit->inode = st.st_ino;
			jit->size_bytes = st.st_size;
			jit->mtime = st.st_mtim;
		}
		free(text);
	}
	close(fd);
}

/**
 * perf_map_find() - the newest generated function that covers an address
 *
 * Return: the function, or NULL.
 */
const struct perf_map_symbol *perf_map_find(const struct perf_map *jit, uint64_t pc)
{
	const struct perf_map_symbol *best = NULL;
	uint32_t low = 0, high = jit->n;

	while (low < high) {		/* the first that starts after the address */
		uint32_t mid = low + (high - low) / 2;

		if (jit->symbol[mid].start <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	for (int steps = 0; low-- && steps < MAX_STEPS && jit->symbol[low].highest_end > pc; steps++) {
		const struct perf_map_symbol *symbol = &jit->symbol[low];

		if (symbol->end > pc && (!best || symbol->line > best->line))
			best = symbol;
	}
	return best;
}

/** perf_map_free() - release everything */
void perf_map_free(struct perf_map *jit)
{
	free(jit->symbol);
	memset(jit, 0, sizeof(*jit));
}
