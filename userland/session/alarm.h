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
struct alarm_set;

struct alarm_set *alarm_set_new(void);			/* NULL: no memory */
void alarm_set_free(struct alarm_set *w);
void alarm_set_sample(struct alarm_set *w, const struct model *m);
bool alarm_set_needs_objects(const struct alarm_set *w, const struct model *m);
const struct curve *alarm_set_curve(uint32_t site, void *alarms);	/* for judge() */

/* last: nothing more will come, so nothing is waited for. */
void alarm_set_update(struct alarm_set *w, struct model *m, bool last,
		      void (*fn)(enum alarm_news news, struct site *s, void *arg), void *arg);

#endif
