/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of the text report: columns, frames, one finding. */
#ifndef LEAKTRACE_REPORT_TEXT_H
#define LEAKTRACE_REPORT_TEXT_H

#include "leaktrace.h"
#include "util/style.h"

enum { TEXT_COLUMNS = 100 };

void report_sentence(FILE *f, const char *lead, const char *text);	/* wrapped */
void report_finding(FILE *f, struct model *m, const struct finding *g, const struct report_style *style,
		    bool brief);

void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct report_style *style);
void report_at(FILE *f, const struct symbol_frame *place);	/* " at FUNCTION (FILE:LINE)" */
void report_runtime_site(FILE *f, const struct runtime_site *s, const struct report_style *style, bool brief);
void report_runtime_totals(FILE *f, const struct model *m);

void report_rss(FILE *f, struct model *m, const struct report_style *style);	/* nothing without pages */

#endif
