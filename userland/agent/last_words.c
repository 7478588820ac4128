// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "agent/dossier.h"
#include "agent/last_words.h"
#include "agent/state.h"
#include "agent/telling.h"
#include "host/line.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

const char *last_words_oom(const struct watched *w, bool sure, char *buf, size_t len)
{
	const struct limit *l = &w->row.limit[HOST_MEMORY];
	char max[32], limit[96] = "";

	if (l->max)
		snprintf(limit, sizeof(limit), " (%s: %s)", l->name, format_bytes(l->max, max));
	snprintf(buf, len, "%s%s", sure ? "killed by the OOM killer" :
		 "ended while the OOM killer killed a process of its cgroup", limit);
	return buf;
}

const char *last_words_end(const struct watched *w, char *buf, size_t len)
{
	if (watched_was_oom_killed(w))
		last_words_oom(w, w->exit_code >= 0, buf, len);
	else if (w->exit_code < 0)
		snprintf(buf, len, "ended");
	else if (w->exit_code & 0x7f)
		snprintf(buf, len, "killed by signal %d", w->exit_code & 0x7f);
	else
		snprintf(buf, len, "exited with status %d", w->exit_code >> 8 & 0xff);
	return buf;
}

static void write_resource(FILE *f, const struct host_row *row, enum host_resource which)
{
	const struct limit *l = &row->limit[which];
	char now[32], growth[40], max[32];

	if (!row->known[which])
		return;
	fprintf(f, "  %-8s %10s", host_resource_name(which), host_count(which, row->now[which], now));
	host_growth(row, which, growth);
	fprintf(f, "  %10s", *growth ? growth : "-");
	if (l->max)
		fprintf(f, "  %3.0f %% of %s (%s)", 100 * host_row_share(row, which), l->name, host_count(which, l->max, max));
	fputc('\n', f);
}

static char *numbers(const struct host_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s, pid %d, at the last look:\n\n", row->comm, row->pid);
	fprintf(f, "  %-8s %10s  %10s  %s\n", "", "held", "per min", "limit");
	for (int i = 0; i < HOST_RESOURCES; i++)
		write_resource(f, row, i);
	fclose(f);
	return text;
}

void last_words_tell(struct agent *a, struct watched *w)
{
	char *stem = dossier_stem(a->configuration.directory, &w->row), *text = numbers(&w->row);
	char how[128], end[128], time[32];
	double s = (double)(monotonic_ns() - w->first_ns) / NSEC_PER_SEC;
	struct json_object *json = json_object_new_object();

	snprintf(how, sizeof(how), "watched from outside for %s", format_seconds(s, time));
	json_put_number(json, "leaktrace", 1);
	if (stem && text)
		tell(a, &(struct telling){ .watched = w, .stem = stem, .event = "last words", .how = how,
					   .oom_killed = watched_was_oom_killed(w), .end = last_words_end(w, end, sizeof(end)), .report = text, .json = json });
	else
		json_object_put(json);
	a->counts.last_words++;
	free(stem);
	free(text);
}
