// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"

const char *cause_name(enum cause cause)
{
	static const char *const names[] = {
		[CAUSE_PATH] = "path", [CAUSE_THREAD] = "thread", [CAUSE_HEAP] = "heap",
		[CAUSE_TIME] = "time",
	};

	return names[cause];
}

void finding_clear(struct finding *f)
{
	judgement_clear(&f->judgement);
	free(f->sites);
	free(f->shares);
	memset(f, 0, sizeof(*f));
}

void findings_drop(struct model *m)
{
	for (size_t i = 0; i < m->nfindings; i++)
		finding_clear(&m->findings[i]);
	m->nfindings = 0;
	judgement_clear(&m->kept_free);
}
