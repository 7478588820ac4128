/* SPDX-License-Identifier: GPL-2.0 */
/* What other people's tools read, and where reports of any form go. */
#ifndef LEAKTRACE_OUTPUT_H
#define LEAKTRACE_OUTPUT_H

#include "leaktrace.h"

/*
 * ages.c: the live ones of a site by age class; returns how many are of unknown age
 */
enum { AGES = 7 };
uint64_t ages_of(struct model *m, const struct site *s, uint64_t live[AGES]);
const char *age_name(unsigned int age);

/*
 * page.c, page_data.c: judged models as one HTML page that needs nothing else.
 * page_data() is what the page knows of one; page_write() takes an array of
 * these. 0 or -errno.
 */
struct json_object *page_data(struct model *m);
int page_write(FILE *f, struct json_object *reports);

/*
 * report_pprof.c: one kind of a judged model as a gzipped profile, malloced; 0
 * or -errno.
 */
int report_pprof(struct model *m, int kind, void **data, size_t *len);
int report_pprof_all(struct model *m, void **data, size_t *len);	/* of all kinds, by label */
/* The same of what a runtime knows. */
struct runtime_total;
int report_runtime_pprof(struct model *m, const struct runtime_total *kind, void **data, size_t *len);

/*
 * metrics.c: judged models as OpenMetrics text. Families are collected over
 * all targets, since each may be told only once.
 */
struct metrics;
struct metrics *metrics_new(void);		/* NULL: no memory */
void metrics_add(struct metrics *x, struct model *m);
int metrics_write(struct metrics *x, FILE *f);	/* 0 or -errno */
void metrics_free(struct metrics *x);

/*
 * replace.c: a file that is there as a whole or not at all: written beside its
 * place, and put there at the end. What is no regular file is written to as it is.
 */
struct atomic_file {
	FILE *f;
	char *path, *tmp;			/* tmp NULL: written in place */
};

int atomic_file_open(struct atomic_file *r, const char *path);	/* 0 or -errno */
/* In a directory whose owner may have put a link or a pipe there: that is replaced. */
int atomic_file_open_inside(struct atomic_file *r, const char *path);
int atomic_file_close(struct atomic_file *r, bool keep);		/* 0 or -errno */

/*
 * output.c: reports of one or more targets, to where the options say. Failures
 * are told on stderr and are EXIT_TROUBLE.
 */
struct output_options {
	enum format format;
	bool format_given;
	bool all, no_color;
	const char *path;		/* NULL or "-": standard output */
};

bool output_is_stdout(const struct output_options *o);
struct report_style output_style(const struct output_options *o, FILE *f);
FILE *output_open_file(const struct output_options *o);	/* NULL: said why */
int output_close_file(FILE *f, const struct output_options *o);

struct output;
struct output *output_open(const struct output_options *o);	/* NULL: said why */
/* Before a long wait: can it be written at all? 0, or EXIT_TROUBLE: said why. */
int output_check(const struct output_options *o, bool several);
int output_report(struct output *out, struct model *m);	/* judged */
int output_close(struct output *out);			/* frees it */

#endif
