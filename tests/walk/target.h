/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_TARGET_H
#define WALK_TARGET_H

#include <stdint.h>
#include <sys/types.h>

extern const char *target_tool;		/* leaktrace, as it is called */

struct client *target_door(void);
/* What traces @pid; attached first if nothing does, and then @pid must be stopped. */
uint32_t target_of(pid_t pid);
void target_end(void);

#endif
