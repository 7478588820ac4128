// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agent/alert.h"
#include "agent/dossier.h"
#include "agent/message.h"
#include "agent/state.h"
#include "agent/telling.h"
#include "agent/webhook.h"
#include "host/line.h"
#include "model/workload_json.h"
#include "util/format.h"
#include "util/json.h"
#include "util/macros.h"

enum { FINDINGS_MAX = 5 };

/* The first line of the report that names a finding; "": there is none. */
static char *headline(const char *report)
{
	static const char *const words[] = { "\nLEAK", "\nsuspect" };
	const char *at = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words) && !at; i++)
		at = strstr(report, words[i]);
	return at ? strndup(at + 1, strcspn(at + 1, "\n")) : strdup("");
}

static char *whole_text(const struct telling *t)
{
	const struct watched *w = t->watched;

	return strdup_printf("watch %s: %s%s%s%s%s\n\n%s", w->watch->name, w->reason, *w->reason ? "; " : "", t->how,
			     *t->end ? "; " : "", t->end, t->report);
}

/* What file and webhook have in common. */
static void put_about(struct json_object *o, const struct telling *t)
{
	const struct watched *w = t->watched;

	json_put(o, "event", json_string(t->event));
	json_put(o, "watch", json_string(w->watch->name));
	json_put(o, "reason", json_string(w->reason));
	json_put(o, "how", json_string(t->how));
	json_put(o, "end", json_string(t->end));
}

static struct json_object *first_findings(struct json_object *report)
{
	struct json_object *list = json_object_new_array(), *all = json_object_object_get(report, "findings");

	for (size_t i = 0; all && i < json_object_array_length(all) && i < FINDINGS_MAX; i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(all, i)));
	return list;
}

static struct json_object *news(const struct telling *t, const char *line)
{
	const struct watched *w = t->watched;
	struct json_object *o = json_object_new_object();
	char host[256] = "", when[64];
	char *file = strdup_printf("%s.txt", t->stem);
	struct timespec now;

	gethostname(host, sizeof(host) - 1);
	clock_gettime(CLOCK_REALTIME, &now);
	format_time(now.tv_sec + now.tv_nsec / 1e9, when, sizeof(when));
	json_put_number(o, "leaktrace", 1);
	put_about(o, t);
	json_put(o, "time", json_string(when));
	json_put(o, "host", json_string(host));
	json_put_number(o, "pid", w->row.pid);
	json_put(o, "comm", json_string(w->row.comm));
	workload_put_json(o, &w->row.workload);
	json_put_number(o, "leaks", t->leaks);
	json_put(o, "headline", json_string(line));
	json_put(o, "report", json_string(file));
	json_put(o, "findings", first_findings(t->json));
	free(file);
	return o;
}

/* Files first: who is told looks for them. */
void tell(struct agent *a, const struct telling *t)
{
	const struct watched *w = t->watched;
	char *text = whole_text(t), *line = headline(t->report), label[600];
	struct json_object *about = json_object_new_object();
	struct json_object *told = a->configuration.webhook ? news(t, line ?: "") : NULL;

	put_about(about, t);
	json_put(about, "last_look", host_row_json(&w->row));
	json_put(t->json, "agent", about);
	dossier_write(t->stem, text, t->json);
	workload_label(&w->row.workload, label, sizeof(label));
	message(t->leaks ? PRIORITY_ERROR : *t->end ? PRIORITY_WARNING : PRIORITY_NOTICE,
		"%s of %s (%d)%s%s: %s%s%s%s%s: %s.txt", t->event, w->row.comm, w->row.pid, *label ? ", " : "", label,
		t->how, *t->end ? "; " : "", t->end, line && *line ? "; " : "", line ?: "", t->stem);
	if (told)
		webhook_send("webhook", a->configuration.webhook, told);
	alert_raise(a, t, line ?: "");
	free(text);
	free(line);
}
