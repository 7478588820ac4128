/* SPDX-License-Identifier: GPL-2.0 */
/* A judged model as text, and its parts. */
#ifndef LEAKTRACE_REPORT_TEXT_H
#define LEAKTRACE_REPORT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

struct finding;
struct judgement;
struct report_item;
struct runtime_site;
struct model;
struct report_style;

enum { TEXT_COLUMNS = 100 };

int report_write(FILE *f, struct model *m, const struct report_style *look);	/* text, JSON, folded */
void report_text(FILE *f, struct model *m, const struct report_style *look);

void report_header(FILE *f, struct model *m, const struct report_style *style);	/* one line */
/* Wrapped: lines begin below its first word. */
void report_sentence(FILE *f, const char *lead, const char *text, const struct report_style *style);
void report_finding(FILE *f, struct model *m, const struct finding *g, const struct report_style *style,
		    bool brief);

void report_runtime_site(FILE *f, const struct runtime_site *s, const struct report_style *style, bool brief);

void report_totals(FILE *f, struct model *m, const struct report_style *style);
void report_children_finding(FILE *f, struct model *m, const struct report_item *item,
			     const struct report_style *style, bool brief);
void report_children(FILE *f, const struct model *m, const struct report_style *style);

void report_memory(FILE *f, struct model *m, const struct report_style *style);	/* nothing without pages */
/* The finding m->kept_free. */
void report_kept_free(FILE *f, const struct model *m, const struct report_style *style, bool brief);

/* The verdict at the beginning of a headline, which is bold from there on; and how sure it is. */
void report_verdict(FILE *f, const struct judgement *j, const struct report_style *style);
void report_confidence(FILE *f, const struct judgement *j);

#endif
