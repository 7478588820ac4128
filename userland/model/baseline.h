/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The baseline by type. The kernel counts it by kind only: how many of a type were there at
 * attach is known if somebody has looked then, from that look on.
 */
#ifndef LEAKTRACE_MODEL_BASELINE_H
#define LEAKTRACE_MODEL_BASELINE_H

#include <stdint.h>
#include <stdio.h>

struct model;
struct nl_msg;
struct nlattr;

void baseline_look(struct model *m);		/* after a dump of objects */
uint64_t baseline_of_type(const struct model *m, unsigned int kind, unsigned int type);	/* live now */

/* As attributes of a trace file, and as text. baseline_take(): 0 or -EBADMSG. */
void baseline_put(struct nl_msg *msg, int attr, const struct model *m);
int baseline_take(struct nlattr *nest, struct model *m);
void baseline_write(FILE *f, const struct model *m);
void baseline_read(FILE *f, struct model *m);

#endif
