// SPDX-License-Identifier: GPL-2.0
/*
 * Common kinds of leaks: the function of the standard library that is on the
 * stack shows what was forgotten, although its caller is not on the stack any
 * more.
 */
#include <string.h>

#include "runtime/go/judge.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/macros.h"

static const struct {
	enum go_kind kind;
	const char *type, *function;	/* prefix of the function's name; type NULL: any */
	const char *advice;
} rows[] = {
	{ GO_GOROUTINE, "IO wait", "net/http.(*persistConn).readLoop",
	  "idle connections of an HTTP client: a new Transport for each request, or one whose "
	  "IdleConnTimeout is 0" },
	{ GO_GOROUTINE, NULL, "net/http.(*persistConn).readLoop",
	  "connections of an HTTP client that are never returned to the pool: a response body is not "
	  "closed, or not read to its end; the heap sites below net/http.(*Client).do name the caller" },
	{ GO_GOROUTINE, NULL, "net/http.(*persistConn).writeLoop",
	  "connections of an HTTP client that are never returned to the pool: a response body is not "
	  "closed, or not read to its end; the heap sites below net/http.(*Client).do name the caller" },
	{ GO_TIMER, NULL, "context.WithDeadline",
	  "contexts with a deadline whose cancel function is never called" },
	{ GO_TIMER, "ticker", "time.sendTime", "tickers that are never stopped" },
	{ GO_TIMER, "timer", "time.sendTime",
	  "timers that are pending though nothing waits for them any more: time.After in a loop, or "
	  "time.NewTimer without Stop" },
};

static bool fits(const char *function, const char *first)
{
	return function && !strncmp(function, first, strlen(first));
}

/** go_advice() - the probable cause of a leak, by its stack; NULL if unknown */
const char *go_advice(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *frames;
	int n = go_site_frames(v, s, &frames);

	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		if (rows[r].kind != s->kind || (rows[r].type && strcmp(rows[r].type, s->type)))
			continue;
		for (int i = 0; i < n; i++)
			if (fits(frames[i].function, rows[r].function))
				return rows[r].advice;
	}
	return NULL;
}
