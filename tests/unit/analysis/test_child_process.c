// SPDX-License-Identifier: GPL-2.0
/* Verdicts about child processes, which are known from /proc only. */
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "check.h"
#include "model/children.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/object.h"

#define SECOND 1000000000ULL

enum { ATTACHED_S = 1000, END_S = 1060 };

static void begin(struct model *m)
{
	model_init(m);
	m->offline = true;
	m->target = (struct target){ .id = 1, .pid = 10, .kinds = 1, .attached_ns = ATTACHED_S * SECOND,
				     .now_ns = END_S * SECOND, .reconciled_ns = END_S * SECOND };
}

static uint64_t jitter_ns;	/* no two looks compute quite the same time */

/* n children, forked one every step seconds from from_s on; returns their list. */
static struct child *made(size_t n, double from_s, double step_s, bool zombie)
{
	struct child *list = calloc(n + 1, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		list[i] = (struct child){ .pid = 100 + i, .zombie = zombie, .start_ticks = (from_s + i * step_s) * 100,
					  .forked_ns = (from_s + i * step_s) * SECOND + jitter_ns++ };
		strcpy(list[i].comm, i % 4 ? "echo" : "cat");
	}
	return list;
}

static void judge(struct model *m)
{
	static const struct analysis_options opts;

	analysis_run(m, &opts, NULL, NULL);
}

static void one_look(const char *what, size_t n, double from_s, double step_s, bool zombie, enum verdict unreaped,
		     enum verdict untraced)
{
	struct model m;

	begin(&m);
	children_replace(&m.children, made(n, from_s, step_s, zombie), n, m.target.now_ns);
	judge(&m);
	CHECK(m.children.group[CHILDREN_UNREAPED].judgement.verdict == unreaped, "%s", what);
	CHECK(m.children.group[CHILDREN_UNTRACED].judgement.verdict == untraced, "%s", what);
	CHECK(m.children.zombies == (zombie ? n : 0), "%s", what);
	model_free(&m);
}

static void test_one_look(void)
{
	one_look("one a second", 50, ATTACHED_S + 1, 1, true, VERDICT_LEAK, VERDICT_OK);
	one_look("since long before attach", 200, ATTACHED_S - 140, 1, true, VERDICT_LEAK, VERDICT_OK);
	one_look("only before attach", 100, ATTACHED_S - 200, 1, true, VERDICT_OK, VERDICT_OK);
	one_look("a burst", 50, ATTACHED_S + 20, 0.02, true, VERDICT_OK, VERDICT_OK);
	one_look("since the last time that all were reaped", 10, END_S - 5, 0.5, true, VERDICT_OK, VERDICT_OK);
	one_look("none", 0, ATTACHED_S, 1, true, VERDICT_OK, VERDICT_OK);
	one_look("running ones are never a leak", 50, ATTACHED_S + 1, 1, false, VERDICT_OK, VERDICT_SUSPECT);
}

/* The window of a single look begins at attach, whatever the times round to. */
static void test_whole_life(void)
{
	struct model m;

	for (uint64_t ns = 0; ns < 200; ns++) {
		begin(&m);
		m.target.attached_ns += ns * 10000019;
		children_replace(&m.children, made(50, ATTACHED_S + 3, 1, true), 50, m.target.now_ns);
		judge(&m);
		CHECK(strstr(m.children.group[CHILDREN_UNREAPED].judgement.evidence[0], "none reaped"),
		      "%llu: %s", (unsigned long long)ns,
		      m.children.group[CHILDREN_UNREAPED].judgement.evidence[0]);
		model_free(&m);
	}
}

/* A session that looks once a second; the zombies are reaped every so many seconds. */
static enum verdict reaped_every(unsigned int seconds)
{
	enum verdict verdict;
	struct model m;

	begin(&m);
	for (unsigned int s = 1; s <= 60; s++) {
		unsigned int kept = seconds ? s % seconds : s;
		struct child *list = made(kept, ATTACHED_S + s - kept, 1, true);

		for (unsigned int i = 0; i < kept; i++)
			list[i].pid = 100 + s - kept + i;
		children_replace(&m.children, list, kept, (ATTACHED_S + s) * SECOND);
	}
	judge(&m);
	verdict = m.children.group[CHILDREN_UNREAPED].judgement.verdict;
	CHECK(m.children.group[CHILDREN_UNREAPED].ended == (seconds ? 60 / seconds * seconds : 0) -
	      (seconds ? 60 / seconds : 0), "every %u s: %llu", seconds,
	      (unsigned long long)m.children.group[CHILDREN_UNREAPED].ended);
	model_free(&m);
	return verdict;
}

/* What the kernel knows of is judged by its site, whose objects they are. */
static void test_objects(void)
{
	struct model m;

	begin(&m);
	children_replace(&m.children, made(50, ATTACHED_S + 1, 1, true), 50, m.target.now_ns);
	m.objects = calloc(50, sizeof(*m.objects));
	m.nobjects = m.objects_room = 50;
	for (size_t i = 0; i < 50; i++)
		m.objects[i] = (struct object){ .id = 100 + i, .kind = LEAKTRACE_KIND_THREAD, .count = 1,
						.type = LEAKTRACE_TYPE_PROCESS, .born_ns = (ATTACHED_S + 1 + i) * SECOND };
	judge(&m);
	CHECK(m.children.group[CHILDREN_UNREAPED].judgement.verdict == VERDICT_OK);
	CHECK(m.children.zombies == 50 && !m.children.untraced);
	model_free(&m);
}

static void test_number_taken_again(void)
{
	struct model m;
	struct child *list;

	begin(&m);
	list = made(1, ATTACHED_S + 1, 1, false);
	list->traced = true;
	children_replace(&m.children, list, 1, (ATTACHED_S + 2) * SECOND);
	children_replace(&m.children, made(1, ATTACHED_S + 1, 1, false), 1, (ATTACHED_S + 3) * SECOND);
	CHECK(m.children.child[0].traced, "the same process");
	children_replace(&m.children, made(1, ATTACHED_S + 4, 1, false), 1, (ATTACHED_S + 5) * SECOND);
	CHECK(!m.children.child[0].traced, "another one");
	model_free(&m);
}

int main(void)
{
	test_one_look();
	test_whole_life();
	CHECK(reaped_every(0) == VERDICT_LEAK);
	CHECK(reaped_every(5) != VERDICT_LEAK);
	CHECK(reaped_every(15) != VERDICT_LEAK);
	test_objects();
	test_number_taken_again();
	return verdict("child processes");
}
