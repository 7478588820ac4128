// SPDX-License-Identifier: GPL-2.0
/* Reads a heap: malloc's variables, then all blocks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "model/allocator.h"
#include "heap/snapshot.h"

static void say_why(const struct heap_snapshot *s, int error, char *err, size_t errlen)
{
	const char *other = allocator_loaded(&s->process->maps, 0);
	pid_t pid = s->process->pid;

	if (error == -ENOTSUP && s->glibc.minor)
		snprintf(err, errlen, "the heap of process %d is not read: its libc is glibc 2.%u (2.%d to 2.%d are read)",
			 pid, s->glibc.minor, GLIBC_OLDEST, GLIBC_NEWEST);
	else if (error == -ENOTSUP)
		snprintf(err, errlen, "the heap of process %d is not read: the layout of its malloc is unknown", pid);
	else if (error == -ENOENT && other)
		snprintf(err, errlen, "the heap of process %d is not read: its allocator is %s, only glibc's is read",
			 pid, other);
	else if (error == -ENOENT)
		snprintf(err, errlen, "the heap of process %d is not read: no malloc of glibc has memory there", pid);
	else if (error == -E2BIG)
		snprintf(err, errlen, "the heap of process %d has more than %d blocks", pid, BLOCKS_MAX);
	else
		snprintf(err, errlen, "cannot read the heap of process %d: %s", pid,
			 heap_is_alive(s->process) ? strerror(-error) : "it has exited");
}

/* Whether an arena has memory, or a block has a mapping of its own. */
static bool has_memory(const struct glibc *g)
{
	bool has = g->mapped_bytes;

	for (size_t i = 0; i < g->n; i++)
		has |= g->arena[i].top != 0;
	return has;
}

/** heap_snapshot_read() - read all blocks; 0 or -errno with one line in err */
int heap_snapshot_read(struct heap_snapshot *s, char *err, size_t errlen)
{
	int error;

	s->torn += s->glibc.torn;
	glibc_free(&s->glibc);
	blocks_free(&s->blocks);
	error = heap_process_refresh(s->process);
	if (!error)
		error = glibc_find(s->process, &s->glibc);
	if (!error && !has_memory(&s->glibc))
		error = -ENOENT;
	if (!error)
		error = glibc_walk(s->process, &s->glibc, &s->blocks);
	if (!error && !heap_is_alive(s->process))
		error = -ESRCH;
	if (error) {
		say_why(s, error, err, errlen);
		return error;
	}
	glibc_find_cached(s->process, &s->glibc, &s->blocks);
	return 0;
}

/** heap_snapshot_sum() - count what the blocks are used for; 0 or -ENOMEM */
int heap_snapshot_sum(struct heap_snapshot *s)
{
	free(s->usage);
	s->usage = heap_usage_new(s->process, &s->glibc, &s->blocks);
	if (!s->usage)
		return -ENOMEM;
	memset(&s->total, 0, sizeof(s->total));
	for (size_t i = 0; i <= s->glibc.n; i++)
		heap_usage_add(&s->total, &s->usage[i]);
	return 0;
}

/** heap_memory_bytes() - how much memory this program has used at most */
uint64_t heap_memory_bytes(void)
{
	struct rusage r;

	return getrusage(RUSAGE_SELF, &r) ? 0 : (uint64_t)r.ru_maxrss * 1024;
}

/** heap_snapshot_free() - release what it holds, but not the process and what was lost */
void heap_snapshot_free(struct heap_snapshot *s)
{
	glibc_free(&s->glibc);
	blocks_free(&s->blocks);
	free(s->usage);
	memset(s, 0, sizeof(*s));
}
