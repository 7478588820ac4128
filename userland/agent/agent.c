// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of the agent, which is one thread: looks from outside, rules, inquiries, and what
 * systemd and a scraper are told. What may wait for others is a child's (webhook.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/alert.h"
#include "agent/dossier.h"
#include "agent/inquiry.h"
#include "agent/last_words.h"
#include "agent/message.h"
#include "agent/metrics.h"
#include "agent/service_manager.h"
#include "agent/state.h"
#include "agent/webhook.h"
#include "export/http_server.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/process.h"
#include "util/units.h"

enum {
	FIXED_FDS = 5,			/* signals, HTTP, three of the session */
	SELECT_EVERY_S = 30,		/* at most: programs that start are found by then */
	TRIM_EVERY_S = 60,
	STATUS_EVERY_S = 10,
	ALERTS_EVERY_S = 300,
	LOOKS_TO_TELL = 2,		/* of what has ended sooner there is nothing to tell */
};

struct times {				/* when something is due */
	uint64_t select_ns, look_ns, trim_ns, status_ns, alerts_ns, watchdog_ns;
};

static bool is_in_use(const char *stem, void *arg)
{
	const struct agent *a = arg;

	for (const struct watched *w = a->watched.first; w; w = w->next)
		if (w->inquiry && !strcmp(w->inquiry->stem, stem))
			return true;
	return false;
}

static void trim(struct agent *a)
{
	const struct configuration *c = &a->configuration;

	dossier_trim(c->directory, c->keep_reports, c->keep_bytes, is_in_use, a);
}

static int serve(struct agent *a)
{
	const char *listen = a->configuration.listen;

	http_close(a->http);
	a->http = listen ? http_open(listen, agent_metrics_answer, a) : NULL;
	if (a->http)
		message(PRIORITY_INFO, "metrics at %smetrics", http_url(a->http));
	return listen && !a->http ? EXIT_TROUBLE : 0;
}

/* What has ended is told, and watched no longer. */
static void bury(struct agent *a)
{
	struct watched *w, *next;

	for (w = a->watched.first; w; w = next) {
		next = w->next;
		if (!watched_has_ended(w))
			continue;
		if (w->inquiry) {
			w->inquiry->look_next_ns = 0;
			continue;
		}
		if (w->looks >= LOOKS_TO_TELL && !w->told)
			last_words_tell(a, w);
		alert_end(a, w);
		watched_remove(&a->watched, w);
	}
}

static void fire(struct agent *a)
{
	const struct configuration *c = &a->configuration;
	uint64_t now_ns = monotonic_ns();

	if (budget_exceeded(&a->budget, c->processor_share, c->memory_bytes))
		return;
	for (struct watched *w = a->watched.first; w && a->inquiries < c->targets; w = w->next) {
		if (w->inquiry || w->ended || !w->looks || now_ns < w->rests_until_ns ||
		    !rules_fire(&w->watch->rules, &w->row, &w->growth, w->reason))
			continue;
		a->counts.fired++;
		inquiry_begin(a, w);
	}
}

/* A look takes as much time as it takes: what it may use decides how often there is one. */
static void look(struct agent *a, struct times *due, uint64_t now_ns)
{
	const struct configuration *c = &a->configuration;
	uint64_t used_ns = budget_used_ns();

	if (now_ns >= due->select_ns) {
		watched_select(&a->watched, c);
		due->select_ns = budget_next_ns(now_ns, budget_used_ns() - used_ns,
						c->interval_s < SELECT_EVERY_S ? c->interval_s : SELECT_EVERY_S,
						c->processor_share);
		used_ns = budget_used_ns();
	}
	watched_look(&a->watched);
	due->look_ns = budget_next_ns(now_ns, budget_used_ns() - used_ns, c->interval_s, c->processor_share);
	bury(a);
	fire(a);
}

static void say_status(const struct agent *a)
{
	char memory[32];

	service_manager_tell("STATUS=%zu watched, %u traced or looked at, %llu reports, %.2f %% of a processor, %s",
			     a->watched.n, a->inquiries,
			     (unsigned long long)(a->counts.reports + a->counts.last_words),
			     100 * a->budget.share, format_bytes(a->budget.memory_bytes, memory));
}

static void do_what_is_due(struct agent *a, struct times *due)
{
	uint64_t now_ns = monotonic_ns(), watchdog_ns = service_manager_watchdog_ns();

	budget_look(&a->budget, now_ns);
	if (now_ns >= due->look_ns)
		look(a, due, now_ns);
	inquiries_step(a);
	webhook_reap();
	if (now_ns >= due->trim_ns) {
		trim(a);
		due->trim_ns = now_ns + TRIM_EVERY_S * NSEC_PER_SEC;
	}
	if (now_ns >= due->status_ns) {
		say_status(a);
		due->status_ns = now_ns + STATUS_EVERY_S * NSEC_PER_SEC;
	}
	if (now_ns >= due->alerts_ns) {
		alerts_renew(a);
		due->alerts_ns = now_ns + ALERTS_EVERY_S * NSEC_PER_SEC;
	}
	if (watchdog_ns && now_ns >= due->watchdog_ns) {
		service_manager_tell("WATCHDOG=1");
		due->watchdog_ns = now_ns + watchdog_ns;
	}
}

