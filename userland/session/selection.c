// SPDX-License-Identifier: GPL-2.0
/*
 * Traces what a selector finds: all processes when the session begins, and those
 * that come later. Scanning /proc takes a twentieth of the time at most, and is
 * done once a second at most.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/target.h"
#include "netlink/client.h"
#include "session/live_view.h"
#include "session/selection.h"
#include "session/selector.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/units.h"

static bool is_known(const struct session *s, pid_t pid)
{
	for (const struct traced *t = s->targets; t; t = t->next)
		if (t->model.target.pid == (uint32_t)pid && !t->done)
			return true;
	return false;
}

/* A process that is traced already is shared if the command can, else left alone. */
static int add(struct session *s, pid_t pid, struct traced **t)
{
	struct target found;

	*t = NULL;
	if (s->selection.share && !target_find(s->client, pid, &found) &&
	    !(found.flags & LEAKTRACE_TARGET_F_EXITED)) {
		*t = session_adopt(s, found.id);
		return *t ? 0 : -ESRCH;
	}
	return session_try_add(s, pid, t);
}

/* Said once, and again only if there are more of them. */
static void report_left_out(struct session *s, size_t n)
{
	if (n <= s->selection.left_out)
		return;
	s->selection.left_out = n;
	live_erase(s);
	fail("%zu more process%s match%s %s: the module traces no more at a time (parameter max_targets)",
	     n, n == 1 ? "" : "es", n == 1 ? "es" : "", selector_text(s->selection.selector));
}

/* first: the beginning of the session, whose failures are reported. */
static int scan(struct session *s, bool first)
{
	uint64_t before = monotonic_ns(), after;
	pid_t *pids = calloc(SELECTOR_PIDS_MAX, sizeof(*pids));
	size_t n = pids ? selector_find(s->selection.selector, pids, SELECTOR_PIDS_MAX) : 0, left_out = 0;
	int status = pids ? 0 : fail("out of memory");

	left_out = n > SELECTOR_PIDS_MAX ? n - SELECTOR_PIDS_MAX : 0;
	for (size_t i = 0; i < n && i < SELECTOR_PIDS_MAX && !status; i++) {
		struct traced *t;
		int err;

		if (is_known(s, pids[i]))
			continue;
		err = add(s, pids[i], &t);
		if (t) {
			t->root = first && !s->selection.aside;
			t->selected = !s->selection.aside;
		}
		left_out += err == -ENOSPC;
		if (first && err && err != -ENOSPC && err != -ESRCH)
			status = session_add_failed(s, pids[i], err);
	}
	free(pids);
	after = monotonic_ns();
	s->selection.next_ns = after + NSEC_PER_SEC - NSEC_PER_SEC / 10 + 20 * (after - before);
	report_left_out(s, left_out);
	return status;
}

int selection_begin(struct session *s)
{
	struct selector *selector = s->selection.selector;
	int status;

	if (!selector)
		return 0;
	status = scan(s, true);
	if (!status && selector_is_ambiguous(selector))
		status = fail("%s: several containers have an ID that begins so", selector_text(selector));
	if (!status && !s->targets && !s->selection.aside)
		status = fail("no process matches %s", selector_text(selector));
	return status;
}

void selection_rescan(struct session *s, bool now)
{
	if (s->selection.selector && (now || monotonic_ns() >= s->selection.next_ns))
		scan(s, false);
}
