// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agent/configuration.h"
#include "agent/watched.h"
#include "session/selector.h"
#include "util/clock.h"
#include "util/process.h"

/* What takes long or rarely changes is read of one process in so many at each look. */
enum { SLOW_EVERY = 4 };

static struct watched *find(const struct watched_list *l, pid_t pid, uint64_t started)
{
	struct watched *w = l->first;

	while (w && (w->row.pid != pid || w->row.started != started))
		w = w->next;
	return w;
}

static struct watched *add(struct watched_list *l, const struct watch *watch, pid_t pid, uint64_t started)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->watch = watch;
	w->row.pid = pid;
	w->row.started = started;
	w->row.processes = 1;
	w->exit_code = -1;
	w->first_ns = monotonic_ns();
	w->pidfd = started ? syscall(SYS_pidfd_open, pid, 0) : -1;
	w->ended = !started;
	w->next = l->first;
	l->first = w;
	l->n++;
	return w;
}

/* 0: there is none, or it has ended. */
static uint64_t start_of(pid_t pid)
{
	char state = 'X';
	uint64_t started = process_start_ticks(pid, &state);

	return strchr("ZX", state) ? 0 : started;
}

struct watched *watched_take(struct watched_list *l, const struct watch *watch, pid_t pid, const char *comm)
{
	uint64_t started = start_of(pid);
	struct watched *w = started ? find(l, pid, started) : NULL;

	w = w ?: add(l, watch, pid, started);
	if (w && !*w->row.comm)
		snprintf(w->row.comm, sizeof(w->row.comm), "%s", comm);
	return w;
}

/* The first watch that selects a process has it. */
static void select_one(struct watched_list *l, const struct watch *watch, pid_t pid)
{
	uint64_t started = start_of(pid);
	struct watched *w = started ? find(l, pid, started) ?: add(l, watch, pid, started) : NULL;

	if (!w)
		return;
	if (!w->selected && !w->inquiry)
		w->watch = watch;
	w->selected = true;
}

void watched_select(struct watched_list *l, const struct configuration *c)
{
	pid_t *pids = calloc(SELECTOR_PIDS_MAX, sizeof(*pids));
	struct watched *w, *next;

	if (!pids)
		return;
	for (w = l->first; w; w = w->next)
		w->selected = false;
	for (const struct watch *watch = c->watches; watch; watch = watch->next) {
		size_t n = selector_find(watch->selector, pids, SELECTOR_PIDS_MAX);

		for (size_t i = 0; i < n && i < SELECTOR_PIDS_MAX; i++)
			select_one(l, watch, pids[i]);
	}
	free(pids);
	for (w = l->first; w; w = next) {
		next = w->next;
		/* it has become another program, or has ended: that is for its last words */
		if (!w->selected && !w->inquiry && !watched_has_ended(w))
			watched_remove(l, w);
	}
}

/* A process that nobody has waited for yet still says how it ended. */
static void read_exit_code(struct watched *w)
{
	char line[1024];
	const char *stat = process_stat(w->row.pid, line, sizeof(line));
	const char *last = stat ? strrchr(stat, ' ') : NULL;
	char state;

	if (last && process_start_ticks(w->row.pid, &state) == w->row.started && state == 'Z')
		w->exit_code = atoi(last);
}

bool watched_has_ended(struct watched *w)
{
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };
	char state = 'X';

	if (w->ended)
		return true;
	if (w->pidfd >= 0 ? poll(&p, 1, 0) <= 0 :
	    process_start_ticks(w->row.pid, &state) == w->row.started && !strchr("ZX", state))
		return false;
	w->ended = true;
	read_exit_code(w);
	oom_look_again(&w->oom);
	return true;
}

bool watched_was_oom_killed(const struct watched *w)
{
	return (w->exit_code < 0 || (w->exit_code & 0x7f) == SIGKILL) && oom_has_killed(&w->oom);
}

static void look_at(struct watched_list *l, struct watched *w, struct limits_host **host)
{
	bool all = !w->looks || (l->looks + w->row.pid) % SLOW_EVERY == 0;
	uint64_t now_ns = monotonic_ns();

	/* numbers of one that is ending are not its last ones */
	if (watched_has_ended(w) || !host_row_read(&w->row, all))
		return;
	if (all && !*host)
		*host = limits_host_read();
	if (all && *host)
		host_row_read_limits(&w->row, *host);
	host_row_note(&w->row, now_ns);
	growth_note(&w->growth, &w->watch->rules, &w->row, now_ns);
	oom_look(&w->oom, "", w->row.pid);
	w->looks++;
}

void watched_look(struct watched_list *l)
{
	struct limits_host *host = NULL;

	for (struct watched *w = l->first; w; w = w->next)
		look_at(l, w, &host);
	limits_host_free(host);
	l->looks++;
}

void watched_remove(struct watched_list *l, struct watched *w)
{
	struct watched **at = &l->first;

	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = w->next;
	l->n--;
	if (w->pidfd >= 0)
		close(w->pidfd);
	host_row_free(&w->row);
	oom_forget(&w->oom);
	json_object_put(w->alert);
	free(w);
}
