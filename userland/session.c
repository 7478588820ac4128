// SPDX-License-Identifier: GPL-2.0
/*
 * Targets under observation, from the first look to the report. Once a second
 * the counters of all sites are read; where one of them may have changed its
 * verdict, the live objects too, but never so often that more than a twentieth
 * of the time goes into it. Events only tell that a target forked, called
 * exec, exited: verdicts come from the tables.
 *
 * The request socket owns the targets: if we are killed, the kernel detaches.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cli.h"
#include "code.h"

#define TICK_NS		NSEC_PER_SEC
#define RECONCILE_NS	(10 * NSEC_PER_SEC)

int session_open(struct session *s, const struct options *o)
{
	char err[512];
	sigset_t set;

	s->options = o;
	s->events_fd = s->timer_fd = -1;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->client = client_open(err, sizeof(err));
	return s->client ? 0 : fail("%s", err);
}

/* From now on events arrive, and time passes. */
int session_listen(struct session *s)
{
	struct itimerspec every = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };

	s->started_ns = monotonic_ns();
	s->events_fd = client_subscribe(s->client);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->events_fd < 0)
		return fail("%s", client_error(s->client));
	if (s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &every, NULL))
		return fail("cannot make a timer: %s", strerror(errno));
	return 0;
}

static struct traced *find(struct session *s, uint32_t id)
{
	for (struct traced *t = s->targets; t; t = t->next)
		if (t->model.target.id == id)
			return t;
	return NULL;
}

/* A child that has not called exec has its parent's code. */
static void borrow_names(struct session *s, struct traced *t)
{
	struct traced *parent = find(s, t->model.target.parent);

	if (t->model.symboliser || !parent || t->model.target.execs)
		return;
	t->model.symboliser = parent->model.symboliser;
	t->model.borrowed_symboliser = true;
	if (!t->model.exe && parent->model.exe)
		t->model.exe = strdup(parent->model.exe);
}

/* Take up a target that is being traced. NULL: it is gone already. */
struct traced *session_adopt(struct session *s, uint32_t id)
{
	struct traced *t = find(s, id), **end;

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	model_init(&t->model);
	t->watch = watch_new();
	if (!t->watch || client_target_get(s->client, id, &t->model)) {
		watch_free(t->watch);
		free(t);
		return NULL;
	}
	model_learn(&t->model);
	observe_names(&t->model);
	borrow_names(s, t);
	t->reconcile_next_ns = monotonic_ns() + RECONCILE_NS;
	/* in order of arrival: a report per target, parents first */
	for (end = &s->targets; *end; end = &(*end)->next)
		;
	*end = t;
	live_note(s, t, "attached", NULL);
	return t;
}

struct traced *session_add(struct session *s, pid_t pid)
{
	const struct options *o = s->options;
	uint32_t id, flags = (o->follow_fork ? LEAKTRACE_TARGET_F_FOLLOW_FORK : 0) |
		(o->background ? LEAKTRACE_TARGET_F_BACKGROUND : LEAKTRACE_TARGET_F_HOLD);
	struct code *code = code_read(s->client, pid);
	struct traced *t;
	int err = client_target_add(s->client, pid, o->kinds, flags, o->max_objects, code, &id);

	code_drop(code);

	if (err == -ESRCH && kill(pid, 0) && errno == ESRCH) {
		observe_no_process(pid);
		return NULL;
	}
	if (err == -EEXIST)
		fail("%d is being traced already: run 'leaktrace tail %d' or 'leaktrace report %d'",
		     pid, pid, pid);
	else if (err == -ENOSPC)
		fail("cannot attach to %d: too many targets (module parameter max_targets)", pid);
	else if (err)
		fail("%s", client_error(s->client));
	if (err)
		return NULL;
	t = session_adopt(s, id);
	if (!t) {
		fail("cannot attach to %d: it has exited", pid);
		return NULL;
	}
	t->ours = t->root = true;
	return t;
}

static void on_news(enum watch_news news, struct site *site, void *arg)
{
	void **both = arg;
	struct session *s = both[0];

	s->leaks += news == WATCH_LEAK;
	live_leak(s, both[1], news, site);
}

static void judge_now(struct session *s, struct traced *t, bool last)
{
	void *both[] = { s, t };

	model_settle(&t->model);
	judge(&t->model, &s->options->bench, watch_curve, t->watch);
	watch_judge(t->watch, &t->model, last, on_news, both);
}

