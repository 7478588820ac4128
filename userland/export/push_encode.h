/* SPDX-License-Identifier: GPL-2.0 */
/* Encodes a profile as the body of a request. */
#ifndef LEAKTRACE_EXPORT_PUSH_ENCODE_H
#define LEAKTRACE_EXPORT_PUSH_ENCODE_H

#include <stddef.h>

struct bytes;

enum push_protocol {
	PUSH_PPROF,		/* the profile as the body of a POST */
	PUSH_PYROSCOPE,		/* push.v1.PusherService/Push, Connect's protocol */
	PUSH_PARCA,		/* profilestore.v1alpha1 WriteRaw, gRPC */
	PUSH_JSON,		/* no profile, but what the agent tells */
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

int push_protocol_parse(const char *name);		/* -1: no such protocol */
const char *push_path(enum push_protocol protocol);	/* after the server's URL */

/* Appends the body of a request to b, whose 'failed' is set if memory ran out. */
void push_message(enum push_protocol protocol, const struct push_profile *p, struct bytes *b);

#endif
