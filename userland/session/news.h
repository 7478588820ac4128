/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which news of many processes are written as lines of text. A server may have hundreds of
 * workers that do the same at the same time: what one has shown is repeated only when twice
 * as many have shown it. JSON, which programs read, has everything.
 */
#ifndef LEAKTRACE_SESSION_NEWS_H
#define LEAKTRACE_SESSION_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/hysteresis.h"

struct news;

struct news *news_new(void);	/* NULL: no memory; then everything is due */
void news_free(struct news *n);

struct news_item {
	uint64_t key;		/* the same for the same call path in each process */
	uint32_t target;
	enum alarm_news news;
};

/* Counts it; whether a line is due. others: how many other processes have shown the same. */
bool news_is_due(struct news *n, const struct news_item *item, unsigned int *others);
void news_forget(struct news *n, uint32_t target);	/* it shows nothing more */

/*
 * Whether a line is due that a process came or went: some at once, then one every few seconds.
 * left_out: how many were not due since the last one that was.
 */
bool news_of_process_is_due(struct news *n, const char *event, uint64_t now_ns, unsigned int *left_out);

#endif
