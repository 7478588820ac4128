// SPDX-License-Identifier: GPL-2.0
/*
 * Profiles that wait: however long a collector is away, so many and so much, the
 * oldest go first, and what went is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "export/push_encode.h"
#include "export/push_queue.h"
#include "check.h"

static void add(struct push_queue *q, size_t len)
{
	static const struct push_label label = { "service_name", "x" };
	char *data = calloc(1, len);
	struct push_profile p = { .kind = "fd", .labels = &label, .nlabels = 1, .data = data, .len = len };

	CHECK(!push_queue_add(q, PUSH_PYROSCOPE, &p, "http://localhost"));
	free(data);
}

static void empty(struct push_queue *q)
{
	while (q->n)
		push_queue_drop(q);
	CHECK(!q->first && !q->bytes);
	push_queue_drop(q);
}

int main(void)
{
	struct push_queue q = { 0 };

	for (int i = 0; i < PUSH_QUEUE_MAX + 70; i++)
		add(&q, 100);
	CHECK(q.n == PUSH_QUEUE_MAX && q.dropped == 70, "%u, %u", q.n, (unsigned int)q.dropped);
	empty(&q);

	q.dropped = 0;
	for (int i = 0; i < 10; i++)
		add(&q, PUSH_QUEUE_BYTES / 4);
	CHECK(q.n == 3 && q.dropped == 7, "%u, %u", q.n, (unsigned int)q.dropped);
	CHECK(q.bytes <= PUSH_QUEUE_BYTES);
	/* one that is too big for all is still sent, alone */
	add(&q, PUSH_QUEUE_BYTES + 1);
	CHECK(q.n == 1 && q.dropped == 10);
	empty(&q);
	return verdict("push queue");
}
