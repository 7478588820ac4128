// SPDX-License-Identifier: GPL-2.0
/*
 * Parses /proc/PID/maps. Once the main thread has exited while others still
 * run, /proc/PID/maps is empty, but the file of each live thread has the same
 * content. maps_read() finds such a thread and records its tid, because the
 * root directory of the process must be reached through it too.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/proc_maps.h"

enum {
	CHUNK_BYTES = 64 << 10,
	MAX_BYTES = 256 << 20,		/* 2 million mappings; max_map_count is 65,530 */
};

/* Reads a whole /proc file, whose size is not known in advance. */
static int read_all(const char *path, char **text)
{
	size_t size = 0, used = 0;
	char *buf = NULL;
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (;;) {
		ssize_t got;

		if (size - used < CHUNK_BYTES + 1) {
			char *bigger;

			size = size ? 2 * size : 2 * CHUNK_BYTES;
			bigger = size > MAX_BYTES ? NULL : realloc(buf, size);
			if (!bigger) {
				err = -ENOMEM;
				break;
			}
			buf = bigger;
		}
		got = read(fd, buf + used, size - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		used += got;
	}
	close(fd);
	if (err) {
		free(buf);
		return err;
	}
	buf[used] = '\0';
	*text = buf;
	return 0;
}

/* Parses a number and the character that must follow it. */
static bool number(char **at, int base, char then, uint64_t *value)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	*value = strtoull(*at, &end, base);
	if (*end != then)
		return false;
	*at = end + 1;
	return true;
}

/* "start-end rwxp offset major:minor inode   path" */
static bool parse_line(char *line, struct map *map)
{
	uint64_t major, minor;
	char *end;

	if (!number(&line, 16, '-', &map->start) ||
	    !number(&line, 16, ' ', &map->end) || strlen(line) < 5)
		return false;
	map->read = line[0] == 'r';
	map->write = line[1] == 'w';
	map->exec = line[2] == 'x';
	map->shared = line[3] == 's';
	line += 5;
	if (!number(&line, 16, ' ', &map->offset_bytes) ||
	    !number(&line, 16, ':', &major) || !number(&line, 16, ' ', &minor))
		return false;
	map->dev = makedev(major, minor);
	if (!isdigit((unsigned char)*line))
		return false;
	map->inode = strtoull(line, &end, 10);
	map->path = end + strspn(end, " ");
	return map->start < map->end;
}

/**
 * maps_parse() - parse the text of a maps file
 * @text: malloc'ed, NUL-terminated; from now on @maps owns it, also on failure
 * @maps: filled; release with maps_free()
 *
 * Invalid lines are skipped: one odd mapping must not hide the others.
 *
 * Return: 0 or -ENOMEM.
 */
int maps_parse(char *text, struct maps *maps)
{
	size_t lines = 1;
	char *line, *rest = text;

	memset(maps, 0, sizeof(*maps));
	maps->text = text;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	maps->map = calloc(lines, sizeof(*maps->map));
	if (!maps->map) {
		maps_free(maps);
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		struct map *map = &maps->map[maps->n];

		if (parse_line(line, map) &&
		    (!maps->n || map[-1].end <= map->start))
			maps->n++;
	}
	return 0;
}

static int read_of(const char *path, struct maps *maps)
{
	char *text;
	int err = read_all(path, &text);

	return err ? err : maps_parse(text, maps);
}

/* The main thread has exited: use any other thread that still has memory. */
static int read_of_threads(pid_t pid, struct maps *maps)
{
	char path[64];
	struct dirent *entry;
	int err = -ESRCH;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -ESRCH;
	while (err && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || tid == pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", pid, tid);
		err = read_of(path, maps);
		if (!err && !maps->n) {
			maps_free(maps);
			err = -ESRCH;
		}
		if (!err)
			maps->tid = tid;
	}
	closedir(dir);
	return err;
}

/**
 * maps_read() - read the mappings of a process
 * @pid: the process
 * @maps: filled on success; release with maps_free()
 *
 * Return: 0, -ESRCH when it is gone (or has no memory of its own, like a
 * kernel thread), or another -errno.
 */
int maps_read(pid_t pid, struct maps *maps)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	err = read_of(path, maps);
	if (err)
		return err;
	maps->tid = pid;
	if (maps->n)
		return 0;
	maps_free(maps);
	return read_of_threads(pid, maps);
}

/**
 * map_permissions() - as /proc/PID/maps writes them
 *
 * Return: text.
 */
const char *map_permissions(const struct map *map, char text[MAP_PERMISSIONS_SIZE])
{
	snprintf(text, MAP_PERMISSIONS_SIZE, "%c%c%c%c", map->read ? 'r' : '-', map->write ? 'w' : '-',
		 map->exec ? 'x' : '-', map->shared ? 's' : 'p');
	return text;
}

/**
 * maps_find() - the mapping that covers an address
 *
 * Return: the mapping, or NULL.
 */
const struct map *maps_find(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (maps->map[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < maps->n && maps->map[low].start <= address)
		return &maps->map[low];
	return NULL;
}

/** maps_free() - release what maps_read() or maps_parse() gave */
void maps_free(struct maps *maps)
{
	free(maps->map);
	free(maps->text);
	memset(maps, 0, sizeof(*maps));
}
