/* SPDX-License-Identifier: GPL-2.0 */
/* Unwinds the stacks of goroutines by the function table. */
#ifndef LEAKTRACE_RUNTIME_GO_UNWIND_H
#define LEAKTRACE_RUNTIME_GO_UNWIND_H

#include <stddef.h>
#include <stdint.h>

struct go_process;
struct go_unwind;			/* cache of code addresses */

enum { GO_STACK_MAX = 128 };

enum go_walk { GO_WALK_COMPLETE, GO_WALK_LOST, GO_WALK_MORE };

struct go_unwind *go_unwind_new(const struct go_process *p);	/* NULL: no memory */
void go_unwind_free(struct go_unwind *u);

/* Adds to the *n of pcs, at most GO_STACK_MAX. MORE: it goes on above bytes of stack. */
enum go_walk go_walk(struct go_unwind *u, uint64_t pc, const unsigned char *stack,
		     size_t bytes, uint64_t *pcs, unsigned int *n);

#endif
