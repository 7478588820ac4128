// SPDX-License-Identifier: GPL-2.0
/* The loop of the full screen: looks at the host, keys, drawing. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/table.h"
#include "top/messages.h"
#include "top/state.h"
#include "top/top.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/units.h"

enum {
	KEY_WAIT_MS = 100,
	PAGE_EVERY_S = 3,
	PAGE_SHARE = 20,		/* of the time, a page takes at most a twentieth */
};

static volatile sig_atomic_t ended;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static void draw(struct top *t)
{
	unsigned int rows, columns;

	curses_size(&rows, &columns);
	curses_clear();
	if (t->help)
		top_help_draw(rows);
	else if (t->pid)
		top_page_draw(t, rows);
	else
		top_list_draw(t, rows, columns);
	curses_show();
}

static void remake_page(struct top *t)
{
	unsigned int rows, columns;

	curses_size(&rows, &columns);
	top_page_make(t, columns);
	top_page_move(t, 0, rows);
}

static void open_row(struct top *t)
{
	const struct host_row *row = top_list_row(t);

	if (!row)
		return;
	if (t->groups) {
		snprintf(t->filter, sizeof(t->filter), "%s", row->workload.cgroup);
		t->groups = false;
		t->cursor = t->first = 0;
		top_list_sort(t);
		return;
	}
	t->pid = row->pid;
	t->scroll = 0;
	top_trace_add(t, t->pid);
	remake_page(t);
}

static void close_page(struct top *t)
{
	t->pid = 0;
	top_list_sort(t);
}

static void move(struct top *t, long by, unsigned int rows)
{
	if (t->pid)
		top_page_move(t, by, rows);
	else
		top_list_move(t, by, rows);
}

/* false: it is another key */
static bool on_movement(struct top *t, int key)
{
	unsigned int rows, columns;

	curses_size(&rows, &columns);
	switch (key) {
	case KEY_UP_:
	case 'k':
		move(t, -1, rows);
		return true;
	case KEY_DOWN_:
	case 'j':
		move(t, 1, rows);
		return true;
	case KEY_PAGE_UP_:
		move(t, -(long)rows / 2, rows);
		return true;
	case KEY_PAGE_DOWN_:
	case ' ':
		move(t, rows / 2, rows);
		return true;
	case KEY_HOME_:
		move(t, -(long)HOST_ROWS_MAX * 16, rows);
		return true;
	case KEY_END_:
		move(t, (long)HOST_ROWS_MAX * 16, rows);
		return true;
	}
	return false;
}

static void type(struct top *t, int key)
{
	size_t len = strlen(t->filter);

	if (key == KEY_ENTER_ || key == KEY_ESCAPE_)
		t->typing = false;
	if (key == KEY_ESCAPE_)
		*t->filter = '\0';
	if (key == KEY_BACKSPACE_ && len)
		t->filter[len - 1] = '\0';
	/* printable ASCII: names of processes and cgroups rarely have more */
	if (key >= ' ' && key < 127 && len + 1 < sizeof(t->filter)) {
		t->filter[len] = key;
		t->filter[len + 1] = '\0';
	}
	t->cursor = t->first = 0;
	top_list_sort(t);
}

static void on_list_key(struct top *t, int key)
{
	const struct host_row *row = top_list_row(t);

	switch (key) {
	case KEY_ENTER_:
		open_row(t);
		return;
	case KEY_ESCAPE_:
		*t->filter = '\0';
		break;
	case 'c':
		t->groups = !t->groups;
		break;
	case 's':
		t->order = (t->order + 1) % HOST_ORDERS;
		break;
	case 'S':
		t->order = (t->order + HOST_ORDERS - 1) % HOST_ORDERS;
		break;
	case '/':
		t->typing = true;
		break;
	case 'd':
		if (row && row->pid)
			top_trace_remove(t, row->pid);
		return;
	default:
		return;
	}
	t->cursor = t->first = 0;
	top_list_sort(t);
}

static void on_page_key(struct top *t, int key)
{
	switch (key) {
	case KEY_ESCAPE_:
	case KEY_BACKSPACE_:
		close_page(t);
		return;
	case KEY_ENTER_:
		top_trace_add(t, t->pid);
		break;
	case 'd':
		top_trace_remove(t, t->pid);
		break;
	case 'w':
		top_page_save(t);
		return;
	default:
		return;
	}
	remake_page(t);
}

static void on_resize(struct top *t)
{
	unsigned int rows, columns;

	curses_size(&rows, &columns);
	if (t->pid)
		remake_page(t);
	top_list_move(t, 0, rows);
}

static void on_key(struct top *t, int key)
{
	*t->message = '\0';
	if (key == KEY_RESIZED_) {
		on_resize(t);
	} else if (t->help) {
		t->help = false;
	} else if (t->typing) {
		type(t, key);
	} else if (key == 'q') {
		t->quit = true;
	} else if (key == '?' || key == 'h') {
		t->help = true;
	} else if (key == 'p') {
		t->paused = !t->paused;
	} else if (!on_movement(t, key)) {
		if (t->pid)
			on_page_key(t, key);
		else
			on_list_key(t, key);
	}
}

/* What changes by itself. true: something has to be drawn */
static bool on_time(struct top *t, uint64_t *page_next_ns)
{
	uint64_t now = monotonic_ns();
	bool changed = false;

	if (t->paused)
		return false;
	if (now - t->table.looked_ns >= t->o->every_s * NSEC_PER_SEC) {
		changed = !host_table_look(&t->table) && !top_list_sort(t);
		if (!changed)
			snprintf(t->message, sizeof(t->message), "cannot read /proc: %m");
	}
	if (t->pid && now >= *page_next_ns) {
		uint64_t began = monotonic_ns();

		remake_page(t);
		*page_next_ns = monotonic_ns() + PAGE_EVERY_S * NSEC_PER_SEC + PAGE_SHARE * (monotonic_ns() - began);
		changed = true;
	}
	return changed;
}

/* A terminal that is gone gives no keys, at once and for ever. */
static bool is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void loop(struct top *t)
{
	uint64_t page_next_ns = 0;

	draw(t);
	while (!t->quit && !ended) {
		int key = curses_key(KEY_WAIT_MS);
		bool changed = key != KEY_NONE_;

		if (key != KEY_NONE_)
			on_key(t, key);
		top_trace_step(t);
		changed |= on_time(t, &page_next_ns);
		messages_take(t->message, sizeof(t->message));
		if (changed)
			draw(t);
		ended |= is_gone();
	}
}

static void free_all(struct top *t)
{
	top_trace_end(t);
	host_table_free(&t->table);
	free(t->shown);
	free(t->chosen_group);
	free(t->line);
	free(t->text);
}

int top_run(const struct top_options *o)
{
	struct top t = { .o = o, .order = o->order, .groups = o->groups };
	struct sigaction end = { .sa_handler = on_end };
	int status;

	snprintf(t.filter, sizeof(t.filter), "%s", o->filter ?: "");
	if (host_table_look(&t.table) || top_list_sort(&t)) {
		free_all(&t);
		return fail("top: cannot read /proc: %m");
	}
	status = curses_begin();
	if (!status) {
		sigaction(SIGINT, &end, NULL);
		sigaction(SIGTERM, &end, NULL);
		sigaction(SIGHUP, &end, NULL);
		messages_begin();
		loop(&t);
		messages_end();
	}
	curses_end();
	free_all(&t);
	return status;
}
