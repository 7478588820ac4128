// SPDX-License-Identifier: GPL-2.0
/* Chains as stacks, the root outermost: for flame graphs, and for 'go tool pprof'. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/go/holders.h"
#include "runtime/go/holders_tree.h"
#include "runtime/go/process.h"
#include "util/format.h"
#include "util/pprof_encode.h"
#include "util/version.h"

/* What is done with each branch that has something of its own; name[0]: the root. */
typedef void (*branch_fn)(void *arg, const char *const *name, size_t n, const struct go_amount *own);

static void each(const struct go_tree *t, branch_fn f, void *arg)
{
	const char *name[GO_TREE_DEPTH_MAX];
	uint32_t way[GO_TREE_DEPTH_MAX];
	size_t deep = 0;

	way[0] = t->branch[0].first;
	while (deep || way[0]) {
		const struct go_branch *b;

		if (!way[deep]) {
			deep--;
			way[deep] = t->branch[way[deep]].next;
			continue;
		}
		b = &t->branch[way[deep]];
		name[deep] = b->name;
		if (b->own.objects)
			f(arg, name, deep + 1, &b->own);
		if (b->first && deep + 1 < GO_TREE_DEPTH_MAX)
			way[++deep] = b->first;
		else
			way[deep] = b->next;
	}
}

static void put_name(FILE *f, const char *s)
{
	for (; *s; s++)
		fputc(*s == ';' || (unsigned char)*s < ' ' ? ':' : *s, f);
}

struct folded {
	FILE *f;
	const char *comm;
};

static void fold(void *arg, const char *const *name, size_t n, const struct go_amount *own)
{
	const struct folded *to = arg;

	put_name(to->f, to->comm);
	for (size_t i = 0; i < n; i++) {
		fputc(';', to->f);
		put_name(to->f, name[i]);
	}
	fprintf(to->f, " %" PRIu64 "\n", own->bytes);
}

/** go_holders_folded() - one line for each chain, with its bytes; false: no memory */
bool go_holders_folded(FILE *f, struct go_holders *h)
{
	struct folded to = { f, h->reach.process->comm };
	struct go_tree tree;
	bool good = go_tree_make(&tree, h);

	if (good)
		each(&tree, fold, &to);
	go_tree_free(&tree);
	return good;
}

static void put_sample(void *arg, const char *const *name, size_t n, const struct go_amount *own)
{
	struct pprof_frame frame[GO_TREE_DEPTH_MAX] = { 0 };
	int64_t values[] = { own->objects, own->bytes, own->grown_bytes };

	for (size_t i = 0; i < n; i++)
		frame[i].function = name[n - 1 - i];
	pprof_sample(arg, frame, n, values, NULL, 0);
}

static struct pprof *begin(const struct go_holders *h)
{
	const struct go_process *process = h->reach.process;
	struct pprof *p = pprof_new();
	struct timespec now;
	char *comment;

	if (!p)
		return NULL;
	pprof_sample_type(p, "inuse_objects", "count");
	pprof_sample_type(p, "inuse_space", "bytes");
	if (h->window_s > 0)
		pprof_sample_type(p, "grown_space", "bytes");
	pprof_default_type(p, h->window_s > 0 ? "grown_space" : "inuse_space");
	clock_gettime(CLOCK_REALTIME, &now);
	pprof_time(p, now.tv_sec * 1000000000LL + now.tv_nsec, h->window_s * 1e9);
	comment = strdup_printf("leaktrace " LEAKTRACE_VERSION ", process %d (%s), %s: what keeps its objects alive",
				process->pid, process->comm, process->table.version);
	pprof_comment(p, comment);
	free(comment);
	return p;
}

/** go_holders_pprof() - a profile whose stacks are chains; 0 or -errno */
int go_holders_pprof(struct go_holders *h, void **data, size_t *len)
{
	struct pprof *p = begin(h);
	struct go_tree tree = { 0 };
	int error = p && go_tree_make(&tree, h) ? 0 : -ENOMEM;

	if (!error) {
		each(&tree, put_sample, p);
		error = pprof_finish(p, data, len);
	}
	go_tree_free(&tree);
	pprof_free(p);
	return error;
}