/* Watches by their names: one that is gone lets go of its processes. */
static void follow(struct agent *a, const struct configuration *next)
{
	struct watched *w, *after;

	for (w = a->watched.first; w; w = after) {
		const struct watch *watch = configuration_watch(next, w->watch->name);

		after = w->next;
		if (!watch && w->inquiry)
			inquiry_end(a, w, END_AGENT);
		if (!watch) {
			watched_remove(&a->watched, w);
			continue;
		}
		/* parts of another length do not go on with those that there are */
		if (watch->rules.growth_s != w->watch->rules.growth_s)
			w->growth = (struct growth){ 0 };
		w->watch = watch;
	}
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* A configuration that is wrong changes nothing. */
static void reload(struct agent *a, struct times *due)
{
	struct configuration next, before = a->configuration;

	a->reload = false;
	service_manager_reloading();
	if (configuration_read(&next, a->path) || dossier_open(next.directory)) {
		message(PRIORITY_ERROR, "%s: not reloaded: the configuration is as it was", a->path);
		configuration_free(&next);
	} else {
		follow(a, &next);
		a->configuration = next;
		if (!is_same(before.listen, next.listen) && serve(a))
			message(PRIORITY_ERROR, "no metrics are served");
		configuration_free(&before);
		*due = (struct times){ 0 };
		message(PRIORITY_NOTICE, "%s: reloaded", a->path);
	}
	service_manager_tell("READY=1");
}

static int wait_ms(const struct agent *a, const struct times *due)
{
	uint64_t now_ns = monotonic_ns(), next_ns = due->look_ns, inquiry_ns = inquiries_next_ns(a);
	const uint64_t others[] = { due->trim_ns, due->status_ns, inquiry_ns,
				    service_manager_watchdog_ns() ? due->watchdog_ns : UINT64_MAX };
	int http_ms = a->http ? http_timeout_ms(a->http) : -1;
	uint64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		next_ns = others[i] < next_ns ? others[i] : next_ns;
	ms = next_ns > now_ns ? (next_ns - now_ns) / (NSEC_PER_SEC / 1000) + 1 : 0;
	return http_ms >= 0 && (uint64_t)http_ms < ms ? http_ms : (int)ms;
}

/* Until something is due, or happens. */
static void wait_for(struct agent *a, int signals, const struct times *due)
{
	struct pollfd *fds = calloc(FIXED_FDS + a->watched.n, sizeof(*fds));
	const struct session *s = a->session_is_open ? &a->session : NULL;
	size_t n = FIXED_FDS;

	if (!fds) {
		sleep(1);
		return;
	}
	fds[0].fd = signals;
	fds[1].fd = a->http ? http_fd(a->http) : -1;
	fds[2].fd = s ? s->events_fd : -1;
	fds[3].fd = s ? s->signal_fd : -1;
	fds[4].fd = s ? s->timer_fd : -1;
	for (const struct watched *w = a->watched.first; w; w = w->next)
		if (!w->ended)
			fds[n++].fd = w->pidfd;
	for (size_t i = 0; i < n; i++)
		fds[i].events = POLLIN;
	poll(fds, n, wait_ms(a, due));
	if (a->http)
		http_run(a->http);
	for (size_t i = FIXED_FDS; i < n; i++)
		if (fds[i].revents) {
			bury(a);
			break;
		}
	free(fds);
}

static void take_signals(struct agent *a, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			a->reload = true;
		else
			a->stop = true;
	}
}

static void loop(struct agent *a, int signals)
{
	struct times due = { 0 };

	while (!a->stop) {
		do_what_is_due(a, &due);
		wait_for(a, signals, &due);
		take_signals(a, signals);
		if (a->reload && !a->stop)
			reload(a, &due);
	}
}

static void finish(struct agent *a)
{
	service_manager_tell("STOPPING=1");
	for (struct watched *w = a->watched.first; w; w = w->next)
		if (w->inquiry)
			inquiry_end(a, w, END_AGENT);
	trim(a);
	webhook_wait();
}

static void free_all(struct agent *a)
{
	http_close(a->http);
	while (a->watched.first)
		watched_remove(&a->watched, a->watched.first);
	if (a->session_is_open)
		session_close(&a->session);
	configuration_free(&a->configuration);
}

int agent_check(const char *path)
{
	struct configuration c;
	int status = configuration_read(&c, path);

	configuration_free(&c);
	return status;
}

static int block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int agent_run(const char *path, const struct session_options *options)
{
	struct agent a = { .path = path, .options = *options };
	int signals = block_signals(), status;

	/* each watched process has a descriptor */
	process_raise_descriptor_limit();
	status = signals < 0 ? fail("cannot take signals: %s", strerror(errno)) : configuration_read(&a.configuration, path);
	status = status ?: dossier_open(a.configuration.directory) ?: serve(&a);
	if (!status) {
		inquiries_take_up(&a);
		service_manager_tell("READY=1");
		message(PRIORITY_INFO, "watching by %s; reports go to %s", path, a.configuration.directory);
		loop(&a, signals);
		finish(&a);
	}
	free_all(&a);
	if (signals >= 0)
		close(signals);
	return status;
}
