/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A growing buffer, and protobuf's wire format written to it. A failed
 * allocation sets 'failed'; everything after it is left out.
 */
#ifndef LEAKTRACE_PROTOBUF_H
#define LEAKTRACE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t len, capacity;
	bool failed;
};

void bytes_put(struct bytes *b, const void *data, size_t len);
void bytes_put_string(struct bytes *b, const char *s);	/* made valid UTF-8 */
void bytes_free(struct bytes *b);

/* Fields. 0 and the empty string are protobuf's defaults and are not written. */
void proto_number(struct bytes *b, unsigned int field, uint64_t value);
void proto_string(struct bytes *b, unsigned int field, const char *s);
void proto_message(struct bytes *b, unsigned int field, const struct bytes *message);
void proto_bytes(struct bytes *b, unsigned int field, const void *data, size_t len);
void proto_packed(struct bytes *b, unsigned int field, const uint64_t *values, size_t n);

#endif
