// SPDX-License-Identifier: GPL-2.0
/*
 * The main loop of a session. Once a second the counters of all sites are read;
 * if the verdict of one may have changed, live objects are read too, but never
 * for more than a twentieth of the time. Events only tell that a target forked,
 * called exec, mapped code or exited: verdicts come from the tables.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "model/event.h"
#include "model/history.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/proc_load.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/status.h"
#include "model/target.h"
#include "model/thread_join.h"
#include "netlink/client.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "session/alarm.h"
#include "session/heap_gate.h"
#include "session/pair_doors.h"
#include "session/live_view.h"
#include "session/news.h"
#include "session/selection.h"
#include "session/script_names.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "symbolize/dwarf_unwind.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/macros.h"

static int read_sites(struct session *s, struct traced *t)
{
	t->judged = false;
	return client_dump(s->client, LEAKTRACE_CMD_SITE_GET, &t->model, -1);
}

/* Reads live objects and stacks, which completes the model. */
static int read_objects(struct session *s, struct traced *t)
{
	uint64_t before = monotonic_ns();
	int err = client_dump(s->client, LEAKTRACE_CMD_OBJECT_GET, &t->model, -1);

	if (!err)
		err = client_dump(s->client, LEAKTRACE_CMD_STACK_GET, &t->model, -1);
	t->objects_next_ns = monotonic_ns() + 20 * (monotonic_ns() - before);
	return err;
}

/* Describes some objects, which is only possible while the target lives. */
static void note_objects(struct model *m)
{
	struct object *o[5];

	for (size_t i = 0; i < m->nsites; i++) {
		int n = site_live(&m->sites[i]) ? object_examples(m, &m->sites[i], o, ARRAY_SIZE(o)) : 0;

		for (int k = 0; k < n; k++)
			free(object_describe(m, o[k]));
	}
}

/* Called just before the target exits: the last chance to read from /proc. */
void session_catch_up(struct session *s, struct traced *t)
{
	struct model *m = &t->model;

	model_read_proc(m);
	model_read_memory(m);
	m->children.next_ns = 0;
	session_look_at_children(s, t);
	if (m->symbolizer && !m->borrowed_symbolizer)
		symbolizer_refresh(m->symbolizer);
	else if (!m->symbolizer)
		target_open_symbolizer(m);
	if (read_sites(s, t) || read_objects(s, t))
		return;
	model_settle(m);
	script_names_last(s->client, t);
	if (m->runtime)
		runtime_sample(m->runtime, true);
	thread_find_unjoined(m);
	note_objects(m);
}

static uint64_t lost_events(const struct status *st)
{
	return st->lost.ring + st->lost.socket;
}

static uint64_t lost_all(const struct status *st)
{
	return lost_events(st) + st->lost.objects + st->lost.sites + st->lost.stacks +
		st->lost.nested + st->lost.work;
}

/* Losses from before this session are not reported. */
static void begin_losses(struct session *s)
{
	struct status st = { 0 };

	s->lost = client_status(s->client, &st) ? 0 : lost_all(&st);
}

static void note_losses(struct session *s, struct traced *t)
{
	struct status *st = &t->model.status;
	char why[200];

	if (client_status(s->client, st))
		return;
	if (lost_all(st) > s->lost) {
		snprintf(why, sizeof(why), "%llu events, %llu objects, %llu sites, %llu stacks, "
			 "%llu nested probe hits, %llu deferred work items so far",
			 (unsigned long long)lost_events(st), (unsigned long long)st->lost.objects,
			 (unsigned long long)st->lost.sites, (unsigned long long)st->lost.stacks,
			 (unsigned long long)st->lost.nested, (unsigned long long)st->lost.work);
		live_note(s, t, "loss", why);
	}
	s->lost = lost_all(st);
}

static void gone(struct session *s, struct traced *t, bool detached)
{
	if (t->done)
		return;
	t->done = true;
	t->detached = detached;
	live_note(s, t, detached ? "detached" : "exited", NULL);
	news_forget(s->news, t->model.target.id);
	if (detached || (t->ours && t->root))
		return;
	/* Targets of other sessions: their final events; they may have been detached meanwhile. */
	if (session_final_sample(s, t)) {
		if (t->ours)
			fail("%s", client_error(s->client));
		return;
	}
	/* A server may have thousands of children: free those that have exited. */
	if (t->ours) {
		client_target_del(s->client, t->model.target.id);
		t->deleted = true;
	}
}

