// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linux/leaktrace_pair.h>

#include "model/kind.h"
#include "util/macros.h"

static const char *const kinds[KINDS] = {
	[LEAKTRACE_KIND_FD] = "fd",
	[LEAKTRACE_KIND_PAGE] = "page",
	[LEAKTRACE_KIND_TIMER] = "timer",
	[LEAKTRACE_KIND_THREAD] = "thread",
	[LEAKTRACE_KIND_MAP] = "map",
	[LEAKTRACE_KIND_HEAP] = "heap",
	[LEAKTRACE_KIND_PAIR] = "pair",
};

static const char *const types[__LEAKTRACE_TYPE_MAX] = {
	[LEAKTRACE_TYPE_UNKNOWN] = "unknown",
	[LEAKTRACE_TYPE_FILE] = "file",
	[LEAKTRACE_TYPE_DIRECTORY] = "directory",
	[LEAKTRACE_TYPE_DEVICE] = "device",
	[LEAKTRACE_TYPE_SOCKET] = "socket",
	[LEAKTRACE_TYPE_PIPE] = "pipe",
	[LEAKTRACE_TYPE_EPOLL] = "epoll",
	[LEAKTRACE_TYPE_EVENTFD] = "eventfd",
	[LEAKTRACE_TYPE_TIMERFD] = "timerfd",
	[LEAKTRACE_TYPE_SIGNALFD] = "signalfd",
	[LEAKTRACE_TYPE_INOTIFY] = "inotify",
	[LEAKTRACE_TYPE_FANOTIFY] = "fanotify",
	[LEAKTRACE_TYPE_MEMFD] = "memfd",
	[LEAKTRACE_TYPE_PIDFD] = "pidfd",
	[LEAKTRACE_TYPE_IO_URING] = "io_uring",
	[LEAKTRACE_TYPE_BPF] = "bpf",
	[LEAKTRACE_TYPE_PERF_EVENT] = "perf_event",
	[LEAKTRACE_TYPE_USERFAULTFD] = "userfaultfd",
	[LEAKTRACE_TYPE_ANON_INODE] = "anon_inode",
	[LEAKTRACE_TYPE_ANON] = "anon",
	[LEAKTRACE_TYPE_SHMEM] = "shmem",
	[LEAKTRACE_TYPE_POSIX_TIMER] = "posix_timer",
	[LEAKTRACE_TYPE_THREAD] = "thread",
	[LEAKTRACE_TYPE_IO_WORKER] = "io_worker",
	[LEAKTRACE_TYPE_PROCESS] = "process",
	[LEAKTRACE_TYPE_STACK] = "stack",
	[LEAKTRACE_TYPE_SHARED] = "shared",
	[LEAKTRACE_TYPE_HUGE] = "huge",
	[LEAKTRACE_TYPE_GLIBC] = "glibc",
	[LEAKTRACE_TYPE_MUSL] = "musl",
	[LEAKTRACE_TYPE_JEMALLOC] = "jemalloc",
	[LEAKTRACE_TYPE_TCMALLOC] = "tcmalloc",
	[LEAKTRACE_TYPE_MIMALLOC] = "mimalloc",
	[LEAKTRACE_TYPE_ALLOCATOR] = "allocator",
};

const char *kind_name(unsigned int kind)
{
	return kind < KINDS ? kinds[kind] : "unknown";
}

const char *kind_noun(unsigned int kind, unsigned int type)
{
	return type == LEAKTRACE_TYPE_PROCESS ? type_name(type) : kind_name(kind);
}

int kind_parse(const char *name)
{
	for (int i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i], name))
			return i;
	return -1;
}

int kinds_parse(const char *list, uint32_t *bits, char unknown[32])
{
	*bits = 0;
	for (const char *word = list;; word++) {
		int len = strcspn(word, ",");
		char name[32];
		int kind;

		snprintf(name, sizeof(name), "%.*s", len, word);
		kind = kind_parse(name);
		/* What is written into the process is asked for by its name. */
		if (!strcmp(name, "all")) {
			*bits |= LEAKTRACE_KINDS_ALL &
				~(1U << LEAKTRACE_KIND_HEAP | 1U << LEAKTRACE_KIND_PAIR);
		} else if (kind >= 0) {
			*bits |= 1U << kind;
		} else {
			strcpy(unknown, name);
			return -EINVAL;
		}
		word += len;
		if (!*word)
			return 0;
	}
}

/* Of kind pair, as they were met, in all targets and files. */
static char acquires[UINT8_MAX + 1 - LEAKTRACE_TYPE_PAIR][LEAKTRACE_PAIR_NAME_BYTES];

unsigned int type_of_pair(const char *acquire)
{
	for (size_t i = 0; i < ARRAY_SIZE(acquires); i++) {
		if (!*acquires[i])
			snprintf(acquires[i], sizeof(acquires[i]), "%s", acquire);
		if (!strcmp(acquires[i], acquire))
			return LEAKTRACE_TYPE_PAIR + i;
	}
	return LEAKTRACE_TYPE_UNKNOWN;
}

const char *type_name(unsigned int type)
{
	if (type >= LEAKTRACE_TYPE_PAIR && type - LEAKTRACE_TYPE_PAIR < ARRAY_SIZE(acquires) &&
	    *acquires[type - LEAKTRACE_TYPE_PAIR])
		return acquires[type - LEAKTRACE_TYPE_PAIR];
	return type < ARRAY_SIZE(types) ? types[type] : "unknown";
}
