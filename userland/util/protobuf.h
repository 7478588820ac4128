/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that grow, and protobuf's wire format written into them. A failed
 * allocation is kept in 'failed'; what follows it is left out.
 */
#ifndef LEAKTRACE_PROTOBUF_H
#define LEAKTRACE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t len, room;
	bool failed;
};

void bytes_put(struct bytes *b, const void *data, size_t len);
void bytes_put_string(struct bytes *b, const char *s);	/* as UTF-8, whatever it is */
void bytes_free(struct bytes *b);

/* Fields. A number that is 0 and a string that is empty are defaults: not written. */
void proto_number(struct bytes *b, unsigned int field, uint64_t value);
void proto_string(struct bytes *b, unsigned int field, const char *s);
void proto_message(struct bytes *b, unsigned int field, const struct bytes *message);
void proto_bytes(struct bytes *b, unsigned int field, const void *data, size_t len);
void proto_packed(struct bytes *b, unsigned int field, const uint64_t *values, size_t n);

#endif
