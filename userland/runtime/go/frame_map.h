/* SPDX-License-Identifier: GPL-2.0 */
/* Which words of a frame on a goroutine's stack are live pointers. */
#ifndef LEAKTRACE_RUNTIME_GO_FRAME_MAP_H
#define LEAKTRACE_RUNTIME_GO_FRAME_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_process;

struct go_frame_map {			/* of one return address */
	uint64_t pc;			/* 0: an empty place of the table */
	uint64_t function;		/* where it starts; 0: not Go code */
	int64_t delta_bytes;		/* from the stack pointer to the return address; negative: unknown */
	bool is_root;			/* the end of a stack */
	bool is_runtime;
	bool is_preempted;		/* it and its caller may have stopped anywhere: no map holds */
	uint32_t locals, args;		/* words, up to the frame's end and from its arguments on */
	const unsigned char *local_bits, *arg_bits;
	uint32_t objects;		/* variables whose address is taken */
	const unsigned char *object;
};

struct go_frame_maps {
	const struct go_process *process;
	struct go_frame_map *map;	/* hash table */
	size_t size, n;
	struct go_frame_map spare;	/* if there is no room */
};

enum { GO_STACK_OBJECT_BYTES = 16 };

bool go_frame_maps_open(struct go_frame_maps *m, const struct go_process *p);
const struct go_frame_map *go_frame_map(struct go_frame_maps *m, uint64_t pc);	/* until the next call */
void go_frame_maps_close(struct go_frame_maps *m);

#endif
