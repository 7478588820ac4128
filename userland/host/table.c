// SPDX-License-Identifier: GPL-2.0
/* One look at all processes after another: which are new, which have ended. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/group.h"
#include "host/table.h"
#include "model/limits_host.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/parse.h"
#include "util/process.h"

/* What takes long or rarely changes is read of one process in so many at each look. */
enum { SLOW_EVERY = 8 };

/* When it started; 0: it has ended, or it is a kernel thread. */
static uint64_t read_start(pid_t pid)
{
	char line[1024];
	const char *p = process_stat(pid, line, sizeof(line));
	uint64_t flags, start = 0;

	if (!p || sscanf(p, " %*c %*d %*d %*d %*d %*d %" SCNu64 " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			 "%*d %*d %" SCNu64, &flags, &start) != 2)
		return 0;
	return flags & 0x200000 ? 0 : start;	/* PF_KTHREAD */
}

/* Where the process is in the list, or belongs. */
static size_t find(const struct host_table *t, pid_t pid)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->row[middle]->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void free_row(struct host_row *row)
{
	host_row_free(row);
	free(row);
}

/* Of another process with its number, nothing stays. */
static struct host_row *row_of(struct host_table *t, pid_t pid, uint64_t start)
{
	size_t at = find(t, pid);
	struct host_row *row = at < t->n && t->row[at]->pid == pid ? t->row[at] : NULL;

	if (row && row->started == start)
		return row;
	if (row) {
		host_row_free(row);
		memset(row, 0, sizeof(*row));
	} else {
		if (t->n == HOST_ROWS_MAX) {
			t->left_out++;
			return NULL;
		}
		row = array_reserve(t->row, t->room, t->n, 1) ? calloc(1, sizeof(*row)) : NULL;
		if (!row)
			return NULL;
		memmove(&t->row[at + 1], &t->row[at], (t->n - at) * sizeof(*t->row));
		t->row[at] = row;
		t->n++;
	}
	row->pid = pid;
	row->started = start;
	row->processes = 1;
	return row;
}

static void look_at(struct host_table *t, pid_t pid, struct limits_host *host)
{
	uint64_t start = read_start(pid);
	struct host_row *row = start ? row_of(t, pid, start) : NULL;
	bool all = row && (!row->series.n || (t->looks + pid) % SLOW_EVERY == 0);

	if (!row || !host_row_read(row, all))
		return;
	if (all)
		host_row_read_limits(row, host);
	row->seen = true;
	t->unreadable += !row->known[HOST_FDS] && row->known[HOST_MEMORY];
	host_row_note(row, t->looked_ns);
}

static void drop_ended(struct host_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->row[i]->seen)
			t->row[n++] = t->row[i];
		else
			free_row(t->row[i]);
	}
	t->n = n;
}

int host_table_look(struct host_table *t)
{
	struct limits_host *host = limits_host_read();
	DIR *d = host ? opendir("/proc") : NULL;
	int err = !host ? -ENOMEM : d ? 0 : -errno;
	struct dirent *e;
	pid_t pid;

	t->looked_ns = monotonic_ns();
	t->unreadable = t->left_out = 0;
	for (size_t i = 0; i < t->n; i++)
		t->row[i]->seen = false;
	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name) && !parse_pid(e->d_name, &pid) && pid != getpid())
			look_at(t, pid, host);
	if (d)
		closedir(d);
	limits_host_free(host);
	if (err)
		return err;
	drop_ended(t);
	t->looks++;
	return host_groups_sum(t);
}

void host_table_free(struct host_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free_row(t->row[i]);
	for (size_t i = 0; i < t->ngroups; i++)
		free_row(t->group[i]);
	free(t->row);
	free(t->group);
	memset(t, 0, sizeof(*t));
}
