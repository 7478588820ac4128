// SPDX-License-Identifier: GPL-2.0
/* Findings that several processes have alike are told once. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "report/family.h"
#include "report/text.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "util/style.h"

enum { WORKERS = 100 };

/* A worker whose function leaks that many descriptors. NULL: nothing leaks; "": without a stack. */
static void make(struct model *m, uint32_t pid, const char *function, uint64_t live)
{
	model_init(m);
	m->offline = true;
	m->target = (struct target){ .id = pid, .pid = pid, .kinds = 1, .attached_ns = 1, .now_ns = 60000000000,
				     .reconciled_ns = 1, .comm = "worker" };
	if (!function)
		return;
	m->sites = calloc(1, sizeof(*m->sites));
	m->nsites = m->sites_room = 1;
	m->sites[0] = (struct site){ .id = 1, .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_FILE, .stack = *function ? 7 : 0,
				     .born = live, .judgement = { .verdict = VERDICT_LEAK, .finding = 1 } };
	m->stacks = calloc(1, sizeof(*m->stacks));
	m->nstacks = m->stacks_room = 1;
	m->stacks[0] = (struct stack){ .id = 7, .nframes = 2, .frames = calloc(2, sizeof(struct symbol_frame)) };
	m->stacks[0].frames[0].function = function;
	m->stacks[0].frames[1].function = "main";
	m->findings = calloc(1, sizeof(*m->findings));
	m->nfindings = 1;
	m->findings[0] = (struct finding){ .sites = calloc(1, sizeof(uint32_t)), .nsites = 1, .live[0] = live,
					   .differing_frame = -1, .judgement = { .verdict = VERDICT_LEAK, .confidence = 0.9 } };
	m->findings[0].sites[0] = 1;
	model_settle(m);
}

static char *text_of(struct model *m, const struct family *f)
{
	struct report_style style = { .format = FORMAT_TEXT };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (m)
		report_text(out, m, &style);
	else
		family_write_rest(out, f);
	fclose(out);
	return text;
}

static void test_three_workers(void)
{
	struct family *f = family_new();
	struct model m[5];
	char *text;

	make(&m[0], 100, NULL, 0);
	for (int i = 1; i < 4; i++)
		make(&m[i], 100 + i, "leaky", 39 + i);
	make(&m[4], 104, "other", 9);
	for (int i = 0; i < 5; i++) {
		CHECK(family_has_news(f, &m[i]) == (i == 1 || i == 4), "%d", i);
		family_add(f, &m[i]);
	}
	CHECK(family_mark(f, &m[0], false), "who was asked for has a report");
	CHECK(family_mark(f, &m[1], true));
	text = text_of(&m[1], NULL);
	CHECK(strstr(text, "in 3 of 5 worker processes, 123 in all: 101 (40), 102 (41), 103 (42)"), "%s", text);
	free(text);
	for (int i = 2; i < 4; i++) {
		CHECK(!family_mark(f, &m[i], true), "told");
		CHECK(m[i].findings[0].nshares == 3);
		family_note(f, &m[i]);
	}
	CHECK(family_mark(f, &m[4], true));
	CHECK(!m[4].findings[0].nshares, "alone");
	family_leave_out(f, &m[0]);
	text = text_of(NULL, f);
	CHECK(strstr(text, "2 more processes traced") && strstr(text, "worker (102)") && strstr(text, "1 finding told above") &&
	      strstr(text, "1 child process came and went"), "%s", text);
	free(text);
	for (int i = 0; i < 5; i++)
		model_free(&m[i]);
	family_free(f);
}

/* No two stacks that are not known are the same. */
static void test_without_stacks(void)
{
	struct family *f = family_new();
	struct model a, b;

	make(&a, 1, "", 10);
	make(&b, 2, "", 10);
	family_add(f, &a);
	CHECK(family_has_news(f, &b));
	family_add(f, &b);
	CHECK(family_mark(f, &a, true) && family_mark(f, &b, true));
	CHECK(!a.findings[0].nshares && !b.findings[0].nshares);
	model_free(&a);
	model_free(&b);
	family_free(f);
}

static void test_many(void)
{
	struct family *f = family_new();
	struct model m;
	char *text;

	for (unsigned int i = 0; i < WORKERS * 100; i++) {
		make(&m, i + 1, "leaky", 1);
		family_add(f, &m);
		family_mark(f, &m, true);
		CHECK(m.findings[0].nshares <= 256);
		if (i)
			family_note(f, &m);
		model_free(&m);
	}
	text = text_of(NULL, f);
	CHECK(strlen(text) < 4096 && strstr(text, "and 9,979 more"), "%s", text);
	free(text);
	family_free(f);
}

int main(void)
{
	test_three_workers();
	test_without_stacks();
	test_many();
	family_add(NULL, NULL);
	return verdict("family");
}
