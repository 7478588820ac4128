// SPDX-License-Identifier: GPL-2.0
/*
 * Targets are traced in the background, so that they outlive an agent that is killed. Which of
 * them are its own is in a file of its directory: by the number and the time at which the
 * kernel began to trace them, which together are never used again.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/message.h"
#include "agent/state.h"
#include "agent/tracing.h"
#include "model/event.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "session/recorder.h"
#include "session/saved_maps.h"
#include "util/atomic_file.h"
#include "util/format.h"

enum { RECORDING_INTERVAL_S = 10, RECORDING_PARTS = 8 };

static struct inquiry *inquiry_of(struct agent *a, const struct traced *t)
{
	for (struct watched *w = a->watched.first; w; w = w->next)
		if (w->inquiry && w->inquiry->traced == t)
			return w->inquiry;
	return NULL;
}

/* Without a recording the inquiry goes on: its report does not need one. */
static void note(struct inquiry *i, int err)
{
	if (!err)
		return;
	message(PRIORITY_WARNING, "%s.leaktrace: the recording ends: %s", i->stem, strerror(-err));
	recorder_close(i->recorder);
	i->recorder = NULL;
}

static void on_sample(struct session *s, struct traced *t, bool last)
{
	struct inquiry *i = inquiry_of(s->user, t);

	if (i && i->recorder)
		note(i, recorder_point(i->recorder, &t->model) ?:
		     recorder_snapshot(i->recorder, s->client, &t->model, last));
}

static void on_event(struct session *s, const struct event *e)
{
	struct traced *t = session_find(s, e->target);
	struct inquiry *i = t ? inquiry_of(s->user, t) : NULL;

	if (!i || !i->recorder)
		return;
	if (e->op == LEAKTRACE_EVENT_EXEC)
		recorder_forget_names(i->recorder, e->target);
	note(i, recorder_event(i->recorder, e));
}

static void on_tick(struct session *s)
{
	struct agent *a = s->user;

	for (struct watched *w = a->watched.first; w; w = w->next)
		if (w->inquiry && w->inquiry->recorder)
			note(w->inquiry, recorder_flush(w->inquiry->recorder));
}

static void on_signal(struct session *s, int signal)
{
	struct agent *a = s->user;

	if (signal == SIGHUP)
		a->reload = true;
	else
		a->stop = true;
}

static bool open_session(struct agent *a, char *why, size_t len)
{
	if (a->session_is_open)
		return true;
	if (client_is_absent(why, len))
		return false;
	a->session = (struct session){
		.hooks = { .on_sample = on_sample, .on_event = on_event, .on_tick = on_tick, .on_signal = on_signal },
		.user = a, .quiet = true,
	};
	a->options.background = true;
	if (session_open(&a->session, &a->options) || session_listen(&a->session)) {
		snprintf(why, len, "%s", a->session.client ? client_error(a->session.client) : "the module does not answer");
		session_close(&a->session);
		return false;
	}
	session_begin(&a->session);
	a->session_is_open = true;
	return true;
}

static char *state_path(const struct agent *a)
{
	return strdup_printf("%s/traced", a->configuration.directory);
}

/* What the next agent takes up if this one is killed. */
static void write_state(const struct agent *a)
{
	char *path = state_path(a);
	struct atomic_file file;
	int err = path ? atomic_file_open_private(&file, path) : -ENOMEM;

	for (const struct watched *w = a->watched.first; w && !err; w = w->next) {
		const struct inquiry *i = w->inquiry;

		if (i && i->traced && !i->traced->detached)
			fprintf(file.f, "%u %" PRIu64 " %u %s\n", i->traced->model.target.id,
				i->traced->model.target.attached_ns, i->traced->model.target.pid, w->watch->name);
	}
	err = err ?: atomic_file_close(&file, true);
	if (err)
		message(PRIORITY_WARNING, "cannot write %s: %s", path ?: "", strerror(-err));
	free(path);
}

static void open_recorder(const struct agent *a, struct inquiry *i)
{
	uint64_t bytes = a->configuration.keep_bytes / RECORDING_PARTS;
	char *path = strdup_printf("%s.leaktrace", i->stem), err[256] = "out of memory";
	struct record_plan plan = {
		.path = path, .interval_s = RECORDING_INTERVAL_S,
		.max_bytes = bytes > 1 << 20 ? bytes : 1 << 20, .symbols = true,
	};

	i->recorder = path ? recorder_open(&plan, err, sizeof(err)) : NULL;
	if (!i->recorder)
		message(PRIORITY_WARNING, "no recording: %s", err);
	free(path);
}

