/* SPDX-License-Identifier: GPL-2.0 */
/* The memory mappings of a process, from /proc. */
#ifndef LEAKTRACE_PROC_MAPS_H
#define LEAKTRACE_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAP_PERMISSIONS_SIZE = sizeof("rwxp") };

struct map {
	uint64_t start, end;		/* [start, end) */
	uint64_t offset_bytes;		/* of start in the file */
	dev_t dev;			/* 0 and inode 0: not a file mapping */
	uint64_t inode;
	const char *path;		/* as /proc shows it; "" for anonymous */
	bool read, write, exec, shared;
};

struct maps {
	struct map *map;		/* sorted by address, disjoint */
	size_t n;
	pid_t tid;			/* a live thread whose /proc entries work */
	char *text;			/* owns the paths */
};

int maps_read(pid_t pid, struct maps *maps);
int maps_parse(char *text, struct maps *maps);
const char *map_permissions(const struct map *map, char text[MAP_PERMISSIONS_SIZE]);
const struct map *maps_find(const struct maps *maps, uint64_t address);
void maps_free(struct maps *maps);

#endif
