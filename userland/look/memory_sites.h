/* SPDX-License-Identifier: GPL-2.0 */
/* Memory as objects: what was added to a part of it at a time is one, and what goes is the newest. */
#ifndef LEAKTRACE_LOOK_MEMORY_SITES_H
#define LEAKTRACE_LOOK_MEMORY_SITES_H

#include <stdint.h>

struct look;

int look_take_memory(struct look *l, const uint64_t *bytes);	/* of each of the model's mappings */

#endif
