// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heap/thread.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/units.h"

static const uint64_t RUN_NS = NSEC_PER_SEC / 1000;	/* enough to store an address */
static const uint64_t WAIT_NS = 3 * NSEC_PER_SEC;
static const uint64_t PAUSE_NS = NSEC_PER_SEC / 200;

static bool read_line(const struct heap_process *p, pid_t tid, const char *file, char *line, size_t len)
{
	char path[64];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", p->tid, tid, file);
	f = fopen(path, "re");
	good = f && fgets(line, len, f);
	if (f)
		fclose(f);
	return good;
}

/* False: it has exited. */
static bool read_thread(const struct heap_process *p, struct heap_thread *t)
{
	char line[512];
	const char *state;

	if (!read_line(p, t->tid, "stat", line, sizeof(line)))
		return false;
	state = strrchr(line, ')');	/* behind the name, which may have any character */
	t->is_runnable = state && state[1] == ' ' && state[2] == 'R';
	t->run_ns = read_line(p, t->tid, "schedstat", line, sizeof(line)) ? strtoull(line, NULL, 10) : 0;
	return true;
}

/** threads_read() - what all threads are doing now; false: no memory */
bool threads_read(const struct heap_process *p, struct heap_threads *t)
{
	struct dirent *entry;
	char path[64];
	bool good = true;
	DIR *dir;

	t->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", p->tid);
	dir = opendir(path);
	while (dir && good && (entry = readdir(dir))) {
		struct heap_thread now = { .tid = atoi(entry->d_name) };

		if (now.tid <= 0 || !read_thread(p, &now))
			continue;
		good = array_reserve(t->thread, t->capacity, t->n, 1);
		if (good)
			t->thread[t->n++] = now;
	}
	if (dir)
		closedir(dir);
	return good;
}

/** threads_wait() - wait until those that were runnable have gone on; whether any has run */
bool threads_wait(const struct heap_process *p, const struct heap_threads *t)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t end_ns = monotonic_ns() + WAIT_NS;
	bool has_run = false;

	for (size_t i = 0; i < t->n; i++) {
		struct heap_thread now = t->thread[i];

		while (read_thread(p, &now) && t->thread[i].is_runnable && now.is_runnable &&
		       now.run_ns < t->thread[i].run_ns + RUN_NS && monotonic_ns() < end_ns)
			nanosleep(&pause, NULL);
		has_run |= now.run_ns != t->thread[i].run_ns;
	}
	return has_run;
}

/** threads_free() - release what it holds, and empty it */
void threads_free(struct heap_threads *t)
{
	free(t->thread);
	memset(t, 0, sizeof(*t));
}
