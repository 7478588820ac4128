// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/oom.h"
#include "model/workload.h"
#include "util/format.h"
#include "util/kernel_file.h"

/* "oom_kill 3" is a line of memory.events, and of version 1's memory.oom_control. */
static bool read_kills(const char *path, uint64_t *kills)
{
	const struct kernel_line line[] = { { "oom_kill", kills }, { NULL } };

	*kills = 0;
	return path && kernel_file_lines(path, line, 1);
}

static void add(struct oom_looks *o, uint64_t kills)
{
	memmove(o->kills + 1, o->kills, (OOM_LOOKS - 1) * sizeof(*o->kills));
	o->kills[0] = kills;
	if (o->n < OOM_LOOKS)
		o->n++;
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
	uint64_t kills;
	char *file = find_file(root, pid, &kills);

	if (!file || !o->file || strcmp(file, o->file))
		o->n = 0;		/* another cgroup, another count */
	free(o->file);
	o->file = file;
	if (file)
		add(o, kills);
}

void oom_look_again(struct oom_looks *o)
{
	uint64_t kills;

	if (read_kills(o->file, &kills))
		add(o, kills);
}

bool oom_has_killed(const struct oom_looks *o)
{
	return o->n && o->kills[0] > o->kills[o->n - 1];
}

void oom_forget(struct oom_looks *o)
{
	free(o->file);
	*o = (struct oom_looks){ 0 };
}
