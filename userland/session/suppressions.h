/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leaks that are known and not to be reported: those that match an entry of a
 * suppression file, and those of a former report (the baseline).
 */
#ifndef LEAKTRACE_SESSION_SUPPRESSIONS_H
#define LEAKTRACE_SESSION_SUPPRESSIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "util/intern.h"

struct analysis_options;
struct model;
struct runtime_site;
struct suppressions;

struct suppressions *suppressions_new(void);	/* NULL: no memory */
void suppressions_free(struct suppressions *s);	/* NULL is fine */

/* Each may be called several times. 0, or EXIT_TROUBLE after an error message. */
int suppressions_read(struct suppressions *s, const char *path);
int suppressions_read_baseline(struct suppressions *s, const char *path, const struct analysis_options *analysis);

/*
 * After each analysis: what is known gets the verdict ok, and why as its first
 * evidence. NULL: nothing is known.
 */
void suppressions_apply(struct suppressions *s, struct model *m);

/* Whether a runtime's site is known, of which there is news. NULL: no. */
bool suppressions_have(struct suppressions *s, const struct runtime_site *site);

/* On stderr, what was suppressed by the last call for each target; nothing if nothing was. */
void suppressions_report(const struct suppressions *s);

struct suppressions_writer {
	FILE *out;
	struct intern written;		/* free with intern_free() */
};

/*
 * Entries that would suppress what a judged model reports; none twice, whatever
 * models the writer had before. 0, or EXIT_TROUBLE after an error message.
 */
int suppressions_write(struct suppressions_writer *w, struct model *m);

#endif
