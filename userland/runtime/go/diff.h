/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares two files written by 'leaktrace go'. They are untrusted, as all
 * files are.
 */
#ifndef LEAKTRACE_RUNTIME_GO_DIFF_H
#define LEAKTRACE_RUNTIME_GO_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

struct report_style;

/* One call path that is in one or both of the samples; values as in the files. */
struct go_growth {
	struct json_object *site;	/* of the newer sample if it is there; borrowed */
	bool heap;			/* counted in bytes too */
	unsigned int kind;		/* index into go_growth_kinds */
	int64_t live, live_before, bytes, bytes_before;
};

struct go_difference {
	struct json_object *older, *newer;
	bool same;			/* both are samples of one process */
	struct go_growth *growth;	/* that changed; worst first */
	size_t n;
};

extern const char *const go_growth_kinds[];

bool go_difference_fits(const char *path);	/* a document, or a directory with one */
struct go_difference *go_difference_read(const char *older, const char *newer, char *err,
					 size_t errlen);	/* NULL: err says why */
unsigned int go_difference_leaks(const struct go_difference *d);
void go_difference_free(struct go_difference *d);
struct json_object *go_document_at(struct json_object *o, const char *key, enum json_type type);
const char *go_document_text(struct json_object *o, const char *key);	/* "" if absent */

void go_difference_text(FILE *f, const struct go_difference *d, const struct report_style *style);
void go_difference_json(FILE *f, const struct go_difference *d);

#endif
