// SPDX-License-Identifier: GPL-2.0
/* Judgements and findings in a model. The analysis layer creates them. */
#include <stdlib.h>
#include <string.h>

#include "leaktrace.h"
#include "util/style.h"

void judgement_clear(struct judgement *j)
{
	for (int i = 0; i < EVIDENCE_MAX; i++)
		free(j->evidence[i]);
	memset(j, 0, sizeof(*j));
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok", [VERDICT_CACHE] = "cache",
		[VERDICT_SUSPECT] = "suspect", [VERDICT_LEAK] = "leak",
	};

	return names[v];
}

void finding_clear(struct finding *f)
{
	judgement_clear(&f->judgement);
	free(f->sites);
	memset(f, 0, sizeof(*f));
}

void findings_drop(struct model *m)
{
	for (size_t i = 0; i < m->nfindings; i++)
		finding_clear(&m->findings[i]);
	m->nfindings = 0;
}

const char *verdict_color(const struct report_style *style, enum verdict v)
{
	static const char *const codes[] = {
		[VERDICT_OK] = "\033[2m", [VERDICT_CACHE] = "\033[36m",
		[VERDICT_SUSPECT] = "\033[33m", [VERDICT_LEAK] = "\033[1;31m",
	};

	return style_paint(style, codes[v]);
}
