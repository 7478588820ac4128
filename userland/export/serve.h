/* SPDX-License-Identifier: GPL-2.0 */
/* Serving profiles and metrics over HTTP. */
#ifndef LEAKTRACE_SERVE_H
#define LEAKTRACE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * http_server.c: a server on one address, in the caller's thread: poll its
 * descriptor for at most its timeout, then run it.
 */
struct http;

/* listen: ADDRESS:PORT, PORT or NULL for the default. NULL after an error message. */
struct http *http_open(const char *listen, void (*fn)(const struct request *q, struct answer *a, void *arg),
		       void *arg);
void http_close(struct http *h);	/* NULL is fine */
int http_fd(const struct http *h);
int http_timeout_ms(const struct http *h);
void http_run(struct http *h);
const char *http_url(const struct http *h);
bool http_is_local(const struct http *h);

/* listen_address.c: parses --listen and Host headers */
struct sockaddr_storage;
int http_address(const char *listen, struct sockaddr_storage *address);	/* 0 or EXIT_TROUBLE */
char *http_address_url(const struct sockaddr_storage *address);		/* malloced */
bool http_address_is_local(const struct sockaddr_storage *address);
bool http_host_is_address(const char *host);	/* a numeric address, or a name that cannot be rebound */

/*
 * serve_routes.c: answers requests. Models older than a second are read again,
 * except those of a file.
 */
struct options;
struct served;

struct served *served_open(const struct options *o, const char *what);	/* NULL: no memory */
int served_refresh(struct served *s);		/* 0, or EXIT_TROUBLE after an error message */
void served_answer(const struct request *q, struct answer *a, void *served);
void served_close(struct served *s);

#endif
