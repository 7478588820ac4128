// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/metrics.h"
#include "agent/state.h"
#include "export/http_server.h"
#include "report/openmetrics.h"
#include "util/units.h"

/* OpenMetrics names a counter without the ending that its sample has. */
static void put(FILE *f, bool openmetrics, const char *name, bool counter, const char *help, double value)
{
	const char *ending = counter ? "_total" : "", *family = openmetrics ? "" : ending;

	fprintf(f, "# TYPE leaktrace_agent_%s%s %s\n", name, family, counter ? "counter" : "gauge");
	fprintf(f, "# HELP leaktrace_agent_%s%s %s\n", name, family, help);
	fprintf(f, "leaktrace_agent_%s%s %.17g\n", name, ending, value);
}

static void put_all(FILE *f, bool openmetrics, const struct agent *a)
{
	unsigned int traced = 0;

	for (const struct watched *w = a->watched.first; w; w = w->next)
		traced += w->inquiry && w->inquiry->traced;
	put(f, openmetrics, "watched", false, "Processes that are watched.", a->watched.n);
	put(f, openmetrics, "traced", false, "Processes that the module traces for the agent.", traced);
	put(f, openmetrics, "looked_at", false, "Processes that are looked at closely without the module.", a->inquiries - traced);
	put(f, openmetrics, "looks", true, "Looks at all that is watched.", a->watched.looks);
	put(f, openmetrics, "rules_fired", true, "Rules that have fired.", a->counts.fired);
	put(f, openmetrics, "reports", true, "Reports of processes that lived on.", a->counts.reports);
	put(f, openmetrics, "leaks", true, "Leaks in reports.", a->counts.leaks);
	put(f, openmetrics, "last_words", true, "Reports of processes that had ended.", a->counts.last_words);
	put(f, openmetrics, "stopped", true, "Processes let go because they or the agent took too much.", a->counts.stopped);
	put(f, openmetrics, "processor_seconds", true, "Processor time that the agent has used.",
	    (double)budget_used_ns() / NSEC_PER_SEC);
	put(f, openmetrics, "memory_bytes", false, "Memory that the agent uses.", a->budget.memory_bytes);
}

static struct metrics *of_traced(struct agent *a)
{
	struct metrics *x = metrics_new();

	for (struct watched *w = a->watched.first; x && w; w = w->next)
		if (w->inquiry && w->inquiry->traced) {
			session_refresh(&a->session, w->inquiry->traced);
			metrics_add(x, &w->inquiry->traced->model);
		}
	return x;
}

void agent_metrics_answer(const struct request *q, struct answer *to, void *agent)
{
	struct agent *a = agent;
	struct metrics *x;
	FILE *f;
	int err;

	if (strcmp(q->path, "/metrics")) {
		to->status = 404;
		return;
	}
	f = open_memstream(&to->body, &to->len);
	x = of_traced(a);
	if (f)
		put_all(f, q->openmetrics, a);
	err = f && x ? metrics_write(x, f, q->openmetrics) : -1;
	metrics_free(x);
	if (f)
		err |= fclose(f);
	to->status = err ? 500 : 200;
	to->type = q->openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" :
		"text/plain; version=0.0.4; charset=utf-8";
	if (!err)
		return;
	free(to->body);
	*to = (struct answer){ .status = 500 };
}
