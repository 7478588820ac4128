// SPDX-License-Identifier: GPL-2.0
/* Whose memory it is, and the text report's measures, on an invented model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/memory_growth.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "report/report.h"
#include "report/text.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"
#include "check.h"

static struct model m;

/* Three sites: main -> serve -> load -> parse, -> index; main -> other. */
static const uint64_t stacks[3][5] = {
	{ 0x500, 0x400, 0x300, 0x200, 0x100 },
	{ 0x510, 0x400, 0x300, 0x200, 0x100 },
	{ 0x900, 0x200, 0x100, 0, 0 },
};
static const int depths[] = { 5, 5, 3 };

static void add_site(int i, uint64_t born, uint64_t died)
{
	struct site *s = &m.sites[i];

	*s = (struct site){ .id = i + 1, .stack = i + 1, .kind = LEAKTRACE_KIND_PAGE,
			    .type = LEAKTRACE_TYPE_ANON, .born = born, .died = died,
			    .first_ns = 1000000000, .last_ns = 60000000000 };
	if (died) {
		s->release[0] = (struct release){ .stack = 3, .count = died };
		s->releases = 1;
	}
	m.stacks[i] = (struct stack){ .id = i + 1, .npcs = depths[i], .status = i == 2 ?
				      LEAKTRACE_STACK_DEPTH : LEAKTRACE_STACK_ROOT };
	m.stacks[i].pcs = malloc(depths[i] * sizeof(uint64_t));
	memcpy(m.stacks[i].pcs, stacks[i], depths[i] * sizeof(uint64_t));
}

static void build(uint64_t parse, uint64_t index, uint64_t other)
{
	model_free(&m);
	model_init(&m);
	m.offline = true;
	m.target = (struct target){ .id = 1, .pid = 1, .kinds = 1 << LEAKTRACE_KIND_PAGE,
				    .attached_ns = 1, .now_ns = 61000000000, .reconciled_ns = 1 };
	m.target.kind[LEAKTRACE_KIND_PAGE].present = true;
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline = 100;
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline_live = 60;
	m.sites = calloc(3, sizeof(*m.sites));
	m.stacks = calloc(3, sizeof(*m.stacks));
	m.nsites = m.sites_room = m.nstacks = m.stacks_room = 3;
	add_site(0, parse, 0);
	add_site(1, index + 50, 50);
	add_site(2, other, 0);
	model_settle(&m);
}

static void paths(void)
{
	struct memory_growth x;

	build(50, 45, 5);
	CHECK(memory_growth_read(&m, &x));
	CHECK(x.new_live == 100 && x.touched == 150 && x.given_back == 90);
	CHECK(x.baseline_given_back == 40);
	CHECK(x.path && x.path->offset == 0x400, "%#lx", x.path ? (long)x.path->offset : 0);
	CHECK(x.path_share > 0.949 && x.path_share < 0.951);
	CHECK(x.ngrew == 3 && x.grew[0].id == 1 && x.grew[0].pages == 50);
	CHECK(x.ngave == 1 && x.gave[0].id == 3 && x.gave[0].pages == 50);

	/* one site has it all but for a little: it is the path */
	build(95, 3, 2);
	CHECK(memory_growth_read(&m, &x) && x.path && x.path->offset == 0x500);

	/* half and half: under main is no path */
	build(30, 20, 50);
	CHECK(memory_growth_read(&m, &x) && x.path && x.path->offset == 0x200, "all is under 0x200");
	m.stacks[2].pcs[1] = 0x201;
	free(m.stacks[2].frames);
	m.stacks[2].frames = NULL;
	CHECK(memory_growth_read(&m, &x) && !x.path);

	build(0, 0, 0);
	m.target.kinds = 1 << LEAKTRACE_KIND_FD;
	CHECK(!memory_growth_read(&m, &x));
}

static void losses(void)
{
	struct losses l;

	build(50, 45, 5);
	report_losses(&m, &l);
	CHECK(l.complete_stacks > 0.949 && l.complete_stacks < 0.951);
	CHECK(l.complete_bytes > 0.949 && l.complete_bytes < 0.951);
	CHECK(l.truncated_stacks == 5 && l.ended[LEAKTRACE_STACK_DEPTH].objects == 5);
	CHECK(l.ended[LEAKTRACE_STACK_DEPTH].bytes == 5 * PAGE_BYTES);
	m.sites[0].stack = 77;
	report_losses(&m, &l);
	CHECK(l.ended[STACK_UNKNOWN].objects == 50);
}

enum { SITES = 60 };

/* A leak, and findings with this verdict. */
static void build_many(enum verdict others)
{
	build(50, 45, 5);
	m.sites = reallocarray(m.sites, SITES, sizeof(*m.sites));
	m.findings = calloc(SITES, sizeof(*m.findings));
	for (int i = 3; i < SITES; i++) {
		m.sites[i] = m.sites[0];
		m.sites[i].id = i + 1;
	}
	m.nsites = m.sites_room = m.nfindings = SITES;
	for (int i = 0; i < SITES; i++) {
		struct finding *g = &m.findings[i];

		*g = (struct finding){ .sites = malloc(sizeof(uint32_t)), .nsites = 1, .differing_frame = -1 };
		g->sites[0] = i + 1;
		g->live[LEAKTRACE_KIND_PAGE] = 5;
		g->judgement.verdict = i ? others : VERDICT_LEAK;
		for (int k = 0; k < 4; k++)
			g->judgement.evidence[k] = strdup_printf("%0120d and %0100d words that go on and on", k, k);
		m.sites[i].judgement.finding = i + 1;
	}
}

static char *text_of(int rows, size_t *len)
{
	struct report_style look = { .format = FORMAT_TEXT, .rows = rows };
	char *buf = NULL;
	FILE *f = open_memstream(&buf, len);

	report_text(f, &m, &look);
	fclose(f);
	return buf;
}

/* Many suspects with long sentences: a screen of a hundred columns, no more. */
static void screen(void)
{
	int lines = 0, widest = 0, width = 0;
	size_t len;
	char *buf;

	build_many(VERDICT_SUSPECT);
	buf = text_of(40, &len);
	for (size_t i = 0; i < len; i++) {
		/* of a character of several bytes, only the first is a column */
		width = buf[i] == '\n' ? 0 : width + ((buf[i] & 0xc0) != 0x80);
		widest = width > widest ? width : widest;
		lines += buf[i] == '\n';
	}
	CHECK(lines <= 40, "%d lines", lines);
	CHECK(lines > 25, "%d lines", lines);
	CHECK(widest <= 100, "%d columns in:\n%s", widest, buf);
	CHECK(strstr(buf, "not shown: ") && strstr(buf, "--all"));
	free(buf);
}

/* Leaks, and all that is not for a screen. */
static void whole(void)
{
	size_t len;
	char *buf = text_of(0, &len);

	CHECK(!strstr(buf, "not shown: "), "without a terminal nothing is left out");
	free(buf);
	for (size_t i = 0; i < m.nfindings; i++)
		m.findings[i].judgement.verdict = VERDICT_LEAK;
	buf = text_of(40, &len);
	CHECK(!strstr(buf, "not shown: "), "leaks are not left out");
	free(buf);
}

int main(void)
{
	paths();
	losses();
	screen();
	whole();
	model_free(&m);
	return verdict("rss");
}
