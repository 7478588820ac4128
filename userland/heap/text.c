// SPDX-License-Identifier: GPL-2.0
/* A heap as text: what its memory is used for, by arena and by size. */
#include <inttypes.h>
#include <stdio.h>

#include "model/allocator.h"
#include "heap/report.h"
#include "heap/snapshot.h"
#include "util/format.h"
#include "util/style.h"

enum { ARENAS_SHOWN = 8 };

static void write_head(FILE *f, const struct heap_snapshot *s, const struct report_style *style)
{
	const char *other;
	char a[32], b[32];

	fprintf(f, "%s%s (%d)%s: %s of heap, malloc of glibc", BOLD(style), s->process->comm, s->process->pid,
		PLAIN(style), format_bytes(s->total.bytes, a));
	if (s->glibc.minor)
		fprintf(f, " 2.%u", s->glibc.minor);
	fprintf(f, "; RSS %s\n", format_bytes(s->process->rss_bytes, b));
	for (unsigned int i = 0; (other = allocator_loaded(&s->process->maps, i)); i++)
		fprintf(f, "an allocator of its own is loaded, too: the heap of %s is not read\n", other);
}

static void write_line(FILE *f, const char *what, uint64_t bytes, uint64_t blocks, const char *rest)
{
	char a[32], b[32];

	fprintf(f, "  %-12s %10s", what, format_bytes(bytes, a));
	if (blocks)
		fprintf(f, " in %s block%s", format_count(blocks, b), blocks == 1 ? "" : "s");
	fprintf(f, "%s%s\n", *rest ? "  " : "", rest);
}

static void write_total(FILE *f, const struct heap_snapshot *s)
{
	const struct heap_usage *u = &s->total;
	char a[32], b[32], c[32];

	write_line(f, "live", u->live_bytes, u->live_blocks, "");
	write_line(f, "free", heap_usage_free_bytes(u), 0, "");
	write_line(f, "  fragmented", u->fragmented_bytes, u->fragmented_blocks, "between live blocks");
	write_line(f, "  cached", u->cached_bytes, u->cached_blocks, "kept by threads for themselves");
	write_line(f, "  at the end", u->top_bytes, 0, "of arenas");
	if (u->overhead_bytes)
		write_line(f, "overhead", u->overhead_bytes, 0, "");
	if (u->unread_bytes)
		write_line(f, "not read", u->unread_bytes, 0, "it is not known what it is used for");
	fprintf(f, "%s of %s are free blocks between live ones; malloc_trim would give back %s\n",
		format_bytes(u->fragmented_bytes, a), format_bytes(u->bytes, b), format_bytes(u->returnable_bytes, c));
}

static void write_arena(FILE *f, const char *name, const char *threads, const struct heap_usage *u)
{
	char a[32], b[32], c[32], d[32], e[32];

	fprintf(f, "%-8s %8s %11s %11s %12s %11s %11s\n", name, threads, format_bytes(u->bytes, a),
		format_bytes(u->live_bytes, b), format_count(u->live_blocks, c), format_bytes(u->fragmented_bytes, d),
		format_bytes(u->returnable_bytes, e));
}

static void write_arenas(FILE *f, const struct heap_snapshot *s, const struct report_style *style)
{
	size_t shown = 0, left = 0;
	char name[24], threads[24];

	fprintf(f, "\n%s%-8s %8s %11s %11s %12s %11s %11s%s\n", DIM(style), "ARENA", "THREADS", "SIZE", "LIVE", "BLOCKS",
		"FRAGMENTED", "RETURNABLE", PLAIN(style));
	for (size_t i = 0; i <= s->glibc.n; i++) {
		if (!s->usage[i].bytes)
			continue;
		if (!style->all && shown >= ARENAS_SHOWN && i < s->glibc.n) {
			left++;
			continue;
		}
		snprintf(name, sizeof(name), i == s->glibc.n ? "mapped" : i ? "%zu" : "main", i + 1);
		if (i < s->glibc.n)
			snprintf(threads, sizeof(threads), "%" PRIu64, s->glibc.arena[i].threads);
		write_arena(f, name, i < s->glibc.n ? threads : "", &s->usage[i]);
		shown++;
	}
	if (left)
		fprintf(f, "… %zu more arenas (--all shows them)\n", left);
}

static void write_class(FILE *f, uint64_t max_bytes, const struct heap_class *c)
{
	char limit[32], live_blocks[32], live[32], free_blocks[32], free_bytes[32], back[32];

	fprintf(f, "%-11s %12s %11s %12s %11s %11s\n", max_bytes == UINT64_MAX ? "more" : format_bytes(max_bytes, limit),
		format_count(c->live_blocks, live_blocks), format_bytes(c->live_bytes, live),
		format_count(c->free_blocks, free_blocks), format_bytes(c->free_bytes, free_bytes),
		format_bytes(c->returnable_bytes, back));
}

static void write_classes(FILE *f, const struct heap_usage *u, const struct report_style *style)
{
	fprintf(f, "\n%s%-11s %12s %11s %12s %11s %11s%s\n", DIM(style), "BLOCKS TO", "LIVE", "BYTES", "FREE", "BYTES",
		"RETURNABLE", PLAIN(style));
	for (unsigned int i = 0; i < HEAP_CLASSES; i++) {
		const struct heap_class *c = &u->size[i];

		if (c->live_blocks || c->free_blocks || c->returnable_bytes)
			write_class(f, heap_class_max_bytes(i), c);
	}
}

/** heap_text() - print what was read */
void heap_text(FILE *f, const struct heap_snapshot *s, const struct report_style *style)
{
	write_head(f, s, style);
	write_total(f, s);
	write_arenas(f, s, style);
	write_classes(f, &s->total, style);
	heap_text_lost(f, s, style);
}
