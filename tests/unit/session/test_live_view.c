// SPDX-License-Identifier: GPL-2.0
/*
 * The live view of many targets: no line is wider than the terminal, what is not shown is
 * counted; and each line of news, and each output, says where a process runs.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "model/finding.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/site.h"
#include "report/pprof.h"
#include "report/report.h"
#include "report/text.h"
#include "session/live_view.h"
#include "session/news.h"
#include "session/session.h"
#include "util/style.h"

enum { TARGETS = 12, COLUMNS = 80 };

#define ID	"3f1c0d9e8b7a65544332211000ffeeddccbbaa998877665544332211009f8e7d"

static struct traced targets[TARGETS];
static struct site sites[TARGETS];
static uint32_t parts[] = { 1 };
static struct finding finding = { .sites = parts, .nsites = 1, .live = { 40 }, .differing_frame = -1 };

static void make_targets(void)
{
	for (int i = 0; i < TARGETS; i++) {
		struct model *m = &targets[i].model;

		targets[i].next = i + 1 < TARGETS ? &targets[i + 1] : NULL;
		model_init(m);
		m->offline = true;
		m->target = (struct target){ .id = i + 1, .pid = i ? 100 + i : getpid(), .kinds = 3, .attached_ns = 1,
					     .now_ns = 60000000000, .comm = "worker" };
		m->target.kind[0] = (struct kind_totals){ .present = true, .live = 4000000040, .baseline = 5 };
		m->target.kind[1] = (struct kind_totals){ .present = true, .live = 9000000, .baseline = 5 };
		m->workload = (struct workload){ .container_id = strdup(ID), .container = strdup("api"),
						 .pod = strdup("prod/api-5f"), .unit = strdup("kubelet.service") };
		sites[i] = (struct site){ .id = 1, .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_FILE, .born = 40,
					  .judgement = { .verdict = VERDICT_LEAK, .finding = 1 } };
		m->sites = &sites[i];
		m->nsites = 1;
		m->findings = &finding;
		m->nfindings = 1;
	}
}

static char *text;
static size_t len;

static void begin(struct session *s)
{
	text = NULL;
	s->tail = open_memstream(&text, &len);
}

static const char *end(struct session *s)
{
	fclose(s->tail);
	s->tail = NULL;
	s->screen.nlines = 0;
	return text;
}

static void test_table(struct session *s)
{
	unsigned int shown = 0, left = 0;

	begin(s);
	live_draw(s);
	end(s);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		line[strcspn(line, "\033")] = '\0';	/* the rest of the line is erased */
		CHECK(strlen(line) <= COLUMNS, "%s", line);
		CHECK(strncmp(line, "worker (", 8) || strstr(line, ", prod/api-5f/api)  60 s"), "%s", line);
		shown += !strncmp(line, "worker (", 8);
		if (strstr(line, " more processes"))
			left = strtoul(line, NULL, 10);
	}
	CHECK(shown && shown < TARGETS && shown + left == TARGETS, "%u shown, %u left", shown, left);
	free(text);
}

static void test_news(struct session *s)
{
	static const struct {
		enum alarm_news news;
		const char *word;
	} words[] = {
		{ ALARM_GROWTH, " suspect   worker (101, prod/api-5f/api)  fd file" },
		{ ALARM_LEAK, " LEAK      worker (101, prod/api-5f/api)  fd file" },
		{ ALARM_LEAK_GREW, " still leaking worker (101, prod/api-5f/api)  fd file" },
		{ ALARM_CLEARED, " cleared   worker (101, prod/api-5f/api)  fd file" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		begin(s);
		live_leak(s, &targets[1], words[i].news, 0, &sites[1]);
		CHECK(strstr(end(s), words[i].word), "%s", text);
		free(text);
	}
	begin(s);
	live_leak(s, &targets[1], ALARM_LEAK, 7, &sites[1]);
	live_note(s, &targets[2], "attached", NULL);
	end(s);
	CHECK(strstr(text, "worker (101, prod/api-5f/api) and 7 others  fd"), "%s", text);
	CHECK(strstr(text, " attached  worker (102, prod/api-5f/api)\n"), "%s", text);
	free(text);
	s->json = true;
	begin(s);
	live_leak(s, &targets[1], ALARM_LEAK, 7, &sites[1]);
	end(s);
	CHECK(strstr(text, "\"unit\":\"kubelet.service\"") && strstr(text, "\"container\":\"api\"") &&
	      strstr(text, "\"pod\":\"prod/api-5f\""), "%s", text);
	free(text);
	s->json = false;
}

/* Text, JSON and metrics have their own tests. */
static void test_outputs(void)
{
	struct model *m = &targets[0].model;
	struct report_style style = { .format = FORMAT_FOLDED };
	struct session s = { 0 };
	void *data = NULL;
	size_t n = 0;

	begin(&s);
	report_write(s.tail, m, &style);
	CHECK(!strncmp(end(&s), "worker@prod/api-5f/api;fd", 25), "%s", text);
	free(text);
	CHECK(!report_pprof(m, LEAKTRACE_KIND_FD, &data, &n) && n);
	s.tail = popen("gzip -dc | grep -a -c -e prod/api-5f -e kubelet.service >/dev/null", "w");
	fwrite(data, 1, n, s.tail);
	CHECK(!pclose(s.tail), "labels of the profile");
	free(data);
	style.format = FORMAT_TEXT;
	begin(&s);
	report_write(s.tail, m, &style);
	CHECK(strstr(end(&s), ", unit kubelet.service, pod prod/api-5f, container api (3f1c0d9e8b7a)"), "%s", text);
	free(text);
}

int main(void)
{
	struct session_options options = { .kinds = 3 };
	struct session s = { .options = &options, .targets = targets, .view = true };

	setlocale(LC_CTYPE, "C.UTF-8");
	make_targets();
	test_table(&s);
	test_news(&s);
	test_outputs();
	for (int i = 0; i < TARGETS; i++) {
		targets[i].model.sites = NULL;
		targets[i].model.findings = NULL;
		targets[i].model.nsites = targets[i].model.nfindings = 0;
		model_free(&targets[i].model);
	}
	return verdict("live view");
}
