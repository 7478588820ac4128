/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The load of a target: how much it has read, written and computed since it
 * started. Growth that is proportional to it is by design, or a leak per
 * request; growth that is not depends on time.
 */
#ifndef LEAKTRACE_PROC_LOAD_H
#define LEAKTRACE_PROC_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum load_by { LOAD_READ, LOAD_WRITTEN, LOAD_CPU, LOADS };

/*
 * Bytes passed to read(), write() and related system calls, which does not
 * include sockets that are read with recv() or written with send(); and
 * microseconds of CPU time of all threads. Both only grow.
 */
struct proc_load {
	bool known;
	uint64_t done[LOADS];
};

/* Read from /proc of a live process; not known: it has exited, or permission is denied. */
void proc_load_read(pid_t pid, struct proc_load *l);

#endif
