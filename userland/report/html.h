/* SPDX-License-Identifier: GPL-2.0 */
/* Judged models as one self-contained HTML page. */
#ifndef LEAKTRACE_REPORT_HTML_H
#define LEAKTRACE_REPORT_HTML_H

#include <stdio.h>

struct json_object;
struct model;

/* The page's data about one model; the caller owns it. */
struct json_object *html_data(struct model *m);
int html_write(FILE *f, struct json_object *reports);	/* an array of these; 0 or -errno */

#endif
