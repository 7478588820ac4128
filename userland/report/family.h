/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What many processes do alike. The same call path that leaks in several processes is one
 * finding, told once, with each process and its count.
 */
#ifndef LEAKTRACE_REPORT_FAMILY_H
#define LEAKTRACE_REPORT_FAMILY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct family;
struct model;
struct report_style;
struct site;

struct family *family_new(void);	/* NULL: no memory, which every function accepts */
void family_free(struct family *f);

/* The same for sites of the same kind, type and call path in different processes. */
uint64_t family_key(struct model *m, const struct site *s);

/* Whether a judged model has a finding that no model has had that was added before. */
bool family_has_news(const struct family *f, struct model *m);
void family_add(struct family *f, struct model *m);
/* For a model that is not going to be reported: only what it had in common, and that it was there. */
void family_leave_out(struct family *f, const struct model *m);

/*
 * Sets finding.shares of a model that was added. With skip also finding.told of those that a
 * model marked earlier has; returns whether anything is left to tell of this one.
 */
bool family_mark(struct family *f, struct model *m, bool skip);

/* After the reports: one line for each process that has none of its own, and who was left out. */
void family_note(struct family *f, struct model *m);
void family_write_rest(FILE *out, const struct family *f);

#endif