/* Live objects and stacks; returns with the model complete, or an error. */
static int read_objects(struct session *s, struct traced *t)
{
	uint64_t before = monotonic_ns();
	int err = client_dump(s->client, LEAKTRACE_CMD_OBJECT_GET, &t->model, -1);

	if (!err)
		err = client_dump(s->client, LEAKTRACE_CMD_STACK_GET, &t->model, -1);
	t->objects_next_ns = monotonic_ns() + 20 * (monotonic_ns() - before);
	return err;
}

/* Remember what can only be seen while the target is there. */
static void remember(struct model *m)
{
	struct object *o[5];

	for (size_t i = 0; i < m->nsites; i++) {
		int n = site_live(&m->sites[i]) ? examples_of(m, &m->sites[i], o, ARRAY_SIZE(o)) : 0;

		for (int k = 0; k < n; k++)
			free(example_describe(m, o[k]));
	}
}

/* The target is about to end: its last moment in which it can be asked. */
void session_catch_up(struct session *s, struct traced *t)
{
	struct model *m = &t->model;

	model_learn(m);
	if (m->symboliser && !m->borrowed_symboliser)
		symboliser_refresh(m->symboliser);
	else if (!m->symboliser)
		observe_names(m);
	if (client_dump(s->client, LEAKTRACE_CMD_SITE_GET, m, -1) || read_objects(s, t))
		return;
	model_settle(m);
	thread_look(m);
	remember(m);
}

static void note_losses(struct session *s, struct traced *t)
{
	struct status *st = &t->model.status;
	char why[160];
	uint64_t lost;

	if (client_status(s->client, st))
		return;
	lost = st->lost_ring + st->lost_socket + st->lost_objects + st->lost_sites +
		st->lost_stacks + st->lost_nested + st->lost_work;
	if (lost > s->lost && s->lost != UINT64_MAX) {
		snprintf(why, sizeof(why), "%llu events, %llu objects, %llu sites, %llu stacks so far",
			 (unsigned long long)(st->lost_ring + st->lost_socket),
			 (unsigned long long)st->lost_objects, (unsigned long long)st->lost_sites,
			 (unsigned long long)st->lost_stacks);
		live_note(s, t, "loss", why);
	}
	s->lost = lost;
}

static void gone(struct session *s, struct traced *t, bool detached)
{
	if (t->done)
		return;
	t->done = true;
	t->detached = detached;
	live_note(s, t, detached ? "detached" : "exited", NULL);
}

/* New call paths may be in code that was loaded since. */
static void refresh_names(struct traced *t)
{
	if (t->model.nsites == t->sites_seen)
		return;
	t->sites_seen = t->model.nsites;
	if (t->model.symboliser && !t->model.borrowed_symboliser)
		symboliser_refresh(t->model.symboliser);
}

static void look(struct session *s, struct traced *t)
{
	struct model *m = &t->model;
	uint64_t now = monotonic_ns();
	int err;

	if (now >= t->reconcile_next_ns) {
		err = client_reconcile(s->client, m->target.id, m);
		model_learn(m);
		/* it walks page tables: not for more than a twentieth of the time */
		t->reconcile_next_ns = monotonic_ns() + RECONCILE_NS + 20 * (monotonic_ns() - now);
	} else {
		err = client_target_get(s->client, m->target.id, m);
	}
	if (err || m->target.flags & LEAKTRACE_TARGET_F_EXITED) {
		gone(s, t, err);
		return;
	}
	if (client_dump(s->client, LEAKTRACE_CMD_SITE_GET, m, -1))
		return;
	model_settle(m);
	refresh_names(t);
	watch_sample(t->watch, m);
	if (watch_curious(t->watch, m) && now >= t->objects_next_ns && !read_objects(s, t)) {
		judge_now(s, t, false);
		remember(m);
	}
	note_losses(s, t);
}

static void adopt_all(struct session *s)
{
	struct target *targets = NULL;
	size_t n = 0;

	if (!client_targets(s->client, &targets, &n))
		for (size_t i = 0; i < n; i++)
			if (!(targets[i].flags & LEAKTRACE_TARGET_F_EXITED))
				session_adopt(s, targets[i].id);
	free(targets);
}

