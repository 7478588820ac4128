/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An HTTP server on one address, in the caller's thread: poll its descriptor for at most its
 * timeout, then run it.
 */
#ifndef LEAKTRACE_EXPORT_HTTP_SERVER_H
#define LEAKTRACE_EXPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct http;

struct request {
	const char *path;
	const char *pid;		/* from the query; NULL: not given */
	bool openmetrics;		/* the client accepts OpenMetrics */
};

struct answer {
	unsigned int status;		/* HTTP status; initially 0 */
	const char *type;
	char *body;			/* malloced; NULL: empty */
	size_t len;
};

/* listen: ADDRESS:PORT, PORT or NULL for the default. NULL after an error message. */
struct http *http_open(const char *listen, void (*fn)(const struct request *q, struct answer *a, void *arg),
		       void *arg);
void http_close(struct http *h);	/* NULL is fine */
int http_fd(const struct http *h);
int http_timeout_ms(const struct http *h);
void http_run(struct http *h);
const char *http_url(const struct http *h);
bool http_is_local(const struct http *h);

#endif
