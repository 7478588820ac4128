/* SPDX-License-Identifier: GPL-2.0 */
/* One site of a report, with everything that is known of it. */
#ifndef LEAKTRACE_REPORT_TEXT_SITE_H
#define LEAKTRACE_REPORT_TEXT_SITE_H

#include <stddef.h>
#include <stdio.h>

struct model;
struct report_style;

/*
 * Writes the site with this number or, if there is none, those whose hash begins so,
 * as text or JSON. Returns how many.
 */
size_t report_one_site(FILE *f, struct model *m, const char *id, const struct report_style *style);

#endif
