/* SPDX-License-Identifier: GPL-2.0 */
/* A judged view of a Go program as text, JSON or profiles. */
#ifndef LEAKTRACE_RUNTIME_GO_REPORT_H
#define LEAKTRACE_RUNTIME_GO_REPORT_H

#include <stddef.h>
#include <stdio.h>

struct go_view;
struct json_object;
struct report_style;

void go_text(FILE *f, struct go_view *v, const struct report_style *style);
struct json_object *go_json(struct go_view *v);		/* the caller owns it */

/*
 * Writes a file for each kind to a directory, which is created if needed. 0, or
 * -errno with one line in err.
 */
int go_pprof_write(struct go_view *v, const char *dir, char *err, size_t errlen);

#endif
