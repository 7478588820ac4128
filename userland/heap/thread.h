/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the threads of a process have gone on. What a thread has in a register only
 * cannot be read; one that waits for a processor has the same there as long as it does.
 */
#ifndef LEAKTRACE_HEAP_THREAD_H
#define LEAKTRACE_HEAP_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/process.h"

struct heap_thread {
	pid_t tid;
	bool is_runnable;
	uint64_t run_ns;		/* time on a processor */
};

struct heap_threads {
	struct heap_thread *thread;
	size_t n, capacity;
};

bool threads_read(const struct heap_process *p, struct heap_threads *t);	/* false: no memory */
/*
 * Waits, for a few seconds at most, until each that was runnable has run, sleeps or has
 * exited. Returns whether any has run.
 */
bool threads_wait(const struct heap_process *p, const struct heap_threads *t);
void threads_free(struct heap_threads *t);

#endif
