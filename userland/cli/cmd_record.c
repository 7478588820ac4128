// SPDX-License-Identifier: GPL-2.0
/* leaktrace record: traces processes and writes a recording. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "model/event.h"
#include "model/target.h"
#include "report/output.h"
#include "session/live_view.h"
#include "session/recorder.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "util/error.h"
#include "util/format.h"
#include "util/parse.h"

#define INTERVAL_S	10.0
#define MAX_BYTES	(1ULL << 30)
#define ROOM		2	/* times the rotation size: the final snapshots must fit */

enum { KEEP = 7 };

static struct recorder *recorder_of(const struct session *s)
{
	return s->user;
}

/* Only the first error is reported: it stops the session. */
static void stop_on(struct session *s, int err)
{
	if (!err || s->broken)
		return;
	s->broken = true;
	s->stop = true;
	live_erase(s);
	if (err == -EFBIG)
		fail("cannot continue recording to %s: --max-size is too small for its minimum content; the file can be reported",
		     s->options->output.path);
	else
		fail("cannot write %s: %s; what was written so far can be reported", s->options->output.path, strerror(-err));
}

static void on_sample(struct session *s, struct traced *t, bool last)
{
	struct recorder *r = recorder_of(s);

	if (!s->broken)
		stop_on(s, recorder_point(r, &t->model) ?:
			recorder_snapshot(r, s->client, &t->model, last));
}

static void on_event(struct session *s, const struct event *e)
{
	if (s->broken)
		return;
	if (e->op == LEAKTRACE_EVENT_EXEC)
		recorder_forget_names(recorder_of(s), e->target);
	stop_on(s, recorder_event(recorder_of(s), e));
}

static int snapshot_all(struct session *s)
{
	int err = 0;

	for (struct traced *t = s->targets; t && !err; t = t->next)
		if (!t->detached)
			err = recorder_snapshot(recorder_of(s), s->client, &t->model, true);
	return err;
}

static void on_tick(struct session *s)
{
	struct recorder *r = recorder_of(s);

	if (s->broken)
		return;
	if (recorder_rotation_due(r))
		stop_on(s, snapshot_all(s) ?: recorder_rotate(r) ?: snapshot_all(s));
	else
		stop_on(s, recorder_flush(r));
}

/* Processes that are already traced, in the background or by others, stay traced. */
static int take_up(struct session *s, pid_t pid)
{
	struct target found;
	struct traced *t;

	if (observe_find(s->client, pid, &found) || found.flags & LEAKTRACE_TARGET_F_EXITED) {
		t = session_add(s, pid);
	} else {
		t = session_adopt(s, found.id);
		if (!t)
			fail("%d is no longer traced", pid);
	}
	if (!t)
		return EXIT_TROUBLE;
	t->root = true;
	return 0;
}

static int take_up_all(struct session *s, const struct options *o)
{
	int status = 0;
	pid_t pid;

	for (int i = 0; i < o->argc && !status; i++)
		status = parse_pid(o->argv[i], &pid) ? fail("record: invalid PID '%s'", o->argv[i]) :
			take_up(s, pid);
	return status;
}

static struct recorder *open_recorder(const struct options *o)
{
	uint64_t usual_bytes = ROOM * o->rotate_bytes;
	struct record_plan plan = {
		.path = o->output.path,
		.interval_s = o->interval_s ?: INTERVAL_S,
		.max_bytes = o->max_bytes ?: usual_bytes > MAX_BYTES ? usual_bytes : MAX_BYTES,
		.rotate_s = o->rotate_s,
		.rotate_bytes = o->rotate_bytes,
		.keep = o->keep ?: KEEP,
		.symbols = !o->no_symbols,
	};
	struct recorder *r;
	char err[256];

	r = recorder_open(&plan, err, sizeof(err));
	if (!r)
		fail("%s", err);
	return r;
}

/* Writes the final snapshots, the report, and the end of the file. */
static int end(struct session *s, const struct options *o)
{
	struct options say = *o;
	bool leaks;
	char size[32];
	int status;

	/* the report goes to the terminal: o->output.path is the recording */
	say.output.path = NULL;
	s->options = &say;
	status = session_report(s, &leaks);
	s->options = o;
	format_bytes(recorder_bytes(recorder_of(s)), size);
	stop_on(s, recorder_close(recorder_of(s)));
	s->user = NULL;
	if (!s->broken)
		fprintf(stderr, "leaktrace: %s of history in %s: leaktrace report %s\n", size, o->output.path,
			o->output.path);
	return s->broken ? EXIT_TROUBLE : status;
}

int cmd_record(struct options *o)
{
	struct session s = {
		.json = o->json, .tail = stdout, .view = !o->json && isatty(STDOUT_FILENO),
		.objects = o->events, .on_sample = on_sample, .on_event = on_event, .on_tick = on_tick,
	};
	int status;

	if (!o->argc)
		return fail("record: no PID given (see 'leaktrace record --help')");
	if (output_is_stdout(&o->output))
		return fail("record: no output file: give -o FILE");
	if (o->max_bytes && ROOM * o->rotate_bytes > o->max_bytes)
		return fail("record: --rotate SIZE must be at most half of --max-size");
	s.sample_every_ns = (o->interval_s ?: INTERVAL_S) * 1e9;
	status = session_open(&s, o);
	if (!status)
		status = session_listen(&s);
	if (!status)
		status = take_up_all(&s, o);
	/* opened last, so that an invalid argument does not overwrite the file */
	s.user = status ? NULL : open_recorder(o);
	if (!status && !s.user)
		status = EXIT_TROUBLE;
	if (!status)
		status = session_loop(&s) ?: end(&s, o);
	recorder_close(s.user);
	session_close(&s);
	return status;
}
