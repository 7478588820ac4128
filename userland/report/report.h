/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all report formats: losses, and the order of sites and findings. */
#ifndef LEAKTRACE_REPORT_REPORT_H
#define LEAKTRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/leaktrace.h>

#include "model/children.h"

struct finding;
struct judgement;
struct runtime_site;
struct model;
struct report_style;
struct site;

enum { STACK_UNKNOWN = __LEAKTRACE_STACK_MAX };	/* the reason is unknown too */

struct losses {
	bool exact;
	uint64_t bytes;			/* of live memory; its share with complete stacks: */
	double complete_bytes;
	struct {
		uint64_t objects, bytes;
	} ended[STACK_UNKNOWN + 1];	/* live objects by the reason for an incomplete stack */
	uint64_t events, objects, stacks, truncated_stacks, skipped, reconciled;
	double complete_stacks;
	struct {			/* debug information that findings lack; files: 0: none */
		const char *file;	/* one of them, */
		const char *module;	/* and the program or library that refers to it */
		unsigned int files;
	} missing_debug;
	char unknown_script[32];	/* "PHP 8.9": an interpreter of which only its own frames are known; "": none */
	const char *inexact[16];
	unsigned int ninexact;
};

/* A finding: of the kernel's kinds, a runtime's, child processes or free memory. The others are NULL. */
struct report_item {
	const struct finding *g;
	const struct runtime_site *l;
	const struct child_group *children;
	enum child_group_id group;
	const struct judgement *kept_free;	/* what malloc keeps although it is free */
};

void report_losses(struct model *m, struct losses *l);
size_t report_rank(struct model *m, struct site ***sites);	/* malloced, worst first */
enum verdict report_item_verdict(const struct report_item *item);
size_t report_findings(struct model *m, struct report_item **items);	/* malloced, worst first */
bool report_is_small(const struct report_item *item);	/* not told unless asked: --all, JSON */

enum { REPORT_TELLS_AFTER_S = 10 };	/* that nothing leaks is said only after this time */
bool report_too_short(struct model *m);	/* and there is no finding */
bool report_leaks(const struct model *m);
unsigned int report_leak_count(const struct model *m);
uint64_t report_weight(const struct site *s);	/* for ranking */

/* Live objects by stack, one line each, for flame graph tools. */
void report_folded(FILE *f, struct model *m);

#endif
