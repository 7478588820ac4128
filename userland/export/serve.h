/* SPDX-License-Identifier: GPL-2.0 */
/* Profiles and metrics for whoever comes and asks. */
#ifndef LEAKTRACE_SERVE_H
#define LEAKTRACE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request {
	const char *path;
	const char *pid;		/* of the query; NULL: not given */
	bool openmetrics;		/* it accepts that */
};

struct answer {
	unsigned int status;		/* HTTP's; starts as 0 */
	const char *type;
	char *body;			/* malloced; NULL: empty */
	size_t len;
};

/*
 * http.c: a server on one address, in our own thread: its descriptor is to be
 * polled, for no longer than its timeout, and then run.
 */
struct http;

/* listen: ADDRESS:PORT, PORT or NULL. NULL: said why. */
struct http *http_open(const char *listen, void (*fn)(const struct request *q, struct answer *a, void *arg),
		       void *arg);
void http_close(struct http *h);	/* NULL is fine */
int http_fd(const struct http *h);
int http_timeout_ms(const struct http *h);
void http_run(struct http *h);
const char *http_url(const struct http *h);
bool http_is_local(const struct http *h);

/*
 * http_address.c: what --listen and a Host header say
 */
struct sockaddr_storage;
int http_address(const char *listen, struct sockaddr_storage *address);	/* 0, or EXIT_TROUBLE: said why */
char *http_address_url(const struct sockaddr_storage *address);		/* malloced */
bool http_address_is_local(const struct sockaddr_storage *address);
bool http_host_is_address(const char *host);	/* no name that somebody else could give */

/*
 * serve_answer.c: what is asked for. Models are read again when they are older
 * than a second, those of a file never.
 */
struct options;
struct served;

struct served *served_open(const struct options *o, const char *what);	/* NULL: no memory */
int served_refresh(struct served *s);		/* 0, or EXIT_TROUBLE: said why */
void served_answer(const struct request *q, struct answer *a, void *served);
void served_close(struct served *s);

#endif
