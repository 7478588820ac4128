// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
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

const char *verdict_color(const struct report_style *style, enum verdict v)
{
	static const char *const codes[] = {
		[VERDICT_OK] = "\033[2m", [VERDICT_CACHE] = "\033[36m",
		[VERDICT_SUSPECT] = "\033[33m", [VERDICT_LEAK] = "\033[1;31m",
	};

	return style_paint(style, codes[v]);
}
