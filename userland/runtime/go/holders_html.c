// SPDX-License-Identifier: GPL-2.0
/*
 * The tree as a page that opens and closes branches without a script. All names come from
 * the program and may be hostile: the page may load and run nothing, and every name is
 * written as text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/holders_tree.h"
#include "runtime/go/process.h"
#include "util/format.h"

enum { SMALL = 5000 /* one in so many bytes of the heap is told with others */ };

static const char head[] =
	"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\"><style>\n"
	":root { color-scheme: light dark }\n"
	"body { font: 14px/1.5 system-ui, sans-serif; margin: 1em 2em }\n"
	"details details, details p { margin-left: 1.5em }\n"
	"p { margin: 0 0 0 1em } summary { cursor: pointer }\n"
	"b { display: inline-block; min-width: 6em; text-align: right }\n"
	"i { display: inline-block; min-width: 8em; text-align: right; font-style: normal; opacity: .7 }\n"
	"code { white-space: pre-wrap; overflow-wrap: anywhere; margin-left: 1em }\n"
	"</style>\n";

static void put(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '<' || *s == '>' || *s == '&' || *s == '"')
			fprintf(f, "&#%d;", *s);
		else
			fputc(*s, f);
	}
}

static void put_branch(FILE *f, const struct go_branch *b, const char *tag)
{
	char bytes[32], objects[32], change[40];

	fprintf(f, "<%s><b>%s</b><i>%s</i>", tag, format_bytes(b->all.bytes, bytes), format_count(b->all.objects, objects));
	if (b->all.grown_bytes)
		fprintf(f, "<i>%s</i>", format_bytes_change(b->all.grown_bytes, change));
	if (b->is_shared)
		fprintf(f, "<i>%s held by nothing else</i>", format_bytes(b->retained_bytes, bytes));
	fputs("<code>", f);
	put(f, b->name);
	fprintf(f, "</code></%s>\n", tag);
}

/* What is too small to be told alone, and all after it. */
static void put_rest(FILE *f, const struct go_tree *t, uint32_t from)
{
	struct go_branch rest = { 0 };
	char name[48], count[32];
	uint64_t n = 0;

	for (uint32_t i = from; i; i = t->branch[i].next, n++) {
		rest.all.bytes += t->branch[i].all.bytes;
		rest.all.objects += t->branch[i].all.objects;
		rest.all.grown_bytes += t->branch[i].all.grown_bytes;
	}
	snprintf(name, sizeof(name), "%s more", format_count(n, count));
	rest.name = name;
	put_branch(f, &rest, "p");
}

/* All that is below a branch; no deeper than chains are. */
static void put_tree(FILE *f, const struct go_tree *t)
{
	uint32_t way[GO_TREE_DEPTH_MAX];
	size_t deep = 0;

	way[0] = t->branch[0].first;
	for (;;) {
		const struct go_branch *b = &t->branch[way[deep]];
		bool small = way[deep] && b->all.bytes < t->branch[0].all.bytes / SMALL && !b->all.grown_bytes;

		if (small)
			put_rest(f, t, way[deep]);
		if (!way[deep] || small) {
			if (!deep--)
				return;
			fputs("</details>\n", f);
			way[deep] = t->branch[way[deep]].next;
		} else if (b->first && deep + 1 < GO_TREE_DEPTH_MAX) {
			fputs("<details>", f);
			put_branch(f, b, "summary");
			way[++deep] = b->first;
		} else {
			put_branch(f, b, "p");
			way[deep] = b->next;
		}
	}
}

static void put_findings(FILE *f, struct go_holders *h)
{
	char text[512];

	for (size_t i = 0; i < h->findings; i++) {
		go_finding_say(h, &h->finding[i], text, sizeof(text));
		fputs("<p>", f);
		put(f, text);
		if (h->finding[i].root != GO_ROOT_NONE) {
			fputs(": <code>", f);
			put(f, go_root_name(&h->reach, &h->variables, h->finding[i].root));
			fputs("</code>", f);
		}
		fputs("</p>\n", f);
	}
}

/** go_holders_html() - the whole tree as a page; false: no memory */
bool go_holders_html(FILE *f, struct go_holders *h)
{
	const struct go_process *p = h->reach.process;
	char bytes[32], objects[32], window[32];
	struct go_tree tree;
	bool good = go_tree_make(&tree, h);

	if (good) {
		fputs(head, f);
		fputs("<title>leaktrace: ", f);
		put(f, p->comm);
		fputs("</title></head><body>\n<h1>", f);
		put(f, p->comm);
		fprintf(f, " (%d)</h1>\n<p>%s in %s objects: bytes, objects", p->pid, format_bytes(h->reach.bytes, bytes),
			format_count(h->reach.objects, objects));
		if (h->window_s > 0)
			fprintf(f, ", growth in %s", format_seconds(h->window_s, window));
		fputs(", and what keeps them alive</p>\n", f);
		put_findings(f, h);
		put_tree(f, &tree);
		fputs("</body></html>\n", f);
	}
	go_tree_free(&tree);
	return good;
}
