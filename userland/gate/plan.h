/* SPDX-License-Identifier: GPL-2.0 */
/* The gate of one process: the files of its allocators, and the plan for them. */
#ifndef LEAKTRACE_GATE_PLAN_H
#define LEAKTRACE_GATE_PLAN_H

#include <sys/types.h>

#include "gate/blob.h"

/* As gate_plan_write(), of a process. Free the plan in any case. */
int gate_plan_make(struct gate_plan *plan, pid_t pid, const struct gate_options *options,
		   char *err, size_t errlen);
void gate_plan_free(struct gate_plan *plan);

/* Looks for allocators in a file; takes the image. 0 or -ENOMEM. */
int gate_plan_add_file(struct gate_plan *plan, struct elf_image *image, const char *path,
		       uint64_t bias);

#endif
