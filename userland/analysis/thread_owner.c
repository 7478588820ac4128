// SPDX-License-Identifier: GPL-2.0
/*
 * A language runtime starts a thread whenever all others are occupied, on
 * whatever stack is running: that stack is not to blame. The code that occupies
 * the threads is.
 */
#include <string.h>

#include "analysis/thread_owner.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "util/format.h"

static void insert(const struct runtime_site *holders[OWNERS_MAX], size_t *n, const struct runtime_site *s)
{
	size_t at = *n;

	while (at && holders[at - 1]->in_thread < s->in_thread)
		at--;
	if (at == OWNERS_MAX)
		return;
	if (*n < OWNERS_MAX)
		++*n;
	memmove(&holders[at + 1], &holders[at], (*n - at - 1) * sizeof(*holders));
	holders[at] = s;
}

/**
 * thread_owners() - what occupies threads that were started on an unrelated stack
 * @holders: filled, the most threads first
 *
 * Return: their number; 0: the stack itself is to blame.
 */
size_t thread_owners(struct model *m, uint32_t stack, const struct runtime_site *holders[OWNERS_MAX])
{
	const struct symbol_frame *frames;
	const struct runtime_site *sites;
	int nframes = model_frames(m, stack, &frames);
	size_t n, found = 0;

	if (!m->runtime || !language_starts_thread(frames, nframes))
		return 0;
	n = runtime_sites(m->runtime, &sites);
	for (size_t i = 0; i < n; i++)
		if (sites[i].in_thread && !sites[i].own)
			insert(holders, &found, &sites[i]);
	return found;
}

/** thread_owners_judge() - add what occupies the threads of a site to its evidence */
void thread_owners_judge(struct model *m, struct site *s)
{
	const struct runtime_site *holders[OWNERS_MAX];
	struct judgement *j = &s->judgement;
	char name[64], count[32];
	size_t n = 0;
	int at = 0;

	if (s->kind == LEAKTRACE_KIND_THREAD && j->verdict > VERDICT_OK)
		n = thread_owners(m, s->stack, holders);
	while (at < EVIDENCE_MAX && j->evidence[at])
		at++;
	for (size_t i = 0; i < n && at < EVIDENCE_MAX; i++) {
		const struct symbol_frame *f = runtime_site_blamed_frame(holders[i]);

		j->evidence[at++] = strdup_printf("%s held by %ss (%s) at %s",
						  format_count(holders[i]->in_thread, count),
						  holders[i]->kind, holders[i]->type,
						  f ? frame_name(f, name, sizeof(name)) : "?");
	}
}
