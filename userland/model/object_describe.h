/* SPDX-License-Identifier: GPL-2.0 */
/* What an object is, as its target shows it to others. */
#ifndef LEAKTRACE_MODEL_OBJECT_DESCRIBE_H
#define LEAKTRACE_MODEL_OBJECT_DESCRIBE_H

struct model;
struct object;
struct site;

/*
 * A sentence, malloced. NULL: nothing is known. What is found while the target lives is
 * noted in m->seen, for when it is gone.
 */
char *object_describe(struct model *m, const struct object *o);

/*
 * Some objects of a site, at most max, oldest first: threads that nobody joined if there
 * are any, else what lives. They belong to m. How many.
 */
int object_examples(struct model *m, const struct site *s, struct object **list, int max);

#endif
