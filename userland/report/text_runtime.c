// SPDX-License-Identifier: GPL-2.0
/* Sites of language runtimes in the text report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "model/judgement.h"
#include "model/model.h"
#include "model/runtime.h"
#include "report/text.h"
#include "report/text_stack.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/style.h"

static void write_head(FILE *f, const struct runtime_site *s, const struct report_style *style)
{
	const struct judgement *j = s->judgement;
	char a[32], b[32];

	report_verdict(f, j, style);
	if (s->holder)
		fprintf(f, "%s held by ", format_bytes(s->bytes, b));
	else
		fprintf(f, "%s %s", format_count(s->live, a), s->kind);
	if (s->bytes && !s->holder)
		fprintf(f, " (%s)", format_bytes(s->bytes, b));
	else
		fprintf(f, "%s%s", s->holder ? "" : " ", s->type);
	report_at(f, runtime_site_blamed_frame(s));
	fprintf(f, "%s", PLAIN(style));
	report_confidence(f, j);
	fputc('\n', f);
}

static void write_chain(FILE *f, const char *chain)
{
	for (const char *c = chain; *c; c += strcspn(c, "\n"), c += *c == '\n')
		fprintf(f, "    -> %.*s\n", (int)strcspn(c, "\n"), c);
}

/** report_runtime_site() - print a runtime's site as a finding */
void report_runtime_site(FILE *f, const struct runtime_site *s, const struct report_style *style, bool brief)
{
	char held[32];

	write_head(f, s, style);
	for (int i = 0; i < (brief ? 1 : EVIDENCE_MAX) && s->judgement->evidence[i]; i++)
		report_sentence(f, "  - ", s->judgement->evidence[i], style);
	if (brief)
		return;
	if (s->holder)
		write_chain(f, s->holder->chain);
	if (s->in_thread)
		fprintf(f, "  - %s of them occupy a thread each\n", format_count(s->in_thread, held));
	report_stack(f, s->frames, s->nframes, "  is at      ", runtime_site_blamed_frame(s), style);
	if (s->by)
		report_frame(f, s->by, "  created by ", s->by == runtime_site_blamed_frame(s), style);
}
