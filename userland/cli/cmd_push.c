// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace push: sends profiles to Pyroscope, Parca, or any server that
 * accepts pprof over HTTP.
 */
#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/options.h"
#include "export/push_encode.h"
#include "export/push_http.h"
#include "export/push_queue.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "report/pprof.h"
#include "session/input.h"
#include "util/clock.h"
#include "util/error.h"

enum { TRIES = 5, LABELS_MAX = OPTIONS_LABELS_MAX + 8, BACKOFF_MAX_S = 60 };

struct push_run {
	const struct options *o;
	enum push_protocol protocol;
	struct push *push;
	struct push_queue queue;
	sigset_t signals;
	bool stopped;
	unsigned int failures;		/* consecutive failures */
	double later_s;			/* monotonic time before which there is no retry */
};

static bool stop_wanted(void *arg)
{
	static const struct timespec now;
	struct push_run *r = arg;

	if (!r->stopped && sigtimedwait(&r->signals, NULL, &now) > 0)
		r->stopped = true;
	return r->stopped;
}

static void wait_s(struct push_run *r, double s)
{
	struct timespec t = { .tv_sec = s, .tv_nsec = fmod(s, 1) * 1e9 };

	if (!r->stopped && s > 0 && sigtimedwait(&r->signals, NULL, &t) > 0)
		r->stopped = true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct push_label *)a)->name, ((const struct push_label *)b)->name);
}

static void set_label(struct push_label *labels, size_t *n, const char *name, const char *value)
{
	size_t i = 0;

	while (i < *n && strcmp(labels[i].name, name))
		i++;
	labels[i] = (struct push_label){ name, value };
	*n += i == *n;
}

/* The standard labels, unless --label overrides them. */
static size_t label(struct push_run *r, const struct model *m, const char *name, const char *pid,
		    struct push_label labels[LABELS_MAX])
{
	size_t n = 0;

	set_label(labels, &n, "__name__", name);
	set_label(labels, &n, "comm", m->target.comm);
	set_label(labels, &n, "pid", pid);
	set_label(labels, &n, "service_name", *m->target.comm ? m->target.comm : "unknown");
	if (m->hostname)
		set_label(labels, &n, "instance", m->hostname);
	if (m->workload.unit)
		set_label(labels, &n, "unit", m->workload.unit);
	if (m->workload.container_id)
		set_label(labels, &n, "container", m->workload.container ?: m->workload.container_id);
	if (m->workload.pod)
		set_label(labels, &n, "pod", m->workload.pod);
	for (unsigned int i = 0; i < r->o->nlabels; i++)
		set_label(labels, &n, r->o->labels[i].name, r->o->labels[i].value);
	qsort(labels, n, sizeof(*labels), by_name);
	return n;
}

/* known: of the language runtime; NULL: a kind of the kernel's. */
static int queue_kind(struct push_run *r, struct model *m, int kind, const struct runtime_total *known)
{
	struct push_label labels[LABELS_MAX];
	double end_s = model_end_ns(m) / 1e9 + m->wall_minus_mono_s;
	struct push_profile p = { .kind = known ? known->kind : kind_name(kind), .labels = labels,
				  .until_s = end_s, .from_s = end_s - model_end_s(m) };
	char name[64], pid[16];
	void *data = NULL;
	int status;

	snprintf(name, sizeof(name), "leaktrace_%s", p.kind);
	snprintf(pid, sizeof(pid), "%u", m->target.pid);
	p.nlabels = label(r, m, name, pid, labels);
	if (known ? report_runtime_pprof(m, known, &data, &p.len) : report_pprof(m, kind, &data, &p.len))
		return fail("out of memory");
	p.data = data;
	status = push_queue_add(&r->queue, r->protocol, &p, r->o->to);
	free(data);
	return status;
}

/* Kinds without any site are left out. */
static int queue_model(struct model *m, void *arg)
{
	struct runtime_total known[RUNTIME_KINDS];
	int status = 0, n = runtime_totals(m->runtime, known);
	bool some[KINDS] = { 0 };

	for (size_t i = 0; i < m->nsites; i++)
		some[m->sites[i].kind] = true;
	for (int k = 0; k < KINDS && !status; k++)
		if (some[k] && m->target.kinds & 1U << k)
			status = queue_kind(arg, m, k, NULL);
	for (int k = 0; k < n && !status; k++)
		status = queue_kind(arg, m, 0, &known[k]);
	return status;
}

