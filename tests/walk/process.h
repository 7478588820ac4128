/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_PROCESS_H
#define WALK_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "walk.h"

struct process {
	pid_t pid;
	uint64_t hash;			/* of the mappings that both know */
	struct code_of *code;
	struct truth *truth;
};

struct process *process_get(pid_t pid);
void process_forget(pid_t pid);
void process_print_pc(pid_t pid, uint64_t pc);

#endif
