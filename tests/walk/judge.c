// SPDX-License-Identifier: GPL-2.0
/* What two walks of one stack say of each other. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <linux/leaktrace.h>

#include "judge.h"
#include "process.h"

enum { SHOWN = 5 };

static const char *const status_names[] = {
	"root", "depth", "fault", "noprogress", "none", "compat", "lost", "nomap", "notable",
	"no_cfi", "unsup", "stale", "jit", "uprobe",
};
static const char *const outcome_names[] = {
	"same", "short", "wrong", "guessed", "beyond", "apart", "neither",
};

static unsigned int common(const struct walked *a, const struct walked *b)
{
	unsigned int n = 0;

	while (n < a->n && n < b->n && a->pc[n] == b->pc[n])
		n++;
	return n;
}

/* Who ends flagged may end early, but must not have gone astray before. */
static enum outcome compare(const struct walked *ours, const struct walked *truth)
{
	enum outcome astray = ours->guessed || truth->guessed ? GUESSED : WRONG;
	unsigned int n = common(ours, truth);

	if (truth->status == LEAKTRACE_STACK_ROOT) {
		if (ours->status != LEAKTRACE_STACK_ROOT)
			return n == ours->n ? SHORT : astray;
		if (n == ours->n && n == truth->n)
			return SAME;
		return astray;
	}
	if (ours->status == LEAKTRACE_STACK_ROOT)
		return n == truth->n ? BEYOND : APART;
	return NEITHER;
}

enum outcome score_add(struct score *s, const struct walked *ours, const struct walked *truth)
{
	enum outcome v = ours->recalled == RECALLED_WRONGLY ? WRONG : compare(ours, truth);

	s->samples++;
	s->outcome[v]++;
	s->frames += ours->n;
	s->recalled += ours->recalled == RECALLED;
	s->complete += ours->status == LEAKTRACE_STACK_ROOT;
	s->truth_complete += truth->status == LEAKTRACE_STACK_ROOT;
	if (v == SHORT || v == NEITHER)
		s->why[ours->status]++;
	if (v == SAME && ours->n > s->deepest)
		s->deepest = ours->n;
	return v;
}

static double percent(unsigned int part, unsigned int whole)
{
	return whole ? 100.0 * part / whole : 0;
}

bool judge_passes(const struct score *s)
{
	return s->samples && !s->outcome[WRONG] &&
	       s->outcome[SAME] >= 0.999 * s->truth_complete;
}

void judge_print(const struct score *s, const char *name, const char *more)
{
	const char *comma = "";

	/* what the program itself has written may end within a line */
	printf("\n| %s | %u | %.1f | %u | %.3f %% | %.3f %% | %.3f %% | %u | %u | %u | %s | ", name,
	       s->samples, s->samples ? (double)s->frames / s->samples : 0.0, s->deepest,
	       percent(s->truth_complete, s->samples), percent(s->complete, s->samples),
	       percent(s->outcome[SAME], s->truth_complete), s->outcome[WRONG],
	       s->outcome[GUESSED] + s->outcome[APART], s->outcome[BEYOND], more);
	for (size_t i = 0; i < sizeof(status_names) / sizeof(*status_names); i++)
		if (s->why[i]) {
			printf("%s%u %s", comma, s->why[i], status_names[i]);
			comma = ", ";
		}
	puts(" |");
}

static void show(pid_t pid, const char *who, const struct walked *s)
{
	fprintf(stderr, " %s: %s, %u guessed:", who, status_names[s->status], s->guessed);
	for (unsigned int i = 0; i < s->n; i++)
		process_print_pc(pid, s->pc[i]);
	fputc('\n', stderr);
}

void judge_tell(struct score *s, pid_t pid, enum outcome v, const struct walked *ours,
		const struct walked *truth)
{
	if (v == SAME || v == BEYOND || v == NEITHER || s->shown++ >= SHOWN)
		return;
	fprintf(stderr, "%s:\n", outcome_names[v]);
	show(pid, "ours", ours);
	show(pid, "libdw", truth);
}
