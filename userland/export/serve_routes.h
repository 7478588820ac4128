/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answers requests. Models older than a second are read again, except those of a file.
 */
#ifndef LEAKTRACE_EXPORT_SERVE_ROUTES_H
#define LEAKTRACE_EXPORT_SERVE_ROUTES_H

struct answer;
struct analysis_options;
struct request;
struct served;

struct served *served_open(const struct analysis_options *analysis, const char *what);	/* NULL: no memory */
int served_refresh(struct served *s);		/* 0, or EXIT_TROUBLE after an error message */
void served_answer(const struct request *q, struct answer *a, void *served);
void served_close(struct served *s);

#endif
