/* SPDX-License-Identifier: GPL-2.0 */
/* The runtime's records (g) of goroutines: what they say of the stack. */
#ifndef LEAKTRACE_RUNTIME_GO_GOROUTINE_H
#define LEAKTRACE_RUNTIME_GO_GOROUTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_layout;
struct go_process;

enum go_g_state {
	GO_G_RUNNABLE = 1, GO_G_RUNNING = 2, GO_G_SYSCALL = 3, GO_G_WAITING = 4, GO_G_DEAD = 6,
	GO_G_COPYSTACK = 8, GO_G_PREEMPTED = 9, GO_G_LEAKED = 10,
};

uint64_t *go_g_list(const struct go_process *p, size_t *n);
uint32_t go_g_status(const struct go_layout *l, const unsigned char *g);
bool go_g_has_stack(uint32_t status);
void go_g_where(const struct go_layout *l, const unsigned char *g, uint64_t *pc, uint64_t *sp);
uint64_t go_g_used_bytes(const struct go_layout *l, const unsigned char *g);
bool go_g_is_unchanged(const struct go_layout *l, const unsigned char *a, const unsigned char *b);

#endif
