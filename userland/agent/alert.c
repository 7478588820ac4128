// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agent/alert.h"
#include "agent/state.h"
#include "agent/telling.h"
#include "agent/webhook.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

enum { LAST_WORDS_S = 3600 };		/* an alert of what is gone */

static struct json_object *time_after(double s)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_REALTIME, &now);
	format_time(now.tv_sec + now.tv_nsec / 1e9 + s, text, sizeof(text));
	return json_string(text);
}

static void put_label(struct json_object *labels, const char *name, const char *value)
{
	if (value && *value)
		json_put(labels, name, json_string(value));
}

/* They identify it: what changes from report to report is an annotation. */
static struct json_object *labels_of(const struct telling *t)
{
	const struct watched *w = t->watched;
	struct json_object *labels = json_object_new_object();
	char host[256] = "", pid[16];

	gethostname(host, sizeof(host) - 1);
	snprintf(pid, sizeof(pid), "%d", w->row.pid);
	put_label(labels, "alertname", t->oom_killed ? "LeaktraceOOMKill" : t->leaks ? "LeaktraceLeak" : "LeaktraceRule");
	put_label(labels, "severity", t->oom_killed ? "critical" : t->leaks ? "warning" : "info");
	put_label(labels, "instance", host);
	put_label(labels, "watch", w->watch->name);
	put_label(labels, "comm", w->row.comm);
	put_label(labels, "pid", pid);
	put_label(labels, "unit", w->row.workload.unit);
	put_label(labels, "container", w->row.workload.container);
	put_label(labels, "pod", w->row.workload.pod);
	return labels;
}

static struct json_object *annotations_of(const struct telling *t, const char *line)
{
	const char *reason = t->watched->reason;
	struct json_object *annotations = json_object_new_object();
	char *report = strdup_printf("%s.txt", t->stem);
	char *how = strdup_printf("%s%s%s%s%s", reason, *reason ? "; " : "", t->how, *t->end ? "; " : "", t->end);

	put_label(annotations, "summary", *line ? line : *t->end ? t->end : reason);
	put_label(annotations, "description", how);
	put_label(annotations, "report", report);
	free(how);
	free(report);
	return annotations;
}

static struct json_object *list_of(struct json_object *alert)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_object_get(alert));
	return list;
}

static void forget(struct watched *w)
{
	json_object_put(w->alert);
	w->alert = NULL;
}

void alert_raise(struct agent *a, const struct telling *t, const char *line)
{
	struct watched *w = t->watched;
	double s = *t->end ? LAST_WORDS_S : w->watch->again_s;
	struct json_object *alert;

	/* of what is gone, that a rule had fired needs nobody */
	if (!a->configuration.alertmanager || !(t->leaks || t->oom_killed || (*w->reason && !*t->end)))
		return;
	alert = json_object_new_object();
	json_put(alert, "labels", labels_of(t));
	json_put(alert, "annotations", annotations_of(t, line));
	json_put(alert, "startsAt", time_after(0));
	json_put(alert, "endsAt", time_after(s));
	webhook_send("Alertmanager", a->configuration.alertmanager, list_of(alert));
	if (*t->end) {
		json_object_put(alert);
		return;
	}
	forget(w);
	w->alert = alert;
	w->alert_ends_ns = monotonic_ns() + (uint64_t)(s * NSEC_PER_SEC);
}

void alert_end(struct agent *a, struct watched *w)
{
	if (!w->alert)
		return;
	json_put(w->alert, "endsAt", time_after(0));
	if (a->configuration.alertmanager)
		webhook_send("Alertmanager", a->configuration.alertmanager, list_of(w->alert));
	forget(w);
}

void alerts_renew(struct agent *a)
{
	struct json_object *list = json_object_new_array();
	uint64_t now_ns = monotonic_ns();

	for (struct watched *w = a->watched.first; w; w = w->next) {
		if (w->alert && now_ns >= w->alert_ends_ns)
			forget(w);
		if (w->alert)
			json_object_array_add(list, json_object_get(w->alert));
	}
	if (a->configuration.alertmanager && json_object_array_length(list))
		webhook_send("Alertmanager", a->configuration.alertmanager, list);
	else
		json_object_put(list);
}
