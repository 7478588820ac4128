// SPDX-License-Identifier: GPL-2.0
/* What a garbage collector closes: a finding, though nothing grows. */
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "check.h"

#define SECOND 1000000000ULL

/* 40 descriptors, each open for 4 ms, closed below a function. */
static enum verdict closed_by(const char *function, uint64_t elsewhere, bool *says)
{
	struct analysis_options opts = { 0 };
	enum verdict have;
	struct model m;

	model_init(&m);
	m.target = (struct target){ .id = 1, .pid = 1, .kinds = 1, .attached_ns = SECOND,
				    .now_ns = 11 * SECOND, .reconciled_ns = 11 * SECOND };
	m.offline = true;
	m.sites = calloc(1, sizeof(*m.sites));
	m.nsites = m.sites_room = 1;
	m.sites[0] = (struct site){
		.id = 1, .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_FILE,
		.born = 40, .died = 40, .first_ns = 2 * SECOND, .last_ns = 9 * SECOND,
		.lifetime_max_ns = 4000000, .releases = 1,
		.release[0] = { .stack = 7, .count = 40 - elsewhere },
		.released_elsewhere = elsewhere,
	};
	m.sites[0].lifetimes[11] = 40;
	m.stacks = calloc(1, sizeof(*m.stacks));
	m.nstacks = m.stacks_room = 1;
	m.stacks[0] = (struct stack){ .id = 7, .nframes = 3, .frames = calloc(3, sizeof(struct symbol_frame)) };
	m.stacks[0].frames[0].function = "syscall.Syscall";
	m.stacks[0].frames[1].function = function;
	m.stacks[0].frames[2].function = "runtime.goexit";
	model_settle(&m);
	analysis_run(&m, &opts, NULL, NULL);
	have = m.sites[0].judgement.verdict;
	*says = false;
	for (int i = 0; i < EVIDENCE_MAX && m.sites[0].judgement.evidence[i]; i++)
		*says |= !!strstr(m.sites[0].judgement.evidence[i], "by the garbage collector");
	model_free(&m);
	return have;
}

int main(void)
{
	bool says;

	CHECK(closed_by("runtime.runfinq", 0, &says) == VERDICT_SUSPECT && says);
	CHECK(closed_by("runtime.runFinalizers", 0, &says) == VERDICT_SUSPECT && says);
	CHECK(closed_by("main.close", 0, &says) == VERDICT_OK && !says);
	CHECK(closed_by("runtime.runfinq", 35, &says) == VERDICT_OK && !says);
	return verdict("collected");
}
