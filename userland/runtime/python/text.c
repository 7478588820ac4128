// SPDX-License-Identifier: GPL-2.0
/* Objects by type as text. */
#include <stdio.h>
#include <string.h>

#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/format.h"
#include "util/style.h"

enum { ROWS_SHOWN = 20, ROOTS_SHOWN = 10 };

static void write_head(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	const struct python_tracked *t = &o->tracked;
	char a[32], b[32], c[32], d[32];

	fprintf(f, "%s%s (%d)%s, CPython %s: %s objects of %s in the collector's lists; RSS %s\n", BOLD(style),
		o->process->comm, o->process->pid, PLAIN(style), o->process->version, format_count(o->objects, a),
		format_bytes(o->bytes, b), format_bytes(o->process->rss_bytes, c));
	if (t->interpreters > 1)
		fprintf(f, "%zu interpreters\n", t->interpreters);
	fprintf(f, "generations: %s, %s, %s", format_count(t->objects[0], a), format_count(t->objects[1], b),
		format_count(t->objects[2], c));
	if (t->objects[PYTHON_GENERATIONS])
		fprintf(f, "; frozen: %s", format_count(t->objects[PYTHON_GENERATIONS], d));
	fputc('\n', f);
	if (t->unreadable)
		fprintf(f, "%s more could not be read\n", format_count(t->unreadable, a));
	if (o->gone)
		fprintf(f, "%s more went while they were counted, with their classes\n", format_count(o->gone, a));
	if (t->is_cut)
		fputs("the youngest objects changed too fast: not all of them are counted\n", f);
}

static void write_row(FILE *f, const struct python_objects *o, const struct python_row *r)
{
	char a[40], b[40];

	fprintf(f, "%12s %11s", format_count(r->objects, a), format_bytes(r->bytes, b));
	if (o->window_s > 0)
		fprintf(f, " %12s %11s", format_count_change(r->grown_objects, a), format_bytes_change(r->grown_bytes, b));
	fprintf(f, "  %s", r->name);
	if (r->types > 1)
		fprintf(f, " (%s classes)", format_count(r->types, a));
	fputs(r->is_other ? " *\n" : "\n", f);
}

static void write_rows(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	size_t shown = style->all || o->rows <= ROWS_SHOWN ? o->rows : ROWS_SHOWN;
	uint64_t objects = 0, bytes = 0;
	char a[32], b[32], c[32];

	fprintf(f, "\n%s%12s %11s", DIM(style), "OBJECTS", "BYTES");
	if (o->window_s > 0)
		fprintf(f, " %12s %11s", "+OBJECTS", "+BYTES");
	fprintf(f, "  TYPE%s\n", PLAIN(style));
	for (size_t i = 0; i < o->rows; i++) {
		if (i < shown) {
			write_row(f, o, &o->row[i]);
			continue;
		}
		objects += o->row[i].objects;
		bytes += o->row[i].bytes;
	}
	if (shown < o->rows)
		fprintf(f, "%12s %11s%s  … %s more types (--all shows them)\n", format_count(objects, a),
			format_bytes(bytes, b), o->window_s > 0 ? "                         " : "",
			format_count(o->rows - shown, c));
}

static void write_roots(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	size_t shown = style->all || o->roots <= ROOTS_SHOWN ? o->roots : ROOTS_SHOWN;
	char a[40], b[40];

	fprintf(f, "\n%s%12s %11s", DIM(style), "OBJECTS", "BYTES");
	if (o->window_s > 0)
		fprintf(f, " %12s %11s", "+OBJECTS", "+BYTES");
	fprintf(f, "  HELD BY%s\n", PLAIN(style));
	for (size_t i = 0; i < shown; i++) {
		const struct python_root *r = &o->reach.links.root[o->root[i]];

		fprintf(f, "%12s %11s", format_count(r->objects, a), format_bytes(r->bytes, b));
		if (o->window_s > 0)
			fprintf(f, " %12s %11s", format_count_change(r->grown_objects, a),
				format_bytes_change(r->grown_bytes, b));
		fprintf(f, "  %s\n", r->name);
	}
}

static void write_chain(FILE *f, const struct python_objects *o, const struct python_chain *c)
{
	const struct python_link *l = &o->reach.links.link[c->link];
	const char *part = c->text;
	char a[32], b[32];

	fprintf(f, "  %s of %s held by\n", format_count(l->objects, a), format_bytes(l->bytes, b));
	for (unsigned int i = 0; i < c->parts; i++) {
		fprintf(f, "    %s%s\n", i ? "-> " : "", part);
		part += strlen(part) + 1;
	}
}

static void write_held(FILE *f, const struct python_objects *o, const struct python_held *h,
		       const struct report_style *style)
{
	const struct python_row *r = &o->row[h->row];
	char a[40], b[40], c[40];

	fputc('\n', f);
	if (o->window_s > 0)
		fprintf(f, "%sgrows%s  %s %s in %s, %s now, %s\n", BOLD(style), PLAIN(style),
			format_count_change(r->grown_objects, a), r->name, format_seconds(o->window_s, b),
			format_count(r->objects, c), format_bytes_change(r->grown_bytes, (char[40]){ 0 }));
	else
		fprintf(f, "%s%s%s  %s of %s\n", BOLD(style), r->name, PLAIN(style), format_count(r->objects, a),
			format_bytes(r->bytes, b));
	for (size_t i = 0; i < h->chains; i++)
		write_chain(f, o, &o->chain[h->first + i]);
}

static void write_reached(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	char a[32], b[32];

	write_roots(f, o, style);
	for (size_t i = 0; i < o->helds; i++)
		write_held(f, o, &o->held[i], style);
	if (o->window_s > 0 && !o->helds)
		fputs("\nnothing that is held grows\n", f);
	if (o->reach.unreached)
		fprintf(f, "\n%s objects of %s are held by none of these: by C code, or not collected yet\n",
			format_count(o->reach.unreached, a), format_bytes(o->reach.unreached_bytes, b));
	if (o->changed)
		fprintf(f, "%s chains had changed when they were read again\n", format_count(o->changed, a));
}

/** python_objects_text() - print the types with most bytes, and what keeps their objects */
void python_objects_text(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	char a[32], b[32];

	write_head(f, o, style);
	write_rows(f, o, style);
	if (!o->is_reached) {
		fputs("\nnot in these lists: str, bytes, int, float and others that refer to nothing; tuples and\n"
		      "dictionaries of only such; what extension modules allocate\n", f);
		return;
	}
	fprintf(f, "\n* %s objects of %s in no list of the collector, to which those in the lists refer\n",
		format_count(o->other_objects, a), format_bytes(o->other_bytes, b));
	write_reached(f, o, style);
}
