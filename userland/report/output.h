/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes reports of one or more targets to the output that the options name.
 * Failures are EXIT_TROUBLE after an error message.
 */
#ifndef LEAKTRACE_REPORT_OUTPUT_H
#define LEAKTRACE_REPORT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "util/style.h"

struct family;
struct model;
struct output;

struct output_options {
	enum format format;
	bool format_given;
	bool all, no_color;
	bool pager;			/* for text that is longer than the terminal */
	const char *site;		/* only this one: a number, or how a hash begins; NULL: all */
	const char *path;		/* NULL or "-": standard output */
};

bool output_is_stdout(const struct output_options *o);
struct report_style output_style(const struct output_options *o, FILE *f);
FILE *output_open_file(const struct output_options *o);	/* NULL after an error message */
void output_say_written(const struct output_options *o, unsigned int leaks);	/* on stderr */
int output_close_file(FILE *f, const struct output_options *o);

struct json_object;

/*
 * What is not a report of a target, as JSON, which json makes and is freed, or else as text.
 * 0, or EXIT_TROUBLE after an error message.
 */
struct document {
	struct json_object *(*json)(void *arg);
	void (*text)(FILE *f, void *arg, const struct report_style *style);
	void *arg;
	bool one_line;			/* of JSON */
};

int output_document(const struct output_options *o, const struct document *d);

struct output *output_open(const struct output_options *o);	/* NULL after an error message */
/*
 * Checks before a long wait whether the output can be written. 0, or
 * EXIT_TROUBLE after an error message.
 */
int output_check(const struct output_options *o, bool several);
int output_report(struct output *out, struct model *m);	/* judged */
size_t output_sites(const struct output *out);		/* how many the given site has been so far */
void output_append(struct output *out, FILE *written);	/* reports that were written before, by report_write() */
void output_rest(struct output *out, const struct family *f);	/* text: processes without a report */
int output_close(struct output *out);			/* frees it */

#endif
