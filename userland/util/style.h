/* SPDX-License-Identifier: GPL-2.0 */
/* Formats, colours and limits of a report. */
#ifndef LEAKTRACE_STYLE_H
#define LEAKTRACE_STYLE_H

#include <stdbool.h>

enum format {
	FORMAT_TEXT, FORMAT_JSON, FORMAT_FOLDED, FORMAT_PPROF, FORMAT_OPENMETRICS, FORMAT_PROMETHEUS, FORMAT_HTML,
};

struct report_style {
	enum format format;
	bool all;			/* also call paths without findings, and whole stacks */
	bool color;
	int rows;			/* height of the terminal; 0: no limit */
	int columns;			/* its width, also with a pager; 0: not on a terminal */
};

static inline const char *style_paint(const struct report_style *style, const char *code)
{
	return style->color ? code : "";
}

#define BOLD(style)	style_paint(style, "\033[1m")
#define DIM(style)	style_paint(style, "\033[2m")
#define PLAIN(style)	style_paint(style, "\033[0m")

#endif
