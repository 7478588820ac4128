// SPDX-License-Identifier: GPL-2.0
/*
 * Tracing from the full screen: one session, which is begun with the first process that is
 * chosen, and ends with the screen. What others trace is shown, and left alone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/target.h"
#include "report/text.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "top/state.h"
#include "util/macros.h"
#include "util/style.h"
#include "util/text_page.h"

static struct traced *find(const struct top *t, pid_t pid)
{
	struct traced *found = NULL;

	for (struct traced *x = t->session ? t->session->targets : NULL; x; x = x->next)
		if (x->model.target.pid == (uint32_t)pid && (!found || !x->done))
			found = x;
	return found;
}

bool top_trace_has(const struct top *t, pid_t pid)
{
	const struct traced *x = find(t, pid);

	return x && !x->done;
}

void top_trace_end(struct top *t)
{
	if (!t->session)
		return;
	session_close(t->session);
	free(t->session);
	t->session = NULL;
}

/* Resizing, and what ends the program, are the screen's, not the session's. */
static void unblock_signals(void)
{
	static const int ours[] = { SIGWINCH, SIGCONT, SIGINT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static struct session *open_session(struct top *t)
{
	int status;

	if (t->session)
		return t->session;
	t->session = calloc(1, sizeof(*t->session));
	if (!t->session)
		return NULL;
	status = session_open(t->session, t->o->session) ?: session_listen(t->session);
	unblock_signals();
	if (status)
		top_trace_end(t);
	else
		session_begin(t->session);
	return t->session;
}

void top_trace_add(struct top *t, pid_t pid)
{
	struct session *s = open_session(t);
	struct traced *added;
	struct target target;
	int err;

	if (!s || top_trace_has(t, pid))
		return;
	err = session_try_add(s, pid, &added);
	if (err == -EEXIST && !target_find(s->client, pid, &target))
		err = session_adopt(s, target.id) ? 0 : -ECHILD;
	if (err)
		session_add_failed(s, pid, err);
	else if (added)
		added->root = true;
}

void top_trace_remove(struct top *t, pid_t pid)
{
	struct traced *x = find(t, pid);

	if (!x)
		snprintf(t->message, sizeof(t->message), "%d is not being traced", pid);
	else if (!x->ours)
		snprintf(t->message, sizeof(t->message), "%d is traced by others: leaktrace detach %d", pid, pid);
	else
		session_remove(t->session, x);
}

char *top_trace_text(struct top *t, unsigned int columns)
{
	struct report_style style = { .format = FORMAT_TEXT, .columns = columns };
	struct traced *x = find(t, t->pid);
	struct text_page page;
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!x || !text_page_open(&page))
		return NULL;
	session_refresh(t->session, x);
	report_text(page.f, &x->model, &style);
	f = open_memstream(&text, &len);
	if (!f) {
		fclose(page.f);
		free(page.text);
		return NULL;
	}
	text_page_write(&page, f, columns);
	fclose(f);
	return text;
}

void top_trace_step(struct top *t)
{
	if (t->session && session_step(t->session, 0))
		top_trace_end(t);
}
