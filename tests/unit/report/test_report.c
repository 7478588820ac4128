// SPDX-License-Identifier: GPL-2.0
/* What a report says if there is nothing, or little, to tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "report/json.h"
#include "report/report.h"
#include "report/text.h"
#include "util/style.h"
#include "check.h"

static struct model m;

static void begin(double end_s)
{
	model_free(&m);
	model_init(&m);
	m.offline = true;
	m.target = (struct target){ .id = 1, .pid = 1, .kinds = 1 << LEAKTRACE_KIND_PAGE, .attached_ns = 1000000000,
				    .now_ns = 1000000000 + end_s * 1e9, .reconciled_ns = 1 };
	m.target.kind[LEAKTRACE_KIND_PAGE].present = true;
}

/* A suspect of 20 pages. */
static void suspect(bool small)
{
	m.sites = calloc(1, sizeof(*m.sites));
	m.nsites = m.sites_room = 1;
	m.sites[0] = (struct site){ .id = 1, .kind = LEAKTRACE_KIND_PAGE, .type = LEAKTRACE_TYPE_ANON, .born = 20 };
	m.findings = calloc(1, sizeof(*m.findings));
	m.nfindings = 1;
	m.findings[0] = (struct finding){ .sites = malloc(sizeof(uint32_t)), .nsites = 1, .small = small,
					  .differing_frame = -1 };
	m.findings[0].sites[0] = 1;
	m.findings[0].live[LEAKTRACE_KIND_PAGE] = 20;
	m.findings[0].judgement.verdict = m.sites[0].judgement.verdict = VERDICT_SUSPECT;
	m.findings[0].judgement.finding = m.sites[0].judgement.finding = 1;
}

static bool text_says(bool all, const char *what)
{
	struct report_style style = { .all = all };
	size_t len = 0;
	char *buf = NULL;
	FILE *f = open_memstream(&buf, &len);
	bool says;

	report_text(f, &m, &style);
	fclose(f);
	says = strstr(buf, what);
	free(buf);
	return says;
}

static bool json_says(const char *what)
{
	struct json_object *o = report_json(&m);
	bool says = strstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), what);

	json_object_put(o);
	return says;
}

static void nothing(void)
{
	begin(3.6);
	CHECK(text_says(false, "watched for 3.6 s: too short to tell (needs 10 s)"));
	CHECK(!text_says(false, "no leak found") && json_says("\"too_short\":true"));
	begin(10.1);
	CHECK(text_says(false, "no leak found") && !text_says(false, "too short"));
	CHECK(json_says("\"too_short\":false"));
}

static void little(void)
{
	begin(60);
	suspect(true);
	CHECK(!text_says(false, "suspect  ") && text_says(false, "no leak found"));
	CHECK(text_says(false, "not shown: 1 suspect of little memory (--all shows it)"));
	CHECK(text_says(true, "suspect  ") && json_says("\"small\":true") && json_says("\"verdict\":\"suspect\""));
	begin(5);
	suspect(true);
	CHECK(text_says(false, "too short to tell"));
	begin(5);
	suspect(false);
	CHECK(text_says(false, "suspect  ") && !text_says(false, "too short") && json_says("\"too_short\":false"));
}

/* Memory that was there before is told apart from what was touched since. */
static void memory(void)
{
	begin(60);
	suspect(false);
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline = 100;
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline_live = 79;
	CHECK(text_says(false, "80 KiB touched since attach, 80 KiB of it still in use, 0 B freed\n"));
	CHECK(text_says(false, "  84 KiB of what was there before freed"));
}

/* A child process is of kind thread, and is called what it is. */
static void processes(void)
{
	begin(60);
	suspect(false);
	m.sites[0].kind = LEAKTRACE_KIND_THREAD;
	m.sites[0].type = LEAKTRACE_TYPE_PROCESS;
	memset(m.findings[0].live, 0, sizeof(m.findings[0].live));
	m.findings[0].live[LEAKTRACE_KIND_THREAD] = 191;
	CHECK(text_says(false, "suspect  191 process") && !text_says(false, "191 thread"));
}

int main(void)
{
	nothing();
	little();
	memory();
	processes();
	model_free(&m);
	return verdict("report");
}
