// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/memory.h"
#include "util/kernel_file.h"
#include "util/process.h"

/* A walk over its page tables holds the lock of its mappings, for a second and more. */
#define WALKED_BYTES	(16ULL << 30)

static bool is_memory(const struct map *map)
{
	static const char *const shared[] = { "/dev/zero", "/SYSV", "/memfd:", "/dev/shm/" };

	for (size_t i = 0; map->shared && i < sizeof(shared) / sizeof(*shared); i++)
		if (!strncmp(map->path, shared[i], strlen(shared[i])))
			return true;
	return false;
}

static bool read_smaps(struct look_memory *m)
{
	const struct map *map = NULL;
	unsigned long long kib;
	char path[40], line[512];
	bool begin = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", m->maps.tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		bool first = begin;

		begin = strchr(line, '\n');	/* a path may be longer than a line */
		/* fields begin with a capital, mappings with their address */
		if (first && !isupper((unsigned char)*line))
			map = maps_find(&m->maps, strtoull(line, NULL, 16));
		else if (first && map &&
			 (sscanf(line, is_memory(map) ? "Rss: %llu" : "Anonymous: %llu", &kib) == 1 ||
			  sscanf(line, "Swap: %llu", &kib) == 1))
			m->bytes[map - m->maps.map] += kib << 10;
	}
	if (f)
		fclose(f);
	return f;
}

static void read_sum(pid_t pid, struct look_memory *m)
{
	uint64_t *sum = m->bytes;
	const struct kernel_line lines[] = {
		{ "RssAnon", sum }, { "RssShmem", sum }, { "VmSwap", sum }, { NULL, NULL },
	};
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	kernel_file_lines(path, lines, 1024);
}

int look_memory_read(pid_t pid, struct look_memory *m)
{
	int err = maps_read(pid, &m->maps);

	m->bytes = NULL;
	if (err)
		return err;
	m->bytes = calloc(m->maps.n + 1, sizeof(*m->bytes));
	if (!m->bytes) {
		look_memory_free(m);
		return -ENOMEM;
	}
	m->by_mapping = process_rss_bytes(pid) < WALKED_BYTES && read_smaps(m);
	if (!m->by_mapping)
		read_sum(pid, m);
	return 0;
}

void look_memory_free(struct look_memory *m)
{
	maps_free(&m->maps);
	free(m->bytes);
	m->bytes = NULL;
}
