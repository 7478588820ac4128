// SPDX-License-Identifier: GPL-2.0
/*
 * Common kinds of leaks: the function of the standard library that is on the
 * stack shows what was forgotten, although its caller is not on the stack any
 * more. Who made a timer is known if the heap profile has seen it being allocated.
 */
#include <string.h>

#include "runtime/go/judge.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/macros.h"

static const char idle[] =
	"idle connections of an HTTP client: a new Transport for each request, or one whose IdleConnTimeout is 0";
static const char in_use[] =
	"connections of an HTTP client that are never returned to the pool: a response body is not closed, or not "
	"read to its end; the heap sites below net/http.(*Client).do name the caller";

static const struct {
	enum go_kind kind;
	const char *type, *function;	/* prefix of the function's name; type NULL: any */
	const char *advice;		/* NULL: depends on others */
	const char *allocates;		/* the function that makes such a timer; NULL: none does */
} rows[] = {
	{ GO_GOROUTINE, "IO wait", "net/http.(*persistConn).readLoop", idle, NULL },
	{ GO_GOROUTINE, NULL, "net/http.(*persistConn).readLoop", in_use, NULL },
	{ GO_GOROUTINE, NULL, "net/http.(*persistConn).writeLoop", NULL, NULL },
	{ GO_TIMER, NULL, "context.WithDeadline",
	  "contexts with a deadline whose cancel function is never called", "context.WithDeadline" },
	{ GO_TIMER, "ticker", "time.sendTime", "tickers that are never stopped", "time.NewTicker" },
	{ GO_TIMER, "timer", "time.sendTime",
	  "timers that are pending though nothing waits for them any more: time.After in a loop, or "
	  "time.NewTimer without Stop", "time.NewTimer" },
};

static bool fits(const char *function, const char *first)
{
	return function && !strncmp(function, first, strlen(first));
}

static int row_of(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *frames;
	int n = go_site_frames(v, s, &frames);

	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		if (rows[r].kind != s->kind || (rows[r].type && strcmp(rows[r].type, s->type)))
			continue;
		for (int i = 0; i < n; i++)
			if (fits(frames[i].function, rows[r].function))
				return r;
	}
	return -1;
}

/* Who writes to a connection always waits alike: who reads from it tells whether it is idle. */
static const char *advice_of_writers(struct go_view *v)
{
	uint64_t live_idle = 0, live_in_use = 0;

	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];
		int row = s->kind == GO_GOROUTINE && s->live ? row_of(v, s) : -1;

		if (row >= 0 && rows[row].advice == idle)
			live_idle += s->live;
		else if (row >= 0 && rows[row].advice == in_use)
			live_in_use += s->live;
	}
	return live_idle > live_in_use ? idle : in_use;
}

/** go_advice() - the probable cause of a leak, by its stack; NULL if unknown */
const char *go_advice(struct go_view *v, struct go_site *s)
{
	int row = row_of(v, s);

	if (row < 0)
		return NULL;
	return rows[row].advice ?: advice_of_writers(v);
}

/* Who called the function, if it is on the stack: the first that is not of its package. */
static const struct symbol_frame *caller_of(const struct symbol_frame *frames, int n, const char *function)
{
	size_t package = strcspn(function, ".") + 1;
	int i = 0;

	while (i < n && !fits(frames[i].function, function))
		i++;
	while (i < n && (!frames[i].function || !strncmp(frames[i].function, function, package)))
		i++;
	return i < n ? &frames[i] : NULL;
}

/** go_maker() - the line that made most of these timers, by the heap profile; NULL if unknown */
const struct symbol_frame *go_maker(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *maker = NULL;
	int row = row_of(v, s);
	uint64_t most = 0;

	for (size_t i = 0; row >= 0 && rows[row].allocates && i < v->nsites; i++) {
		const struct symbol_frame *frames, *caller;
		struct go_site *one = &v->sites[i];
		int n;

		if (one->kind != GO_HEAP || one->live <= most)
			continue;
		n = go_site_frames(v, one, &frames);
		caller = caller_of(frames, n, rows[row].allocates);
		if (caller) {
			maker = caller;
			most = one->live;
		}
	}
	return maker;
}
