// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/oom.h"
#include "model/workload.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/kernel_file.h"
#include "util/units.h"

/* "oom_kill 3" is a line of memory.events, and of version 1's memory.oom_control. */
static bool read_kills(const char *path, uint64_t *kills)
{
	const struct kernel_line line[] = { { "oom_kill", kills }, { NULL } };

	*kills = 0;
	return path && kernel_file_lines(path, line, 1);
}

static void put(uint64_t *kills, uint64_t now)
{
	memmove(kills + 1, kills, (OOM_LOOKS - 1) * sizeof(*kills));
	kills[0] = now;
}

static void add(struct oom_looks *o, uint64_t kills, uint64_t above)
{
	put(o->kills, kills);
	put(o->above, above);
	if (o->n < OOM_LOOKS)
		o->n++;
}

/* Malloced. Version 1 counts each cgroup by itself. */
static char *above(const char *file)
{
	static const char events[] = "/memory.events";
	size_t length = strlen(file) - strlen(events);
	const char *slash = strcmp(file + length, events) ? NULL : memrchr(file, '/', length);

	return slash ? strdup_printf("%.*s%s", (int)(slash - file), file, events) : NULL;
}

/* Malloced, with its count. The root has no such file: what is killed there is told by nobody's count. */
static char *find_file(const char *root, pid_t pid, uint64_t *kills)
{
	char *text = workload_cgroups(root, pid), *file = NULL, dir[PATH_MAX];
	const char *at = text;
	bool v1;

	while (text && !file && workload_next_memory_dir(&at, root, dir, sizeof(dir), &v1)) {
		file = strdup_printf("%s/%s", dir, v1 ? "memory.oom_control" : "memory.events");
		if (!read_kills(file, kills)) {
			free(file);
			file = NULL;
		}
	}
	free(text);
	return file;
}

void oom_look(struct oom_looks *o, const char *root, pid_t pid)
{
	uint64_t kills, kills_above;
	char *file = find_file(root, pid, &kills);

	if (!file || !o->file || strcmp(file, o->file))
		oom_forget(o);		/* another cgroup, another count */
	if (file && !o->file)
		o->file_above = above(file);
	free(o->file);
	o->file = file;
	if (!file || monotonic_ns() < o->next_ns)
		return;
	read_kills(o->file_above, &kills_above);
	add(o, kills, kills_above);
	o->next_ns = monotonic_ns() + NSEC_PER_SEC;
}

void oom_look_again(struct oom_looks *o)
{
	uint64_t kills, kills_above;

	o->is_gone = !read_kills(o->file, &kills);
	if (read_kills(o->file_above, &kills_above) || !o->is_gone)
		add(o, kills, kills_above);
}

bool oom_has_killed(const struct oom_looks *o)
{
	const uint64_t *kills = o->is_gone ? o->above : o->kills;

	return o->n && kills[0] > kills[o->n - 1];
}

void oom_forget(struct oom_looks *o)
{
	free(o->file);
	free(o->file_above);
	*o = (struct oom_looks){ 0 };
}
