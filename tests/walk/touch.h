/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_TOUCH_H
#define WALK_TOUCH_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

/* A task touched memory for the first time; it is as it was before. */
struct touch {
	uint64_t from_ns, to_ns;	/* CLOCK_MONOTONIC: the instruction ran in between */
};

void touch_watch(struct task *t);	/* for some instructions, from here on */
void touch_forget(const struct task *t);
/* One instruction later. Whether that touched; then touch_done() lets it go on. */
bool touch_look(struct task *t, struct touch *touch);
void touch_done(struct task *t);

#endif
