// SPDX-License-Identifier: GPL-2.0
/*
 * Encodes the messages of Pyroscope and Parca. Both are a series with labels
 * and raw profiles; they differ in field numbers and in how the message is
 * wrapped.
 */
#include <endian.h>
#include <string.h>

#include "export/push_encode.h"
#include "util/protobuf.h"

enum { LABEL_NAME = 1, LABEL_VALUE };
enum { RAW_SAMPLE_PROFILE = 1 };
enum { SERIES_LABELS = 1, SERIES_SAMPLES };
enum { LABEL_SET_LABELS = 1 };
enum { PYROSCOPE_SERIES = 1, PARCA_SERIES };

static const struct {
	const char *name, *path;
} protocols[] = {
	[PUSH_PPROF] = { "pprof", "" },
	[PUSH_PYROSCOPE] = { "pyroscope", "/push.v1.PusherService/Push" },
	[PUSH_PARCA] = { "parca", "/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw" },
	[PUSH_JSON] = { NULL, "" },
};

int push_protocol_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].name && !strcmp(name, protocols[i].name))
			return i;
	return -1;
}

const char *push_path(enum push_protocol protocol)
{
	return protocols[protocol].path;
}

static void put_labels(struct bytes *b, unsigned int field, const struct push_profile *p)
{
	struct bytes label = { 0 };

	for (size_t i = 0; i < p->nlabels; i++) {
		label.len = 0;
		proto_string(&label, LABEL_NAME, p->labels[i].name);
		proto_string(&label, LABEL_VALUE, p->labels[i].value);
		proto_message(b, field, &label);
	}
	bytes_free(&label);
}

/* labels: directly in the series, or as one label set. */
static void put_series(struct bytes *b, unsigned int field, const struct push_profile *p, bool set)
{
	struct bytes series = { 0 }, part = { 0 };

	if (set) {
		put_labels(&part, LABEL_SET_LABELS, p);
		proto_message(&series, SERIES_LABELS, &part);
	} else {
		put_labels(&series, SERIES_LABELS, p);
	}
	part.len = 0;
	proto_bytes(&part, RAW_SAMPLE_PROFILE, p->data, p->len);
	proto_message(&series, SERIES_SAMPLES, &part);
	proto_message(b, field, &series);
	bytes_free(&part);
	bytes_free(&series);
}

/* gRPC: a byte that says "not compressed", the length, the message. */
static void put_framed(struct bytes *b, const struct bytes *message)
{
	uint32_t len = htobe32(message->len);

	b->failed |= message->failed || message->len > UINT32_MAX;
	bytes_put(b, "", 1);
	bytes_put(b, &len, sizeof(len));
	bytes_put(b, message->data, message->len);
}

void push_message(enum push_protocol protocol, const struct push_profile *p, struct bytes *b)
{
	struct bytes message = { 0 };

	switch (protocol) {
	case PUSH_PPROF:
	case PUSH_JSON:
		bytes_put(b, p->data, p->len);
		break;
	case PUSH_PYROSCOPE:
		put_series(b, PYROSCOPE_SERIES, p, false);
		break;
	case PUSH_PARCA:
		put_series(&message, PARCA_SERIES, p, true);
		put_framed(b, &message);
		break;
	}
	bytes_free(&message);
}