static void tick(struct session *s)
{
	uint64_t times;
	bool roots = false, alive = false;

	if (read(s->timer_fd, &times, sizeof(times)) < 0)
		return;
	if (s->watch_all)
		adopt_all(s);
	for (struct traced *t = s->targets; t; t = t->next) {
		if (!t->done)
			look(s, t);
		roots |= t->root;
		alive |= t->root && !t->done;
	}
	if (roots && !alive)
		s->stop = true;
	if (s->options->duration_s > 0 &&
	    monotonic_ns() - s->started_ns >= s->options->duration_s * 1e9)
		s->stop = true;
	live_draw(s);
}

static void on_event(const struct event *e, void *arg)
{
	struct session *s = arg;
	struct traced *t = find(s, e->target), *child;

	if (!t)
		return;
	switch (e->op) {
	case LEAKTRACE_EVENT_EXEC:
		client_target_get(s->client, e->target, &t->model);
		code_send(s->client, &t->model.target);
		model_learn(&t->model);
		if (t->model.borrowed_symboliser) {
			t->model.symboliser = NULL;
			t->model.borrowed_symboliser = false;
		}
		observe_names(&t->model);
		break;
	case LEAKTRACE_EVENT_MAPS:
		code_send(s->client, &t->model.target);
		if (t->model.symboliser && !t->model.borrowed_symboliser)
			symboliser_refresh(t->model.symboliser);
		break;
	case LEAKTRACE_EVENT_FORK:
		child = session_adopt(s, e->id);
		if (child)
			child->ours = t->ours;
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

static void on_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (s->on_child)
				s->on_child(s);
		} else if (s->on_signal) {
			s->on_signal(s, info.ssi_signo);
		} else {
			s->stop = true;
		}
	}
}

int session_loop(struct session *s)
{
	s->lost = UINT64_MAX;
	while (!s->stop) {
		struct pollfd fds[] = {
			{ .fd = s->events_fd, .events = POLLIN },
			{ .fd = s->signal_fd, .events = POLLIN },
			{ .fd = s->timer_fd, .events = POLLIN },
		};
		bool roots = false, alive = false;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return fail("poll: %s", strerror(errno));
		if (fds[1].revents)
			on_signals(s);
		/* a full buffer is an error of the socket, to be read away */
		if (fds[0].revents && client_events(s->client, NULL, on_event, s))
			return fail("%s", client_error(s->client));
		if (fds[2].revents)
			tick(s);
		for (struct traced *t = s->targets; t; t = t->next) {
			roots |= t->root;
			alive |= t->root && !t->done;
		}
		s->stop |= roots && !alive;
	}
	return 0;
}

/* The last look at everything. */
int session_report(struct session *s, bool *leaks)
{
	FILE *out = options_open_output(s->options);
	struct look look;
	bool first = true;

	live_erase(s);
	if (!out)
		return EXIT_TROUBLE;
	look = options_look(s->options, out);
	for (struct traced *t = s->targets; t; t = t->next) {
		struct model *m = &t->model;

		if (t->detached)
			continue;
		if (client_fill(s->client, m)) {
			fail("%s", client_error(s->client));
			continue;
		}
		model_learn(m);
		if (m->symboliser && !m->borrowed_symboliser)
			symboliser_refresh(m->symboliser);
		judge_now(s, t, true);
		*leaks |= report_leaks(m);
		if (!first && look.format == FORMAT_TEXT)
			fputc('\n', out);
		first = false;
		report_write(out, m, &look);
	}
	return options_close_output(out, s->options);
}

void session_close(struct session *s)
{
	struct traced *t, *next;

	for (t = s->targets; t; t = t->next)
		if (t->ours && !t->detached && s->client) {
			client_target_del(s->client, t->model.target.id);
			/* who reads lines knows by the report */
			if (s->json)
				live_note(s, t, "detached", NULL);
		}
	/* borrowed names first: their owner comes earlier in the list */
	for (t = s->targets; t; t = t->next)
		if (t->model.borrowed_symboliser)
			t->model.symboliser = NULL;
	for (t = s->targets; t; t = next) {
		next = t->next;
		watch_free(t->watch);
		model_free(&t->model);
		free(t);
	}
	s->targets = NULL;
	client_close(s->client);
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? s->signal_fd : i == 1 ? s->timer_fd : -1;

		if (fd >= 0)
			close(fd);
	}
}
