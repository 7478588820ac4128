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
#include "session/selection.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "util/error.h"
#include "util/format.h"
#include "util/parse.h"

#define INTERVAL_S	10.0
#define MAX_BYTES	(1ULL << 30)
#define ROOM		2	/* times the rotation size: the final snapshots must fit */

enum { KEEP = 7 };

struct recording {
	const struct options *o;
	struct recorder *recorder;
	bool broken;			/* nothing more can be written */
};

static struct recording *recording_of(const struct session *s)
{
	return s->user;
}

/* Only the first error is reported: it stops the session. */
static void stop_on(struct session *s, int err)
{
	struct recording *r = recording_of(s);
	const char *path = r->o->output.path;

	if (!err || r->broken)
		return;
	r->broken = true;
	s->stop = true;
	live_erase(s);
	if (err == -EFBIG)
		fail("cannot continue recording to %s: --max-size is too small for its minimum content; the file can be reported",
		     path);
	else
		fail("cannot write %s: %s; what was written so far can be reported", path, strerror(-err));
}

static void on_sample(struct session *s, struct traced *t, bool last)
{
	struct recording *r = recording_of(s);

	if (!r->broken)
		stop_on(s, recorder_point(r->recorder, &t->model) ?:
			recorder_snapshot(r->recorder, s->client, &t->model, last));
}

static void on_event(struct session *s, const struct event *e)
{
	struct recording *r = recording_of(s);

	if (r->broken)
		return;
	if (e->op == LEAKTRACE_EVENT_EXEC)
		recorder_forget_names(r->recorder, e->target);
	stop_on(s, recorder_event(r->recorder, e));
}

static int snapshot_all(struct session *s)
{
	int err = 0;

	for (struct traced *t = s->targets; t && !err; t = t->next)
		if (!t->detached)
			err = recorder_snapshot(recording_of(s)->recorder, s->client, &t->model, true);
	return err;
}

static void on_tick(struct session *s)
{
	struct recording *r = recording_of(s);

	if (r->broken)
		return;
	if (recorder_rotation_due(r->recorder))
		stop_on(s, snapshot_all(s) ?: recorder_rotate(r->recorder) ?: snapshot_all(s));
	else
		stop_on(s, recorder_flush(r->recorder));
}

/* Processes that are already traced, in the background or by others, stay traced. */
static int adopt_target(struct session *s, pid_t pid)
{
	struct target found;
	struct traced *t;

	if (target_find(s->client, pid, &found) || found.flags & LEAKTRACE_TARGET_F_EXITED) {
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

static int adopt_targets(struct session *s, const struct options *o)
{
	int status = 0;
	pid_t pid;

	for (int i = 0; i < o->argc && !status; i++)
		status = parse_pid(o->argv[i], &pid) ? fail("record: invalid PID '%s'", o->argv[i]) :
			adopt_target(s, pid);
	return status ?: selection_begin(s);
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
static int end(struct session *s)
{
	struct recording *r = recording_of(s);
	struct output_options terminal = r->o->output;	/* whose path is the recording */
	const char *path = terminal.path;
	bool leaks = false;
	char size[32];
	int status;

	terminal.path = NULL;
	status = session_report(s, &terminal, &leaks);
	format_bytes(recorder_bytes(r->recorder), size);
	stop_on(s, recorder_close(r->recorder));
	r->recorder = NULL;
	if (!r->broken)
		fprintf(stderr, "leaktrace: %s of history in %s: leaktrace report %s\n", size, path, path);
	return r->broken ? EXIT_TROUBLE : status;
}

int cmd_record(struct options *o)
{
	struct recording r = { .o = o };
	struct session s = {
		.json = o->json, .tail = stdout,
		.hooks = { .on_sample = on_sample, .on_event = on_event, .on_tick = on_tick },
		.user = &r, .selection = { .selector = o->selector, .share = true },
	};
	int status;

	if (!o->argc && !o->selector)
		return fail("record: no PID and no --comm, --exe, --unit, --cgroup or --container given (see 'leaktrace record --help')");
	if (output_is_stdout(&o->output))
		return fail("record: no output file: give -o FILE");
	if (o->max_bytes && ROOM * o->rotate_bytes > o->max_bytes)
		return fail("record: --rotate SIZE must be at most half of --max-size");
	s.sample_every_ns = (o->interval_s ?: INTERVAL_S) * 1e9;
	s.output = &o->output;
	status = session_open(&s, &o->session);
	if (!status)
		live_begin(&s, !o->json);
	if (!status)
		status = session_listen(&s);
	if (!status)
		status = adopt_targets(&s, o);
	/* opened last, so that an invalid argument does not overwrite the file */
	r.recorder = status ? NULL : open_recorder(o);
	if (!status && !r.recorder)
		status = EXIT_TROUBLE;
	if (!status)
		status = session_loop(&s) ?: end(&s);
	recorder_close(r.recorder);
	session_close(&s);
	return status;
}
