/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the runtime's variables by what they look like, for stripped programs. */
#ifndef LEAKTRACE_RUNTIME_GO_SCAN_H
#define LEAKTRACE_RUNTIME_GO_SCAN_H

#include <stddef.h>
#include <stdint.h>

struct go_process;

struct go_area {			/* a copy of one writable area of the program */
	uint64_t start, bytes;
	unsigned char *copy;
};

size_t go_areas_read(const struct go_process *p, struct go_area **areas);
void go_areas_free(struct go_area *areas, size_t n);

void go_scan(struct go_process *p);		/* fills those of p->places that are unknown */

#endif
