// SPDX-License-Identifier: GPL-2.0
/* Matches the targets of two files: see target_match.h. */
#include <stdlib.h>
#include <string.h>

#include "tracefile/reader.h"
#include "tracefile/target_match.h"
#include "util/macros.h"

typedef bool same_fn(const struct trace_target *a, const struct trace_target *b);

static bool same_tracing(const struct trace_target *a, const struct trace_target *b)
{
	return a->id == b->id && a->pid == b->pid && a->attached_ns == b->attached_ns;
}

static bool same_program(const struct trace_target *a, const struct trace_target *b)
{
	return *a->exe && !strcmp(a->exe, b->exe) && !strcmp(a->comm, b->comm);
}

static bool same_process(const struct trace_target *a, const struct trace_target *b)
{
	return same_program(a, b) && a->pid == b->pid;
}

/* A new version of the program may be in another directory. */
static bool same_name(const struct trace_target *a, const struct trace_target *b)
{
	return *a->comm && !strcmp(a->comm, b->comm);
}

/* Pairs targets that are not matched yet, in order of appearance. */
static void pair_up(const struct trace_survey *older, const struct trace_survey *newer, int *of,
		    bool *taken, same_fn *same)
{
	for (size_t i = 0; i < newer->n; i++)
		for (size_t k = 0; of[i] == MATCH_NONE && k < older->n; k++)
			if (!taken[k] && same(&older->targets[k], &newer->targets[i])) {
				of[i] = k;
				taken[k] = true;
			}
}

int *target_match(const struct trace_survey *older, const struct trace_survey *newer)
{
	static same_fn *const steps[] = { same_tracing, same_process, same_program, same_name };
	int *of = malloc((newer->n ?: 1) * sizeof(*of));
	bool *taken = calloc(older->n ?: 1, sizeof(*taken));

	if (!of || !taken) {
		free(of);
		free(taken);
		return NULL;
	}
	for (size_t i = 0; i < newer->n; i++)
		of[i] = MATCH_NONE;
	for (size_t s = 0; s < ARRAY_SIZE(steps); s++)
		pair_up(older, newer, of, taken, steps[s]);
	/* with one target in each file, these two are meant */
	if (older->n == 1 && newer->n == 1)
		of[0] = 0;
	free(taken);
	return of;
}
