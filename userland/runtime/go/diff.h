/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two looks at Go programs, as 'leaktrace go' has written them: what grew, by
 * place. Documents are hostile, as all files are.
 */
#ifndef LEAKTRACE_GO_DIFFERENCE_H
#define LEAKTRACE_GO_DIFFERENCE_H

#include <json-c/json.h>

#include "leaktrace.h"

/* One place that both looks, or one of them, have; values as in the documents. */
struct go_growth {
	struct json_object *site;	/* of the newer look if it is there; borrowed */
	bool heap;			/* counted in bytes, too */
	unsigned int kind;		/* place in go_growth_kinds */
	int64_t live, live_before, bytes, bytes_before;
};

struct go_difference {
	struct json_object *older, *newer;
	bool same;			/* one process */
	struct go_growth *growth;	/* that is not 0; worst first */
	size_t n;
};

extern const char *const go_growth_kinds[];

/* go_difference.c */
bool go_difference_fits(const char *path);	/* a document, or a folder with one */
struct go_difference *go_difference_read(const char *older, const char *newer, char *err,
					 size_t errlen);	/* NULL: err says why */
bool go_difference_leaks(const struct go_difference *d);
void go_difference_free(struct go_difference *d);
struct json_object *go_document_at(struct json_object *o, const char *key, enum json_type type);
const char *go_document_text(struct json_object *o, const char *key);	/* "" if absent */

/* go_difference_say.c */
void go_difference_text(FILE *f, const struct go_difference *d, const struct report_style *look);
void go_difference_json(FILE *f, const struct go_difference *d);

#endif
