// SPDX-License-Identifier: GPL-2.0
/*
 * Adds targets to a session, reports them and releases them; session_loop.c
 * does what happens between. The kernel ties targets to the request socket: if
 * we are killed, it detaches them.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "analysis/heap_estimate.h"
#include "heap/account.h"
#include "model/history.h"
#include "model/model.h"
#include "model/proc_load.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "netlink/client.h"
#include "netlink/code_maps.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "report/family.h"
#include "report/report.h"
#include "session/alarm.h"
#include "session/heap_gate.h"
#include "session/pair_doors.h"
#include "session/live_view.h"
#include "session/news.h"
#include "session/session.h"
#include "session/suppressions.h"
#include "session/target_snapshot.h"
#include "symbolize/symbolizer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/process.h"

#define HEAPS_MAX_NS	(2 * NSEC_PER_SEC)

int session_open(struct session *s, const struct session_options *o)
{
	char err[512];
	struct sigaction hangup;
	sigset_t set;

	/* each traced program, even each of thousands of children, needs a descriptor */
	process_raise_descriptor_limit();
	s->options = o;
	s->news = news_new();
	s->events_fd = s->timer_fd = -1;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* keep running after SIGHUP if started by nohup */
	if (sigaction(SIGHUP, NULL, &hangup) || hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	code_map_forget_tables();
	s->client = client_open(err, sizeof(err));
	return s->client ? 0 : fail("%s", err);
}

/* Subscribes to events and starts the timer. */
int session_listen(struct session *s)
{
	struct itimerspec every = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };

	s->events_fd = client_subscribe(s->client, s->options->every_object);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->events_fd < 0)
		return fail("%s", client_error(s->client));
	if (s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &every, NULL))
		return fail("cannot make a timer: %s", strerror(errno));
	return 0;
}

struct traced *session_find(struct session *s, uint32_t id)
{
	for (struct traced *t = s->targets; t; t = t->next)
		if (t->model.target.id == id)
			return t;
	return NULL;
}

/* A child that has not called exec shares its parent's symbolizer. */
static void borrow_names(struct session *s, struct traced *t)
{
	struct traced *parent = session_find(s, t->model.target.parent);

	if (t->model.symbolizer || !parent || t->model.target.execs ||
	    !(t->model.target.flags & LEAKTRACE_TARGET_F_FORKED))
		return;
	t->model.symbolizer = symbolizer_share(parent->model.symbolizer);
	t->model.borrowed_symbolizer = true;
	if (!t->model.exe && parent->model.exe)
		t->model.exe = strdup(parent->model.exe);
}

void session_announce(struct session *s, struct traced *t)
{
	t->announced = true;
	live_note(s, t, "attached", NULL);
}

/* Adds a target that is being traced. NULL: it is gone. */
struct traced *session_adopt(struct session *s, uint32_t id)
{
	struct traced *t = session_find(s, id), **end;

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	model_init(&t->model);
	t->model.holders_bytes = s->options->holders_bytes;
	t->alarms = alarm_set_new();
	t->model.history = history_new();
	if (!t->alarms || !t->model.history || client_target_get(s->client, id, &t->model)) {
		alarm_set_free(t->alarms);
		model_free(&t->model);
		free(t);
		return NULL;
	}
	model_read_proc(&t->model);
	target_open_symbolizer(&t->model);
	borrow_names(s, t);
	target_open_runtime(&t->model);
	t->execs_seen = t->model.target.execs;
	t->reconcile_next_ns = monotonic_ns() + SESSION_RECONCILE_NS;
	/* in order of arrival, so that reports come parents first */
	for (end = &s->targets; *end; end = &(*end)->next)
		;
	*end = t;
	if (!s->quiet)
		session_announce(s, t);
	return t;
}

/* At attach, and at the end. Of many targets it takes too long: the last ones go without. */
static void read_malloc(struct session *s, struct traced *t, bool last)
{
	uint64_t before = monotonic_ns();
	struct model *m = &t->model;

	if (s->options->background || !(m->target.kinds & 1U << LEAKTRACE_KIND_PAGE) ||
	    s->heaps_ns > (last ? 2 : 1) * HEAPS_MAX_NS)
		return;
	if (last)
		target_read_malloc(m);
	else
		heap_account_read(m->target.pid, &m->ledger.malloc_first);
	s->heaps_ns += monotonic_ns() - before;
}

static int add_with_code(struct session *s, pid_t pid, uint32_t parent, uint32_t *id)
{
	const struct session_options *o = s->options;
	uint32_t flags = (o->follow_fork ? LEAKTRACE_TARGET_F_FOLLOW_FORK : 0) |
		(o->background ? LEAKTRACE_TARGET_F_BACKGROUND : LEAKTRACE_TARGET_F_HOLD);
	struct code_map *code = code_map_read(s->client, pid);
	int err = client_target_add(s->client, pid, o->kinds, flags, o->max_objects, parent, code, id);

	code_map_free(code);
	return err;
}

static int try_add(struct session *s, pid_t pid, uint32_t parent, struct traced **added)
{
	uint32_t id;
	int err = add_with_code(s, pid, parent, &id);

	if (err == -ENOENT) {	/* the kernel has dropped a table that it had */
		code_map_forget_tables();
		err = add_with_code(s, pid, parent, &id);
	}
	*added = NULL;
	if (err)
		return err;
	*added = session_adopt(s, id);
	if (!*added)
		return -ECHILD;
	/* Its mappings may have changed since we read them. */
	code_map_send(s->client, &(*added)->model);
	/* What there is at attach, by type. */
	if (!client_dump(s->client, LEAKTRACE_CMD_OBJECT_GET, &(*added)->model, -1))
		model_settle(&(*added)->model);
	limits_read_watches(&(*added)->model);	/* which needs objects */
	(*added)->ours = true;
	if (!parent)
		read_malloc(s, *added, false);
	heap_gate_try(s, *added);
	pair_doors_try(s, *added);
	return 0;
}

