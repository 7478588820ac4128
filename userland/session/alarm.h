/* SPDX-License-Identifier: GPL-2.0 */
/* What changed since the last look at a target: curves of its sites, and which have become leaks. */
#ifndef LEAKTRACE_SESSION_ALARM_H
#define LEAKTRACE_SESSION_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "model/hysteresis.h"

struct curve;
struct model;
struct site;
struct watch;

struct watch *watch_new(void);			/* NULL: no memory */
void watch_free(struct watch *w);
void watch_sample(struct watch *w, const struct model *m);
bool watch_curious(const struct watch *w, const struct model *m);
const struct curve *watch_curve(uint32_t site, void *watch);	/* for judge() */

/* last: nothing more will come, so nothing is waited for. */
void watch_judge(struct watch *w, struct model *m, bool last,
		 void (*fn)(enum alarm_news news, struct site *s, void *arg), void *arg);

#endif
