// SPDX-License-Identifier: GPL-2.0
/* What keeps the objects of a Go program alive, as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/process.h"
#include "util/format.h"
#include "util/style.h"

enum { ROOTS = 10 };

static uint64_t not_reached(const struct go_reach *r)
{
	return r->spans.allocated_bytes > r->bytes ? r->spans.allocated_bytes - r->bytes : 0;
}

static void write_head(FILE *f, const struct go_holders *h)
{
	const struct go_reach *r = &h->reach;
	char a[32], b[32], c[32];

	fprintf(f, "%s (%d), %s: %s in %s objects are referred to\n", r->process->comm, r->process->pid,
		r->process->table.version, format_bytes(r->bytes, a), format_count(r->objects, b));
	fprintf(f, "not a leak: %s more that nothing refers to any more are not collected yet\n",
		format_bytes(not_reached(r), a));
	if (h->memory_known)
		fprintf(f, "heap: %s in use, %s free and kept, %s returned to the system\n",
			format_bytes(h->memory.in_use, a), format_bytes(h->memory.idle, b),
			format_bytes(h->memory.returned, c));
}

static void write_chain(FILE *f, const struct go_holders *h, const struct go_chain *c)
{
	const struct go_link *l = &h->reach.chains.link[c->link];
	const char *part = c->text;
	char a[32], b[32], change[40];

	fprintf(f, "    %10s %12s  ", format_bytes(l->bytes, a), format_count(l->objects, b));
	if (h->window_s > 0)
		fprintf(f, "%10s  ", l->grown_bytes ? format_bytes_change(l->grown_bytes, change) : "");
	for (unsigned int i = 0; i < c->parts; i++, part += strlen(part) + 1)
		fprintf(f, "%s%s", i ? " -> " : "", part);
	fputc('\n', f);
}

static void write_finding(FILE *f, struct go_holders *h, const struct go_finding *one, const struct report_style *style)
{
	struct go_chain chain = { 0 };
	const char *part;
	char text[512];

	go_finding_say(h, one, text, sizeof(text));
	fprintf(f, "\n%sfinding%s  %s\n", BOLD(style), PLAIN(style), text);
	if (one->root == GO_ROOT_NONE)
		return;
	fprintf(f, "    %s", go_root_name(&h->reach, &h->variables, one->root));
	if (one->link && go_chain_say(&h->reach, one->link, &chain)) {
		part = chain.text;
		for (unsigned int i = 0; i < chain.parts; i++, part += strlen(part) + 1)
			fprintf(f, " -> %s", part);
	}
	fputc('\n', f);
	free(chain.text);
}

static void write_root(FILE *f, struct go_holders *h, uint32_t root, const struct report_style *style)
{
	const struct go_root *one = &h->reach.chains.root[root];
	char a[32], b[32], change[40];
	uint64_t retained_bytes;

	fprintf(f, "\n%s%s%s in %s objects", BOLD(style), format_bytes(one->bytes, a), PLAIN(style),
		format_count(one->objects, b));
	if (go_shared_retained(&h->reach.chains, root, &retained_bytes) && retained_bytes < one->bytes)
		fprintf(f, ", %s of it held by nothing else", format_bytes(retained_bytes, a));
	fprintf(f, ": %s", go_root_name(&h->reach, &h->variables, root));
	if (one->holders > 1)
		fprintf(f, " (%s of them)", format_count(one->holders, a));
	if (one->grown_bytes)
		fprintf(f, ": %s in %s", format_bytes_change(one->grown_bytes, change),
			format_seconds(h->window_s, a));
	fputc('\n', f);
	for (size_t i = 0; i < h->chains; i++)
		if (h->reach.chains.link[h->chain[i].link].root == root)
			write_chain(f, h, &h->chain[i]);
}

static void write_trust(FILE *f, const struct go_holders *h)
{
	const struct go_reach *r = &h->reach;
	char a[32], b[32];

	fprintf(f, "\n%s read in %s of processor time", format_bytes(r->read_bytes, a), format_seconds(h->cpu_s, b));
	if (h->counts.running)
		fprintf(f, "; %s goroutines were running: all of their stacks was taken", format_count(h->counts.running, a));
	if (h->counts.given_up)
		fprintf(f, "; %s goroutines changed during every attempt to read them", format_count(h->counts.given_up, a));
	if (h->changed)
		fprintf(f, "; %s chains had changed when they were read again, and are not told", format_count(h->changed, a));
	if (r->unread_objects)
		fprintf(f, "; %s objects could not be read", format_count(r->unread_objects, a));
	if (r->chains.folded)
		fprintf(f, "; %s objects are told with what refers to them (table full)", format_count(r->chains.folded, a));
	fputc('\n', f);
}

/** go_holders_text() - print what holds most, and how */
void go_holders_text(FILE *f, struct go_holders *h, const struct report_style *style)
{
	size_t shown = style->all || h->roots < ROOTS ? h->roots : ROOTS;
	char count[32];

	write_head(f, h);
	for (size_t i = 0; i < h->findings; i++)
		write_finding(f, h, &h->finding[i], style);
	for (size_t i = 0; i < shown; i++)
		write_root(f, h, h->root[i], style);
	if (h->roots > shown)
		fprintf(f, "\n%s more hold something (--all shows them)\n", format_count(h->roots - shown, count));
	write_trust(f, h);
}
