// SPDX-License-Identifier: GPL-2.0
/* Threads and POSIX timers. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "look/item.h"
#include "model/object_describe.h"
#include "util/process.h"

int look_threads(pid_t pid, struct look_items *items)
{
	struct look_item *item;
	struct dirent *e;
	char path[40];
	DIR *d;

	items->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		item = isdigit((unsigned char)*e->d_name) ? look_item_add(items) : NULL;
		if (item)
			item->id = strtoull(e->d_name, NULL, 10);
	}
	closedir(d);
	look_items_sort(items);
	return 0;
}

bool look_thread_name(const struct look_item *item, struct look_name *name)
{
	char comm[64];

	process_comm(item->id, comm, sizeof(comm));
	look_name_set(name, strncmp(comm, "iou-", 4) ? LEAKTRACE_TYPE_THREAD : LEAKTRACE_TYPE_IO_WORKER, comm);
	return *comm;
}

/* A kernel without CONFIG_CHECKPOINT_RESTORE has no such file: -ENOENT. */
int look_timers(pid_t pid, struct look_items *items)
{
	struct look_item *item = NULL;
	char path[40], line[256];
	uint64_t id;
	FILE *f;

	items->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/timers", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "ID: %" SCNu64, &id) == 1) {
			item = look_item_add(items);
			if (!item)
				break;
			item->id = id;
		} else if (item) {
			sscanf(line, "signal: %u", &item->signal);
			sscanf(line, "ClockID: %u", &item->clock);
		}
	}
	fclose(f);
	look_items_sort(items);
	return 0;
}

void look_timer_name(const struct look_item *item, struct look_name *name)
{
	name->type = LEAKTRACE_TYPE_POSIX_TIMER;
	snprintf(name->text, sizeof(name->text), "%s, signal %u", clock_name(item->clock), item->signal);
}
