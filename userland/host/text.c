// SPDX-License-Identifier: GPL-2.0
/* The table as text, for one look without a full screen. */
#include <stdlib.h>

#include "host/line.h"
#include "util/format.h"
#include "util/terminal.h"

static void say_rest(FILE *f, const struct host_table *t)
{
	char n[32];

	if (t->unreadable)
		fprintf(f, "descriptors of %s processes of others cannot be read: run as root\n",
			format_count(t->unreadable, n));
	if (t->left_out)
		fprintf(f, "%s processes were left out: there are too many\n", format_count(t->left_out, n));
}

int host_text(FILE *f, const struct host_table *t, bool groups, enum host_order order,
	      const char *filter, unsigned int columns)
{
	struct host_row **row = host_table_sorted(t, groups, order);
	size_t n = groups ? t->ngroups : t->n;
	char line[HOST_LINE_BYTES];

	if (!row)
		return -1;
	text_put(f, host_heading(groups, columns, line));
	fputc('\n', f);
	for (size_t i = 0; i < n; i++) {
		if (!host_row_fits(row[i], filter ?: ""))
			continue;
		text_put(f, host_line(row[i], columns, line));
		fputc('\n', f);
	}
	free(row);
	say_rest(f, t);
	return 0;
}
