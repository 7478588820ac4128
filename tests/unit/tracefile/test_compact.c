// SPDX-License-Identifier: GPL-2.0
/* Coarser history where it is old, and nothing lost on the way. The truth is recording.h's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

#include "model/history.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/proc_load.h"
#include "tracefile/compact.h"
#include "tracefile/container.h"
#include "util/format.h"
#include "util/units.h"

static bool says(struct model *m, const char *sentence)
{
	const struct judgement *j = &model_site(m, LEAKING)->judgement;

	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		if (strstr(j->evidence[i], sentence))
			return true;
	return false;
}

/* Again and again: always smaller, and the last look as it was. */
static void thinning(void)
{
	const struct history_point *p;
	struct stat st, before;
	struct proc_load load;
	struct model m;
	char *into = strdup_printf("%s.thinned", path);
	size_t n;

	write_recording();
	for (int i = 0; i < 4; i++) {
		CHECK(!stat(path, &before));
		CHECK(!trace_compact(path, into, before.st_size));
		CHECK(!rename(into, path) && !stat(path, &st));
		CHECK(st.st_size < before.st_size, "%ld of %ld", (long)st.st_size, (long)before.st_size);
		CHECK(!look(&m, NULL, NULL) && m.incomplete);
		check_state(&m, LAST_S);
		n = history_of_site(m.history, LEAKING, &p);
		CHECK(n > 10 && n < 2 * LOOKS && p[n - 1].born == LAST_S);
		/* older history is coarser than younger */
		CHECK(p[1].t_ns - p[0].t_ns >= p[n - 1].t_ns - p[n - 2].t_ns);
		for (size_t k = 0; k < n; k++)
			CHECK(p[k].born == p[k].t_ns / NSEC_PER_SEC - ATTACHED_S);
		for (unsigned int s = 5; s <= LAST_S - 5; s++)
			CHECK(history_load_at(m.history, ATTACHED_S + s, &load) &&
			      load.done[LOAD_READ] + 1 >= 1000 * s && load.done[LOAD_READ] <= 1000 * s &&
			      load.done[LOAD_CPU] + 1 >= 10 * s, "at %u s", s);
		run_analysis(&m);
		CHECK(model_site(&m, LEAKING)->judgement.verdict == VERDICT_LEAK);
		CHECK(says(&m, "under a steady load: one descriptor per 1000 B read"), "%s",
		      model_site(&m, LEAKING)->judgement.evidence[3] ?: "");
		model_free(&m);
	}
	free(into);
}

/* What is appended while a thinner works is not lost. */
static void compaction_beside(void)
{
	struct file_writer *w = file_record(path, err, sizeof(err));
	char *into = strdup_printf("%s.thinned", path);
	uint64_t until;
	struct model m;

	for (unsigned int s = 10; s <= 100; s += 10)
		put_snapshot(w, TARGET, s, s == 10);
	until = file_bytes(w);
	put_snapshot(w, TARGET, 110, false);
	CHECK(!trace_compact(path, into, until));
	put_snapshot(w, TARGET, 120, false);
	until = file_move(w, into, until) ? 0 : file_bytes(w);
	CHECK(until && access(into, F_OK));
	put_snapshot(w, TARGET, 130, false);
	CHECK(!file_finish(w));
	CHECK(!look(&m, NULL, NULL) && !m.incomplete, "%s", err);
	check_state(&m, 130);
	model_free(&m);
	free(into);
}

int main(void)
{
	close(mkstemp(path));
	thinning();
	compaction_beside();
	unlink(path);
	return verdict("thin");
}