int session_try_child(struct session *s, pid_t pid, const struct traced *parent, struct traced **added)
{
	return try_add(s, pid, parent->model.target.id, added);
}

int session_try_add(struct session *s, pid_t pid, struct traced **added)
{
	int err = try_add(s, pid, 0, added);

	if (!err && s->options->follow_fork)
		session_take_children(s, *added);
	return err;
}

int session_add_failed(struct session *s, pid_t pid, int err)
{
	if (err == -ESRCH && kill(pid, 0) && errno == ESRCH)
		return fail_no_process(pid);
	if (err == -ECHILD)
		return fail("cannot attach to %d: it has exited", pid);
	if (err == -EEXIST)
		return fail("%d is already being traced: run 'leaktrace tail %d' or 'leaktrace report %d'",
			    pid, pid, pid);
	if (err == -ENOSPC)
		return fail("cannot attach to %d: too many targets (module parameter max_targets)", pid);
	return fail("%s", client_error(s->client));
}

/* NULL after an error message. */
struct traced *session_add(struct session *s, pid_t pid)
{
	struct traced *t;
	int err = session_try_add(s, pid, &t);

	if (err)
		session_add_failed(s, pid, err);
	else
		t->root = true;
	return t;
}

/* Counts leaks by what they have in common, not by process. */
bool session_tells(struct session *s, const struct traced *t, uint64_t key, enum alarm_news news,
		   unsigned int *others)
{
	const struct news_item item = { .key = key, .target = t->model.target.id, .news = news };
	bool due = news_is_due(s->news, &item, others);

	s->leaks += news == ALARM_LEAK && !*others;
	return due || s->json;
}

static void on_news(enum alarm_news news, struct site *site, void *arg)
{
	void **both = arg;
	struct session *s = both[0];
	struct traced *t = both[1];

	unsigned int others;

	if (session_tells(s, t, family_key(&t->model, site), news, &others))
		live_leak(s, t, news, others, site);
}

void session_judge(struct session *s, struct traced *t, bool last)
{
	void *both[] = { s, t };

	model_settle(&t->model);
	analysis_run(&t->model, &s->options->analysis, alarm_set_curve, t->alarms);
	suppressions_apply(s->suppressions, &t->model);
	t->judged = true;
	t->leaks = report_leaks(&t->model);
	t->heap_bytes = heap_live_bytes(&t->model);
	alarm_set_update(t->alarms, &t->model, last, on_news, both);
	session_children_news(s, t, last);
}

static void on_runtime_news(const struct runtime_site *site, enum alarm_news news, void *arg)
{
	void **both = arg;
	struct session *s = both[0];
	char hash[SITE_HASH_DIGITS + 1];
	unsigned int others;

	if (suppressions_have(s->suppressions, site))
		return;
	runtime_site_hash(site, hash);
	if (session_tells(s, both[1], hash_bytes(HASH_START, hash, sizeof(hash)), news, &others))
		live_runtime(s, both[1], news, others, site);
}

/* Reports what the runtime's samples have shown since the last call. */
void session_runtime(struct session *s, struct traced *t, bool last)
{
	void *both[] = { s, t };

	if (t->model.runtime)
		runtime_report_news(t->model.runtime, last, on_runtime_news, both);
}

int session_final_sample(struct session *s, struct traced *t)
{
	struct model *m = &t->model;

	if (client_fill(s->client, m))
		return EXIT_TROUBLE;
	t->read = true;
	model_read_proc(m);
	model_read_memory(m);
	if (t->root)
		read_malloc(s, t, true);
	m->children.next_ns = 0;	/* the last look comes in any case */
	session_look_at_children(s, t);
	if (m->symbolizer && !m->borrowed_symbolizer)
		symbolizer_refresh(m->symbolizer);
	proc_load_read(m->target.flags & LEAKTRACE_TARGET_F_EXITED ? 0 : m->target.pid, &m->load);
	history_sample(m->history, m);
	if (m->runtime && !t->done)
		runtime_sample(m->runtime, true);
	if (s->hooks.on_sample)
		s->hooks.on_sample(s, t, true);
	session_judge(s, t, true);
	session_runtime(s, t, true);
	return 0;
}

void session_forget(struct traced *t)
{
	pair_doors_forget(t);
	alarm_set_free(t->alarms);
	model_free(&t->model);
	free(t);
}

void session_remove(struct session *s, struct traced *t)
{
	struct traced **at = &s->targets;

	while (*at && *at != t)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = t->next;
	if (t->ours && !t->deleted && !t->detached)
		client_target_del(s->client, t->model.target.id);
	session_forget(t);
}

void session_drop_done(struct session *s)
{
	struct traced **at = &s->targets, *t;

	while ((t = *at)) {
		if (!t->done || t->root) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		session_forget(t);
	}
}

void session_close(struct session *s)
{
	struct traced *t, *next;

	live_end(s);
	for (t = s->targets; t; t = t->next)
		if (t->ours && !t->detached && s->client) {
			if (!t->deleted)
				client_target_del(s->client, t->model.target.id);
			/* readers of JSON see the report */
			if (s->json && t->announced)
				live_note(s, t, "detached", NULL);
		}
	for (t = s->targets; t; t = next) {
		next = t->next;
		session_forget(t);
	}
	s->targets = NULL;
	free(s->known);
	s->known = NULL;
	family_free(s->family);
	news_free(s->news);
	if (s->spill)
		fclose(s->spill);
	client_close(s->client);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
}
