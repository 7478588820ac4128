// SPDX-License-Identifier: GPL-2.0
/* Child processes in the text report: how many there are, and findings about them. */
#include <stdio.h>
#include <string.h>

#include "model/children.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/target.h"
#include "report/report.h"
#include "report/text.h"
#include "util/format.h"
#include "util/style.h"

enum { EXAMPLES = 3 };

static void write_head(FILE *f, const struct report_item *item, const struct report_style *style)
{
	const struct judgement *j = &item->children->judgement;
	char a[32];

	report_verdict(f, j, style);
	fprintf(f, "%s %s%s%s", format_count(item->children->live, a), child_group_noun(item->group),
		item->children->live == 1 ? "" : "es", PLAIN(style));
	report_confidence(f, j);
	fputc('\n', f);
}

/** report_children_finding() - print what was found of a group of children */
void report_children_finding(FILE *f, struct model *m, const struct report_item *item,
			     const struct report_style *style, bool brief)
{
	const struct children *c = &m->children;
	int shown = 0, max = style->all ? 10 : EXAMPLES;
	char age[32];

	write_head(f, item, style);
	for (int i = 0; i < (brief ? 1 : EVIDENCE_MAX) && item->children->judgement.evidence[i]; i++)
		report_sentence(f, "  - ", item->children->judgement.evidence[i], style);
	for (size_t i = 0; i < c->n && !brief && shown < max; i++) {
		if (!child_in_group(&c->child[i], item->group))
			continue;
		fprintf(f, "  %s pid %u %s, forked %s ago\n", shown++ ? "     " : "e.g. ", c->child[i].pid,
			c->child[i].comm, format_seconds(child_age_s(c, &c->child[i]), age));
	}
}

/* In the background nobody else deletes children that have exited. */
static void write_dropped(FILE *f, const struct model *m)
{
	uint32_t n = m->target.children_dropped;
	char a[32];

	if (n)
		fprintf(f, "%s exited child process%s made room for others: %s not reported\n", format_count(n, a),
			n == 1 ? "" : "es", n == 1 ? "it is" : "they are");
}

/** report_children() - one line: how many children there are, and who of them was looked at */
void report_children(FILE *f, const struct model *m, const struct report_style *style)
{
	const struct children *c = &m->children;
	char a[32], b[32], d[32], line[256];
	int len;

	if (!c->known) {
		report_sentence(f, "", "child processes: not counted, the process had exited before the first look",
				style);
		return;
	}
	if (!c->total) {
		fprintf(f, "no child processes\n");
		write_dropped(f, m);
		return;
	}
	len = snprintf(line, sizeof(line), "%s child process%s%s", format_count(c->total, a), c->total == 1 ? "" : "es",
		       m->target.flags & LEAKTRACE_TARGET_F_EXITED ? " at the last look" : "");
	if (c->zombies)
		len += snprintf(line + len, sizeof(line) - len, ", %s of them not reaped (zombie%s)",
				format_count(c->zombies, b), c->zombies == 1 ? "" : "s");
	if (c->untraced)
		snprintf(line + len, sizeof(line) - len, "; %s not traced", format_count(c->untraced, d));
	else
		snprintf(line + len, sizeof(line) - len, "; all traced");
	report_sentence(f, "", line, style);
	write_dropped(f, m);
}
