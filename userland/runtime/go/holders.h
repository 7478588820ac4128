/* SPDX-License-Identifier: GPL-2.0 */
/* What keeps the objects of a Go program alive: roots, and chains of references from them. */
#ifndef LEAKTRACE_RUNTIME_GO_HOLDERS_H
#define LEAKTRACE_RUNTIME_GO_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/go/finding.h"
#include "runtime/go/memstats.h"
#include "runtime/go/reach.h"
#include "runtime/go/root.h"
#include "runtime/go/variable.h"

struct go_past;
struct json_object;
struct report_style;

#define GO_HOLDERS_MEMORY_BYTES (1ULL << 30)	/* unless something else is asked for */

struct go_chain {
	uint32_t link;
	char *text;			/* its parts, each with its end */
	unsigned int parts;
};

struct go_holders {
	struct go_reach reach;
	struct go_variables variables;
	struct go_root_counts counts;
	bool memory_known;
	struct go_memory memory;
	uint64_t rss_bytes;
	uint32_t *root;			/* numbers, the one that holds most first */
	size_t roots;
	struct go_chain *chain;		/* those that are told; of one root after the other, most bytes first */
	size_t chains, capacity;
	struct go_finding *finding;	/* most bytes first */
	size_t findings, findings_capacity;
	uint64_t changed;		/* chains that were not there any more when they were read again */
	double cpu_s;
	double window_s;		/* since the walk that it is compared with; 0: with none */
};

struct go_holders_options {
	uint64_t max_bytes;
	bool all;			/* all that holds anything */
	struct go_past *past;		/* an earlier walk, to compare with; or NULL */
	void (*progress)(unsigned int percent);	/* may be NULL */
};

/* 0, or -errno with one line in err. */
int go_holders_read(struct go_holders *h, const struct go_process *p, const struct go_holders_options *o,
		    char *err, size_t errlen);
void go_holders_text(FILE *f, struct go_holders *h, const struct report_style *style);
struct json_object *go_holders_json(struct go_holders *h);	/* the caller owns it */
void go_holders_free(struct go_holders *h);

/* chain_text.c: false: no memory */
bool go_chain_say(struct go_reach *r, uint32_t link, struct go_chain *c);

#endif