/* 1, 2, 4… seconds, or what the server asked for. */
static double backoff_s(const struct push_run *r)
{
	double asked = push_retry_after_s(r->push);
	double s = r->failures < 7 ? 1 << (r->failures - 1) : BACKOFF_MAX_S;

	return fmin(BACKOFF_MAX_S, fmax(s, asked));
}

/* Sends everything, or gives up after TRIES failures. */
static int send_once(struct push_run *r)
{
	while (push_queue_flush(&r->queue, r->push) == PUSH_LATER) {
		if (stop_wanted(r))
			return fail("interrupted: %u profiles were not sent", r->queue.n);
		if (++r->failures == TRIES)
			return fail("push failed: %s (%d attempts): check the URL given with --to",
				    push_error(r->push), TRIES);
		wait_s(r, backoff_s(r));
	}
	return 0;
}

/* Sends queued profiles until the next sample is due, with the server's retry delays. */
static void send_until(struct push_run *r, double end_s)
{
	double pause_s, now_s;

	do {
		now_s = monotonic_ns() / 1e9;
		pause_s = fmax(0, end_s - now_s);
		if (now_s < r->later_s) {
			pause_s = fmin(pause_s, r->later_s - now_s);
		} else if (push_queue_flush(&r->queue, r->push) == PUSH_LATER && !stop_wanted(r)) {
			if (!r->failures++)
				fail("push failed, will retry: %s", push_error(r->push));
			r->later_s = monotonic_ns() / 1e9 + backoff_s(r);
			pause_s = fmin(pause_s, backoff_s(r));
		} else {
			r->failures = 0;
		}
		if (!stop_wanted(r))
			wait_s(r, pause_s);
	} while (!r->stopped && monotonic_ns() / 1e9 < end_s);
}

static int push_forever(struct push_run *r, struct input *input, const char *arg)
{
	double next_s = monotonic_ns() / 1e9;
	uint64_t dropped = 0;
	int status = 0;

	while (!r->stopped) {
		status = input_read(input, arg);
		if (status)
			break;
		if (r->queue.dropped > dropped)
			fail("%llu profiles were dropped: the server was unreachable for too long",
			     (unsigned long long)(r->queue.dropped - dropped));
		dropped = r->queue.dropped;
		/* if a round takes longer than the interval, missed rounds are skipped */
		next_s = fmax(next_s + r->o->every_s, monotonic_ns() / 1e9);
		send_until(r, next_s);
	}
	/* queued profiles get one more try, which another signal interrupts */
	r->stopped = false;
	if (r->queue.n && push_queue_flush(&r->queue, r->push) == PUSH_LATER)
		status = fail("%u profiles were not sent: %s", r->queue.n, push_error(r->push));
	return status;
}

static int check(const struct options *o)
{
	if (o->argc > 1)
		return fail("push: expected at most one PID or FILE (see 'leaktrace push --help')");
	if (!o->to)
		return fail("push: no server given: give --to URL");
	if (strncmp(o->to, "http://", 7) && strncmp(o->to, "https://", 8))
		return fail("--to: '%s' is not an http:// or https:// URL", o->to);
	if (o->every_s && input_is_file(o->argv[0]))
		return fail("push: --every needs a process: a file does not change");
	return 0;
}

static int push(const struct options *o)
{
	struct push_run r = { .o = o, .protocol = o->protocol };
	struct input input = { .analysis = &o->session.analysis, .fn = queue_model, .arg = &r };
	const char *arg = o->argc ? o->argv[0] : NULL;
	int status = check(o);

	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&r.signals);
	sigaddset(&r.signals, SIGINT);
	sigaddset(&r.signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &r.signals, NULL);
	r.push = push_open(o->to, r.protocol, stop_wanted, &r);
	if (!r.push)
		return EXIT_TROUBLE;
	if (o->every_s)
		status = push_forever(&r, &input, arg);
	else
		status = input_read(&input, arg) ?: send_once(&r);
	if (r.queue.refused || r.queue.dropped)
		status = EXIT_TROUBLE;
	while (r.queue.n)
		push_queue_drop(&r.queue);
	push_close(r.push);
	input_close(&input);
	return status;
}

int cmd_push(struct options *o)
{
	int status = push(o);

	for (unsigned int i = 0; i < o->nlabels; i++) {
		free(o->labels[i].name);
		free(o->labels[i].value);
	}
	return status;
}
