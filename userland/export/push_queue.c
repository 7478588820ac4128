// SPDX-License-Identifier: GPL-2.0
/*
 * Profiles that wait to be sent, oldest first. If the server is unreachable,
 * memory is bounded: what no longer fits replaces the oldest, which is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "export/push_encode.h"
#include "export/push_http.h"
#include "export/push_queue.h"
#include "util/error.h"
#include "util/format.h"
#include "util/protobuf.h"

struct push_item {
	struct push_item *next;
	char *what, *query;
	struct bytes body;
};

static void item_free(struct push_item *i)
{
	bytes_free(&i->body);
	free(i->query);
	free(i->what);
	free(i);
}

void push_queue_drop(struct push_queue *q)
{
	struct push_item *i = q->first;

	if (!i)
		return;
	q->first = i->next;
	q->n--;
	q->bytes -= i->body.len;
	item_free(i);
}

int push_queue_add(struct push_queue *q, enum push_protocol protocol, const struct push_profile *p,
		   const char *url)
{
	struct push_item *i = calloc(1, sizeof(*i)), **end = &q->first;

	if (!i)
		return fail("out of memory");
	push_message(protocol, p, &i->body);
	i->what = strdup_printf("%s", p->kind);
	i->query = protocol == PUSH_PPROF ? push_query(p, url) : strdup("");
	if (i->body.failed || !i->what || !i->query) {
		item_free(i);
		return fail("out of memory");
	}
	while (q->n && (q->n >= PUSH_QUEUE_MAX || q->bytes + i->body.len > PUSH_QUEUE_BYTES)) {
		push_queue_drop(q);
		q->dropped++;
	}
	while (*end)
		end = &(*end)->next;
	*end = i;
	q->n++;
	q->bytes += i->body.len;
	return 0;
}

/* Sends profiles until one fails and must be retried. */
enum push_result push_queue_flush(struct push_queue *q, struct push *p)
{
	while (q->first) {
		enum push_result result = push_send(p, q->first->query, &q->first->body);

		if (result == PUSH_LATER)
			return result;
		if (result == PUSH_REFUSED) {
			fail("profile of %s rejected: %s", q->first->what, push_error(p));
			q->refused++;
		} else {
			q->sent++;
		}
		push_queue_drop(q);
	}
	return PUSH_SENT;
}
