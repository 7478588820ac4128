/* SPDX-License-Identifier: GPL-2.0 */
/* Pushing profiles to a server. */
#ifndef LEAKTRACE_PUSH_H
#define LEAKTRACE_PUSH_H

#include "util/protobuf.h"

enum push_protocol {
	PUSH_PPROF,		/* the profile as the body of a POST */
	PUSH_PYROSCOPE,		/* push.v1.PusherService/Push, Connect's protocol */
	PUSH_PARCA,		/* profilestore.v1alpha1 WriteRaw, gRPC */
};

struct push_label {
	const char *name, *value;
};

/* One profile: its description and its data. */
struct push_profile {
	const char *kind;
	const struct push_label *labels;	/* sorted by name; service_name is one */
	size_t nlabels;
	double from_s, until_s;			/* wall clock */
	const void *data;
	size_t len;
};

/*
 * push_encode.c: appends the body of a request to b, whose 'failed' is set if
 * memory ran out.
 */
int push_protocol_parse(const char *name);		/* -1: no such protocol */
const char *push_path(enum push_protocol protocol);	/* after the server's URL */
void push_message(enum push_protocol protocol, const struct push_profile *p, struct bytes *b);

/* push_http.c: sends requests. Single-threaded. */
enum push_result {
	PUSH_SENT,
	PUSH_LATER,		/* a retry may succeed */
	PUSH_REFUSED,		/* a retry will not succeed */
};

struct push;

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

/* push_queue.c: the send queue; initialise to zeroes */
enum { PUSH_QUEUE_MAX = 128, PUSH_QUEUE_BYTES = 32 << 20 };

struct push_queue {
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
