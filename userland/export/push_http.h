/* SPDX-License-Identifier: GPL-2.0 */
/* Sends profiles over HTTP. Single-threaded. */
#ifndef LEAKTRACE_EXPORT_PUSH_HTTP_H
#define LEAKTRACE_EXPORT_PUSH_HTTP_H

#include <stdbool.h>

#include "export/push_encode.h"

struct bytes;
struct push;

enum push_result {
	PUSH_SENT,
	PUSH_LATER,		/* a retry may succeed */
	PUSH_REFUSED,		/* a retry will not succeed */
};

/*
 * url: of the server for Pyroscope and Parca, else the URL to post to. NULL
 * after an error message.
 */
struct push *push_open(const char *url, enum push_protocol protocol,
		       bool (*stop)(void *arg), void *arg);	/* polled while it waits */
void push_close(struct push *p);
/* body from push_message(); query: "" or what is appended to the URL, with its '?'. */
enum push_result push_send(struct push *p, const char *query, const struct bytes *body);
const char *push_error(const struct push *p);		/* error of the last request that failed */
double push_retry_after_s(const struct push *p);	/* as requested by the server; 0: not requested */
char *push_query(const struct push_profile *p, const char *url);	/* PUSH_PPROF; malloced */

#endif
