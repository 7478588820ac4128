// SPDX-License-Identifier: GPL-2.0
/*
 * The doors of pairs: found in the target's mappings, opened by the kernel. They are closed
 * when the target is deleted, by whomever. A library may be loaded at any time: the target's
 * mappings are looked at again when it has new code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/client.h"
#include "netlink/pairs.h"
#include "pair/plan.h"
#include "session/pair_doors.h"
#include "session/session.h"

enum { TELL_ABSENT_AFTER = 5 };		/* seconds: a program may have loaded its libraries */

static void tell(const struct traced *t, const char *why)
{
	fprintf(stderr, "leaktrace: pairs of %d are not followed: %s\n", t->model.target.pid, why);
}

static void open_new(struct session *s, struct traced *t)
{
	const struct pair_specs *specs = &s->options->pairs;
	struct pair_plan plan;
	char err[256];
	int error = pair_plan_make(&plan, t->model.target.pid, specs, t->pair_is_done, err, sizeof(err));

	if (!error && plan.n) {
		error = client_pair_open(s->client, t->model.target.id, plan.door, plan.n);
		if (error)
			snprintf(err, sizeof(err), "%s", client_error(s->client));
	}
	if (error)
		tell(t, err);
	else if (*plan.refused)
		tell(t, plan.refused);
	for (size_t i = 0; plan.state && i < specs->n; i++)
		t->pair_is_done[i] |= error || plan.state[i] != PAIR_ABSENT;
	pair_plan_free(&plan);
}

/* Once: what may still come, and what was not written as it should be. */
static void tell_absent(const struct session *s, const struct traced *t)
{
	const struct pair_specs *specs = &s->options->pairs;

	for (size_t i = 0; i < specs->n; i++) {
		bool told = false;

		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(specs->spec[i].library, specs->spec[j].library);
		if (!told && !t->pair_is_done[i])
			fprintf(stderr, "leaktrace: %d has not loaded %s: its pairs are followed from then on\n",
				t->model.target.pid, specs->spec[i].library);
	}
}

void pair_doors_try(struct session *s, struct traced *t)
{
	uint32_t generation = t->model.target.generation;

	if (!s->options->pairs.n || !(t->model.target.kinds & 1U << LEAKTRACE_KIND_PAIR))
		return;
	if (!t->pair_is_done) {
		t->pair_is_done = calloc(s->options->pairs.n, sizeof(*t->pair_is_done));
		if (!t->pair_is_done)
			return;
		t->pair_generation = generation + 1;
	}
	if (t->pair_generation != generation) {
		t->pair_generation = generation;
		open_new(s, t);
	}
	if (++t->pair_tries == TELL_ABSENT_AFTER)
		tell_absent(s, t);
}

void pair_doors_forget(struct traced *t)
{
	free(t->pair_is_done);
	t->pair_is_done = NULL;
	t->pair_tries = 0;
}
