/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a target was given to do: how much it has read, written and computed
 * since it exists. Growth that goes along with it is growth by design, or a leak
 * for each request; growth that does not, goes by the clock.
 */
#ifndef LEAKTRACE_LOAD_H
#define LEAKTRACE_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum load_by { LOAD_READ, LOAD_WRITTEN, LOAD_CPU, LOADS };

/*
 * Bytes that went through read() and write() and their like, which receiving
 * and sending without a file's functions is not, and microseconds of CPU time
 * of all threads. They only grow.
 */
struct load {
	bool known;
	uint64_t done[LOADS];
};

/* Of a live process, from /proc; not known: gone, or forbidden. */
void load_read(pid_t pid, struct load *l);

#endif
