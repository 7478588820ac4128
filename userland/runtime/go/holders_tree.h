/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps the objects of a Go program alive as a tree of names: roots, and below each
 * what it leads to. Chains that read the same are one branch.
 */
#ifndef LEAKTRACE_RUNTIME_GO_HOLDERS_TREE_H
#define LEAKTRACE_RUNTIME_GO_HOLDERS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct go_holders;

struct go_amount {
	uint64_t bytes, objects, grown_bytes;
};

struct go_branch {
	char *name;
	struct go_amount own, all;	/* of what is told by exactly this; with all that is below */
	bool is_shared;			/* a root, and others lead to some of it, too */
	uint64_t retained_bytes;	/* then: what they do not lead to */
	uint32_t first, next;		/* below it, and beside it; 0: none */
};

struct go_tree {
	struct go_branch *branch;	/* number 0 is the whole heap */
	size_t n, capacity;
};

enum { GO_TREE_DEPTH_MAX = 24 };

bool go_tree_make(struct go_tree *t, struct go_holders *h);	/* false: no memory */
void go_tree_free(struct go_tree *t);

/* The whole as folded stacks, values are bytes; as a page; as a profile, gzipped and malloced: 0 or -errno. */
bool go_holders_folded(FILE *f, struct go_holders *h);		/* false: no memory */
bool go_holders_html(FILE *f, struct go_holders *h);		/* false: no memory */
int go_holders_pprof(struct go_holders *h, void **data, size_t *len);

#endif