bool tracing_begin(struct agent *a, struct inquiry *i, char *why, size_t len)
{
	struct traced *t;
	int err;

	if (!open_session(a, why, len))
		return false;
	a->options.kinds = i->watched->watch->kinds;
	err = session_try_add(&a->session, i->watched->row.pid, &t);
	if (err) {
		snprintf(why, len, "%s", err == -EEXIST ? "it is already being traced" :
			 err == -ENOSPC ? "too many targets (module parameter max_targets)" :
			 err == -ECHILD || err == -ESRCH ? "it has exited" : client_error(a->session.client));
		return false;
	}
	t->root = true;
	i->traced = t;
	saved_maps_write(&t->model);
	open_recorder(a, i);
	write_state(a);
	return true;
}

/* The module has been unloaded, or does not answer any more. */
static void lose_all(struct agent *a)
{
	message(PRIORITY_WARNING, "the module does not answer any more: nothing is traced");
	for (struct watched *w = a->watched.first; w; w = w->next) {
		struct inquiry *i = w->inquiry;

		if (i && i->traced)
			i->traced->done = i->traced->detached = true;
	}
}

void tracing_step(struct agent *a)
{
	if (a->session_is_open && session_step(&a->session, 0))
		lose_all(a);
}

void tracing_finish(struct agent *a, struct inquiry *i)
{
	struct traced *t = i->traced;
	int err;

	if (!t->detached && session_final_sample(&a->session, t))
		t->detached = true;
	if (t->detached)		/* what was read before is what there is */
		session_judge(&a->session, t, true);
	err = recorder_close(i->recorder);
	i->recorder = NULL;
	if (err)
		message(PRIORITY_WARNING, "%s.leaktrace: %s", i->stem, strerror(-err));
}

void tracing_end(struct agent *a, struct inquiry *i)
{
	uint32_t id = i->traced->model.target.id;

	session_remove(&a->session, i->traced);
	saved_maps_remove(id);
	i->traced = NULL;
	write_state(a);
}

void tracing_rest(struct agent *a)
{
	if (!a->session_is_open || a->session.targets)
		return;
	session_close(&a->session);
	a->session_is_open = false;
}

/* "ID ATTACHED_NS PID WATCH" */
static void take_up(struct agent *a, const char *line, const struct target *targets, size_t n,
		    struct inquiry *(*fn)(struct agent *a, const struct target *t, const char *watch))
{
	char watch[80] = "";
	uint64_t attached_ns;
	struct inquiry *i;
	struct traced *t;
	uint32_t id;
	int pid;
	size_t k;

	if (sscanf(line, "%" SCNu32 " %" SCNu64 " %d %79s", &id, &attached_ns, &pid, watch) != 4)
		return;
	for (k = 0; k < n; k++)
		if (targets[k].id == id && targets[k].attached_ns == attached_ns)
			break;
	t = k < n ? session_adopt(&a->session, id) : NULL;
	if (!t)
		return;
	t->ours = t->root = true;
	i = fn(a, &t->model.target, watch);
	if (!i) {
		message(PRIORITY_INFO, "%d is not watched any more: detached", pid);
		session_remove(&a->session, t);
		saved_maps_remove(id);
		return;
	}
	i->traced = t;
	i->taken_up = true;
	open_recorder(a, i);
	message(PRIORITY_NOTICE, "%s (%d) is still traced: taken up", t->model.target.comm, pid);
}

void tracing_take_up(struct agent *a, struct inquiry *(*fn)(struct agent *a, const struct target *t, const char *watch))
{
	char *path = state_path(a), line[256], why[512];
	FILE *f = path ? fopen(path, "re") : NULL;
	struct target *targets = NULL;
	size_t n = 0;

	free(path);
	/* an empty file is that of an agent that has ended by itself */
	if (f && fgets(line, sizeof(line), f) && open_session(a, why, sizeof(why)) &&
	    !client_targets(a->session.client, &targets, &n)) {
		do
			take_up(a, line, targets, n, fn);
		while (fgets(line, sizeof(line), f));
		write_state(a);
	}
	free(targets);
	if (f)
		fclose(f);
}
