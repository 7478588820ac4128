// SPDX-License-Identifier: GPL-2.0
/* Objects by type as text. */
#include <stdio.h>

#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/format.h"
#include "util/style.h"

enum { ROWS_SHOWN = 20 };

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

static void write_row(FILE *f, const struct python_row *r)
{
	char a[32], b[32];

	fprintf(f, "%12s %11s  %s", format_count(r->objects, a), format_bytes(r->bytes, b), r->name);
	if (r->types > 1)
		fprintf(f, " (%s classes)", format_count(r->types, a));
	fputc('\n', f);
}

/** python_objects_text() - print the types with most bytes */
void python_objects_text(FILE *f, const struct python_objects *o, const struct report_style *style)
{
	size_t shown = style->all || o->rows <= ROWS_SHOWN ? o->rows : ROWS_SHOWN;
	uint64_t objects = 0, bytes = 0;
	char a[32], b[32], c[32];

	write_head(f, o, style);
	fprintf(f, "\n%s%12s %11s  %s%s\n", DIM(style), "OBJECTS", "BYTES", "TYPE", PLAIN(style));
	for (size_t i = 0; i < o->rows; i++) {
		if (i < shown) {
			write_row(f, &o->row[i]);
			continue;
		}
		objects += o->row[i].objects;
		bytes += o->row[i].bytes;
	}
	if (shown < o->rows)
		fprintf(f, "%12s %11s  … %s more types (--all shows them)\n", format_count(objects, a),
			format_bytes(bytes, b), format_count(o->rows - shown, c));
	fputs("\nnot in these lists: str, bytes, int, float and others that refer to nothing; tuples and\n"
	      "dictionaries of only such; what extension modules allocate\n", f);
}
