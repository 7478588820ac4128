/* SPDX-License-Identifier: GPL-2.0 */
/* Describes an object. */
#ifndef LEAKTRACE_MODEL_OBJECT_DESCRIBE_H
#define LEAKTRACE_MODEL_OBJECT_DESCRIBE_H

struct model;
struct object;
struct site;

/*
 * A description, malloced. NULL: unknown. Descriptions are noted in m->seen
 * while the target lives, for reports after its exit.
 */
char *object_describe(struct model *m, const struct object *o);

/*
 * Some objects of a site, at most max, oldest first: unjoined threads if there
 * are any, else live objects. They belong to m. Returns their number.
 */
int object_examples(struct model *m, const struct site *s, struct object **list, int max);

const char *clock_name(unsigned int clock);	/* "CLOCK_MONOTONIC", "a CPU clock" */

#endif
