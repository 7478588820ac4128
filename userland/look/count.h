/* SPDX-License-Identifier: GPL-2.0 */
/* Counts what was made and what is gone, of a group, its site and its kind. */
#ifndef LEAKTRACE_LOOK_COUNT_H
#define LEAKTRACE_LOOK_COUNT_H

#include <stdint.h>

struct look;
struct look_group;
struct object;

/* n more of a group, seen by this look. The site that they are of; 0 for those of the first look. */
uint32_t look_born(struct look *l, struct look_group *g, uint64_t n);
void look_died(struct look *l, struct look_group *g, const struct object *o, uint64_t n);

#endif
