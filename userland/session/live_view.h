/* SPDX-License-Identifier: GPL-2.0 */
/* News of a session, as lines and as a table on the terminal. */
#ifndef LEAKTRACE_SESSION_LIVE_VIEW_H
#define LEAKTRACE_SESSION_LIVE_VIEW_H

#include "model/children.h"
#include "model/runtime.h"
#include "session/alarm.h"

struct session;
struct traced;

/* others: in how many more processes the same was found */
void live_leak(struct session *s, struct traced *t, enum alarm_news news, unsigned int others, struct site *site);
void live_runtime(struct session *s, struct traced *t, enum alarm_news news, unsigned int others,
		  const struct runtime_site *site);
void live_children(struct session *s, struct traced *t, enum alarm_news news, unsigned int others,
		   enum child_group_id group);
void live_note(struct session *s, struct traced *t, const char *event, const char *why);

/* The table below the news: only if wanted, and on a terminal that can. live_end() in any case. */
void live_begin(struct session *s, bool wanted);
void live_end(struct session *s);
void live_key(struct session *s);		/* one was pressed */
void live_draw(struct session *s);
void live_erase(struct session *s);

#endif