/* New call paths may be in code that was loaded since the last read. */
static void refresh_names(struct traced *t)
{
	if (t->model.nsites == t->sites_seen)
		return;
	t->sites_seen = t->model.nsites;
	if (t->model.symbolizer && !t->model.borrowed_symbolizer)
		symbolizer_refresh(t->model.symbolizer);
}

static void sample(struct session *s, struct traced *t)
{
	struct model *m = &t->model;
	uint64_t now = monotonic_ns();
	int err;

	if (now >= t->reconcile_next_ns) {
		err = client_reconcile(s->client, m->target.id, m);
		model_read_proc(m);
		/* who does not want pages has nobody walk over their tables on the way */
		if (m->target.kinds & 1U << LEAKTRACE_KIND_PAGE)
			model_read_memory(m);
		/* they walk page tables: at most a twentieth of the time */
		t->reconcile_next_ns = monotonic_ns() + SESSION_RECONCILE_NS + 20 * (monotonic_ns() - now);
	} else {
		err = client_target_get(s->client, m->target.id, m);
	}
	if (err && err != -ENOENT && err != -ESRCH)
		return;		/* not the target's fault: the next sample may succeed */
	if (err || m->target.flags & LEAKTRACE_TARGET_F_EXITED) {
		gone(s, t, err);
		return;
	}
	if (m->target.execs != t->execs_seen)
		session_exec(s, t);
	t->execs_seen = m->target.execs;
	if (read_sites(s, t))
		return;
	model_settle(m);
	refresh_names(t);
	session_look_at_children(s, t);
	proc_load_read(m->target.pid, &m->load);
	alarm_set_sample(t->alarms, m);
	history_sample(m->history, m);
	if (s->hooks.on_sample)
		s->hooks.on_sample(s, t, false);
	if ((alarm_set_needs_objects(t->alarms, m) || session_children_changed(t)) && now >= t->objects_next_ns && !read_objects(s, t)) {
		session_judge(s, t, false);
		note_objects(m);
	}
	if (m->runtime && runtime_sample(m->runtime, false))
		session_runtime(s, t, false);
	note_losses(s, t);
}

static void adopt_child(struct session *s, const struct traced *parent, uint32_t id)
{
	struct traced *child = session_adopt(s, id);

	if (child)
		child->ours = parent->ours;
}

/* Also adds children whose fork event was lost. */
static void adopt_all(struct session *s)
{
	struct target *targets = NULL;
	struct traced *parent;
	size_t n = 0;
	int err = client_targets(s->client, &targets, &n);

	/*
	 * The module may be loaded again as a new instance, whose events this
	 * session would never get.
	 */
	if (err == -ENOENT && s->follow_all) {
		s->status = fail("the module was unloaded: load it and start again");
		s->stop = true;
	}
	if (err)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (session_find(s, targets[i].id))
			continue;
		parent = session_find(s, targets[i].parent);
		if (parent && parent->ours)
			adopt_child(s, parent, targets[i].id);
		else if (s->follow_all && !(targets[i].flags & LEAKTRACE_TARGET_F_EXITED))
			session_adopt(s, targets[i].id);
	}
	free(targets);
}

static bool any_alive(const struct session *s)
{
	for (const struct traced *t = s->targets; t; t = t->next)
		if ((t->root || t->selected) && !t->done)
			return true;
	return false;
}

/* Whether all that was asked for has exited. A service that restarts is looked for once more. */
static bool is_over(struct session *s)
{
	bool roots = false;

	for (const struct traced *t = s->targets; t; t = t->next)
		roots |= t->root;
	if (!roots || any_alive(s))
		return false;
	selection_rescan(s, true);
	return !any_alive(s);
}

static bool duration_is_over(const struct session *s)
{
	return s->options->duration_s > 0 && monotonic_ns() - s->started_ns >= s->options->duration_s * 1e9;
}

static void tick(struct session *s)
{
	uint64_t times;

	if (read(s->timer_fd, &times, sizeof(times)) < 0)
		return;
	if (s->follow_all)
		session_drop_done(s);
	if (s->follow_all || s->options->follow_fork)
		adopt_all(s);
	for (struct traced *t = s->targets; t; t = t->next) {
		if (!t->done && t->ours) {
			heap_gate_try(s, t);
			pair_doors_try(s, t);
		}
		if (!t->done && monotonic_ns() >= t->sample_next_ns) {
			t->sample_next_ns = monotonic_ns() + s->sample_every_ns;
			sample(s, t);
		}
		if (!t->done)
			script_names_tick(s->client, t);
	}
	session_fold(s);
	selection_rescan(s, false);
	if (s->hooks.on_tick)
		s->hooks.on_tick(s);
	s->stop |= duration_is_over(s);
	live_draw(s);
}

