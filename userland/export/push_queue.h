/* SPDX-License-Identifier: GPL-2.0 */
/* Profiles that wait to be sent. */
#ifndef LEAKTRACE_EXPORT_PUSH_QUEUE_H
#define LEAKTRACE_EXPORT_PUSH_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "export/push_http.h"

enum { PUSH_QUEUE_MAX = 128, PUSH_QUEUE_BYTES = 32 << 20 };

struct push_queue {			/* initialise to zeroes */
	struct push_item *first;
	unsigned int n;
	size_t bytes;
	uint64_t sent, refused, dropped;	/* so far */
};

int push_queue_add(struct push_queue *q, enum push_protocol protocol, const struct push_profile *p,
		   const char *url);		/* 0, or EXIT_TROUBLE after an error message */
void push_queue_drop(struct push_queue *q);	/* the oldest */
enum push_result push_queue_flush(struct push_queue *q, struct push *p);

#endif
