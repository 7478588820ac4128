// SPDX-License-Identifier: GPL-2.0
/* Blocks to which nothing refers, as text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heap/lost.h"
#include "heap/report.h"
#include "heap/snapshot.h"
#include "util/format.h"
#include "util/style.h"

enum { GROUPS_SHOWN = 10, WORD_BYTES = 8 };

static void write_words(FILE *f, const struct lost_group *g)
{
	for (unsigned int i = 0; i < g->nwords; i++) {
		const unsigned char *bytes = (const unsigned char *)&g->words[i];

		fprintf(f, "%s %016" PRIx64 "  ", i ? "               " : "    begins with", g->words[i]);
		for (int k = 0; k < WORD_BYTES; k++)
			fputc(bytes[k] >= ' ' && bytes[k] <= '~' ? bytes[k] : '.', f);
		fputc('\n', f);
	}
}

static void write_group(FILE *f, const struct lost_group *g, const struct report_style *style)
{
	char a[32], b[32], c[32];

	fprintf(f, "\n%sleak%s  %s in %s block%s of %s bytes", style_paint(style, "\033[1;31m"), PLAIN(style),
		format_bytes(g->bytes, a), format_count(g->blocks, b), g->blocks == 1 ? "" : "s",
		format_count(g->content_bytes, c));
	if (*g->type)
		fprintf(f, ": %s", g->type);
	else if (*g->where)
		fprintf(f, ": first word points to %s", g->where);
	fputc('\n', f);
	if (g->indirect_blocks)
		fprintf(f, "    and %s in %s block%s to which only these refer\n", format_bytes(g->indirect_bytes, a),
			format_count(g->indirect_blocks, b), g->indirect_blocks == 1 ? "" : "s");
	write_words(f, g);
	fputs("    e.g. ", f);
	for (unsigned int i = 0; i < g->examples; i++)
		fprintf(f, " %#" PRIx64, g->example[i]);
	fputc('\n', f);
}

static void write_sums(FILE *f, const struct heap_lost *l, const struct report_style *style)
{
	char a[32], b[32], c[32], d[32];

	if (!l->blocks) {
		fputs("\nsomething refers to every live block\n", f);
		return;
	}
	fprintf(f, "\n%snothing refers to %s block%s of %s%s", BOLD(style), format_count(l->blocks, a),
		l->blocks == 1 ? "" : "s", format_bytes(l->bytes, b), PLAIN(style));
	if (l->indirect_blocks)
		fprintf(f, ", and only they to %s more of %s", format_count(l->indirect_blocks, c),
			format_bytes(l->indirect_bytes, d));
	fputc('\n', f);
}

static void write_trust(FILE *f, const struct heap_snapshot *s)
{
	const struct heap_lost *l = &s->lost;
	uint64_t torn = s->torn + s->glibc.torn;
	char a[32], b[32], c[32];

	fprintf(f, "\n%s read in %u scan%s", format_bytes(l->read_bytes, a), l->scans, l->scans == 1 ? "" : "s");
	if (l->single_blocks)
		fprintf(f, "; %s blocks were without references in one scan only", format_count(l->single_blocks, b));
	if (torn)
		fprintf(f, "; %s reads were repeated, because the process had changed what they read",
			format_count(torn, b));
	if (l->unread_bytes)
		fprintf(f, "; %s vanished before it was read", format_bytes(l->unread_bytes, b));
	if (l->uncompared_blocks)
		fprintf(f, "; %s more blocks may be lost (table full)", format_count(l->uncompared_blocks, b));
	fprintf(f, "\nleaktrace used %s of memory\n", format_bytes(heap_memory_bytes(), c));
}

/** heap_text_lost() - print blocks to which nothing refers, and how it was found out */
void heap_text_lost(FILE *f, const struct heap_snapshot *s, const struct report_style *style)
{
	const struct heap_lost *l = &s->lost;
	size_t shown = style->all || l->groups < GROUPS_SHOWN ? l->groups : GROUPS_SHOWN;
	char count[32];

	write_sums(f, l, style);
	for (size_t i = 0; i < shown; i++)
		write_group(f, &l->group[i], style);
	if (l->groups > shown)
		fprintf(f, "\n%s more sizes and types (--all shows them)\n", format_count(l->groups - shown, count));
	if (l->ungrouped_blocks)
		fprintf(f, "\n%s blocks more, of other sizes and types\n", format_count(l->ungrouped_blocks, count));
	write_trust(f, s);
}
