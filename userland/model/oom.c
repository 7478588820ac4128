// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/oom.h"
#include "model/workload.h"
#include "util/format.h"

/* "oom_kill 3" is a line of memory.events, and of version 1's memory.oom_control. */
static bool read_kills(const char *path, uint64_t *kills)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	unsigned long long n;
	char line[128];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "oom_kill %llu", &n) == 1;
	if (f)
		fclose(f);
	if (found)
		*kills = n;
	return found;
}

static void add_look(struct oom_looks *o)
{
	uint64_t kills;

	if (!read_kills(o->file, &kills))
		return;
	memmove(o->kills + 1, o->kills, (OOM_LOOKS - 1) * sizeof(*o->kills));
	o->kills[0] = kills;
	if (o->n < OOM_LOOKS)
		o->n++;
}

/* Malloced. The root has no such file: what is killed there is told by nobody's count. */
static char *file_of(const char *root, pid_t pid)
{
	char *text = workload_cgroups(root, pid), *file = NULL;
	const char *at = text;
	struct cgroup_line line;
	uint64_t kills;

	while (text && !file && workload_next_line(&at, &line)) {
		bool v1 = workload_line_is_of(&line, "memory");

		if (line.path_len < 2 || (!v1 && !workload_line_is_of(&line, "")))
			continue;
		file = strdup_printf("%s/sys/fs/cgroup%s%.*s/%s", root, v1 ? "/memory" : "",
				     (int)line.path_len, line.path, v1 ? "memory.oom_control" : "memory.events");
		if (file && !read_kills(file, &kills)) {
			free(file);
			file = NULL;
		}
	}
	free(text);
	return file;
}

void oom_look(struct oom_looks *o, const char *root, pid_t pid)
{
	char *file = file_of(root, pid);

	if (!file || !o->file || strcmp(file, o->file))
		o->n = 0;		/* another cgroup, another count */
	free(o->file);
	o->file = file;
	add_look(o);
}

void oom_look_again(struct oom_looks *o)
{
	add_look(o);
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