/* After exec: new code, and another name. */
void session_exec(struct session *s, struct traced *t)
{
	struct model *m = &t->model;

	code_map_send(s->client, m);
	t->gate_decided = false;
	t->gate_tries = 0;
	pair_doors_forget(t);
	limits_forget_growth(m);
	m->ledger.malloc_first = (struct ledger_malloc){ .known = true };	/* the new program has none yet */
	model_read_proc(m);
	if (m->borrowed_symbolizer) {
		model_forget_names(m);	/* they belong to that symbolizer */
		symbolizer_close(m->symbolizer);
		m->symbolizer = NULL;
		m->borrowed_symbolizer = false;
	}
	target_open_symbolizer(m);
	target_open_runtime(m);
}

static void on_event(const struct event *e, void *arg)
{
	struct session *s = arg;
	struct traced *t = session_find(s, e->target);

	/* children that come and go faster than they are read do not keep us from ending */
	s->stop |= duration_is_over(s);
	if (!t || duration_is_over(s))
		return;
	if (s->hooks.on_event)
		s->hooks.on_event(s, e);
	switch (e->op) {
	case LEAKTRACE_EVENT_EXEC:
		session_exec(s, t);
		t->execs_seen++;
		break;
	case LEAKTRACE_EVENT_MAPS:
		code_map_send(s->client, &t->model);
		if (t->model.symbolizer && !t->model.borrowed_symbolizer)
			symbolizer_refresh(t->model.symbolizer);
		break;
	case LEAKTRACE_EVENT_FORK:
		adopt_child(s, t, e->id);
		break;
	case LEAKTRACE_EVENT_EXIT:
		client_target_get(s->client, e->target, &t->model);
		gone(s, t, false);
		break;
	case LEAKTRACE_EVENT_DETACH:
		gone(s, t, true);
		break;
	}
}

/* The kernel's walk ended early; code without a table may have been mapped recently. */
static void on_copy(const struct stack_copy *copy, void *arg)
{
	struct session *s = arg;
	struct traced *t = session_find(s, copy->target);
	struct stack rest;

	if (!t)
		return;
	if (copy->status == LEAKTRACE_STACK_NOTABLE)
		code_map_send(s->client, &t->model);
	if (!dwarf_unwind(t->model.target.pid, copy, &rest))
		model_add_rest(&t->model, &rest);
}

static void on_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			live_draw(s);
		} else if (info.ssi_signo == SIGCONT) {
			/* the shell has changed the mode of the terminal */
			if (s->view)
				live_begin(s, true);
			live_draw(s);
		} else if (info.ssi_signo == SIGCHLD) {
			if (s->hooks.on_child)
				s->hooks.on_child(s);
		} else if (s->hooks.on_signal) {
			s->hooks.on_signal(s, info.ssi_signo);
		} else {
			s->stop = true;
		}
	}
}

void session_refresh(struct session *s, struct traced *t)
{
	bool fresh = !t->done && monotonic_ns() >= t->objects_next_ns && !read_objects(s, t);

	if (fresh || !t->judged)
		session_judge(s, t, false);
	if (fresh)
		note_objects(&t->model);
}

void session_begin(struct session *s)
{
	begin_losses(s);
	s->started_ns = monotonic_ns();
	client_on_copy(s->client, on_copy);
	live_draw(s);
}

int session_step(struct session *s, int wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = s->events_fd, .events = POLLIN },
		{ .fd = s->signal_fd, .events = POLLIN },
		{ .fd = s->timer_fd, .events = POLLIN },
		{ .fd = s->view ? terminal_keys_fd() : -1, .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), wait_ms) < 0 && errno != EINTR)
		return fail("poll: %s", strerror(errno));
	if (fds[1].revents)
		on_signals(s);
	/* ENOBUFS is an error of the socket, which reading clears */
	if (fds[0].revents && client_events(s->client, NULL, on_event, s))
		return fail("%s", client_error(s->client));
	if (fds[2].revents)
		tick(s);
	if (fds[3].revents)
		live_key(s);
	return 0;
}

int session_loop(struct session *s)
{
	session_begin(s);
	while (!s->stop) {
		if (session_step(s, -1))
			return EXIT_TROUBLE;
		s->stop |= is_over(s);
	}
	return s->status;
}
