/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One object of each kind, made at a function whose name says where it stands.
 * Included by the program and by its library.
 */
#ifndef LEAK_H
#define LEAK_H

#include "victim.h"

#include <fcntl.h>
#include <sched.h>

/* What a thread stands on; fds, pages and timers need none. */
struct slot {
	char stack[8192] __attribute__((aligned(16)));
	int word, tid;
};


#define MAKE_FD(slot) sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)
#define MAKE_TIMER(slot)                                                       \
	({                                                                     \
		int _id = -1;                                                  \
		long _ret = sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, &_id); \
		_ret < 0 ? _ret : _id;                                         \
	})
#define MAKE_PAGE(slot)                                                        \
	({                                                                     \
		long _p = sys(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,    \
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);             \
		if (_p > 0)                                                    \
			*(volatile char *)_p = 1;                              \
		_p;                                                            \
	})
#define MAKE_THREAD(s)                                                         \
	({                                                                     \
		(s)->word = 1;                                                 \
		spawn(SPAWN_FLAGS_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID, \
		      (s)->stack + sizeof((s)->stack), slot_stand, (s),        \
		      &(s)->tid, &(s)->tid);                                   \
	})

/* Threads of every maker stand here. */
void slot_stand(void *arg);

#define LEAK_FUNCTION(kind, KIND, where)                                       \
	NAMED long leak_##kind##_##where(struct slot *slot)                    \
	{                                                                      \
		return MAKE_##KIND(slot);                                      \
	}

#define LEAK_FUNCTIONS(where)                                                  \
	LEAK_FUNCTION(fd, FD, where)                                           \
	LEAK_FUNCTION(page, PAGE, where)                                       \
	LEAK_FUNCTION(timer, TIMER, where)                                     \
	LEAK_FUNCTION(thread, THREAD, where)

#define LEAK_TABLE(where)                                                      \
	{ leak_fd_##where, leak_page_##where, leak_timer_##where, leak_thread_##where }

#define LEAK_DECLARE(where)                                                    \
	long leak_fd_##where(struct slot *slot);                               \
	long leak_page_##where(struct slot *slot);                             \
	long leak_timer_##where(struct slot *slot);                            \
	long leak_thread_##where(struct slot *slot);

LEAK_DECLARE(in_library)

#endif
