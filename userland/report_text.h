/* SPDX-License-Identifier: GPL-2.0 */
/* What the rooms of the text report share: colours, columns, one finding. */
#ifndef LEAKTRACE_REPORT_TEXT_H
#define LEAKTRACE_REPORT_TEXT_H

#include "leaktrace.h"

enum { TEXT_COLUMNS = 100 };

static inline const char *report_paint(const struct look *look, const char *code)
{
	return look->color ? code : "";
}

#define BOLD(l)		report_paint(l, "\033[1m")
#define DIM(l)		report_paint(l, "\033[2m")
#define PLAIN(l)	report_paint(l, "\033[0m")

const char *report_color(const struct look *look, enum verdict v);
const char *report_tail(const char *path, size_t room);	/* the last parts of a path */
void report_sentence(FILE *f, const char *lead, const char *text);	/* wrapped */
void report_finding(FILE *f, struct model *m, const struct finding *g, const struct look *look,
		    bool brief);

void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct look *look);
void report_at(FILE *f, const struct symbol_frame *place);	/* " at FUNCTION (FILE:LINE)" */
void report_lang_site(FILE *f, const struct lang_site *s, const struct look *look, bool brief);
void report_lang_totals(FILE *f, const struct model *m);

void report_rss(FILE *f, struct model *m, const struct look *look);	/* nothing without pages */

#endif
