/* SPDX-License-Identifier: GPL-2.0 */
/* What reports of all forms say of a judged model: what was lost, and what is worst. */
#ifndef LEAKTRACE_REPORT_REPORT_H
#define LEAKTRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/leaktrace.h>

struct finding;
struct runtime_site;
struct model;
struct report_style;
struct site;

enum { STACK_UNKNOWN = __LEAKTRACE_STACK_MAX };	/* not even why it is missing */

struct losses {
	bool exact;
	uint64_t bytes;			/* of live memory; its share with complete stacks: */
	double complete_bytes;
	struct {
		uint64_t objects, bytes;
	} ended[STACK_UNKNOWN + 1];	/* live, by why their stack is not complete */
	uint64_t events, objects, stacks, truncated_stacks, reconciled;
	double complete_stacks;
	const char *inexact[16];
	unsigned int ninexact;
};

/* A finding: of the kernel's kinds, or of what a runtime knows. */
struct report_item {
	const struct finding *g;
	const struct runtime_site *l;	/* or NULL */
};

void report_losses(struct model *m, struct losses *l);
size_t report_rank(struct model *m, struct site ***sites);	/* malloced, worst first */
size_t report_findings(struct model *m, struct report_item **items);	/* the same of findings */
bool report_leaks(const struct model *m);
uint64_t report_weight(const struct site *s);	/* worse ones are heavier */

/* Live objects by stack, a line each: what flame graph tools read. */
void report_folded(FILE *f, struct model *m);

#endif
