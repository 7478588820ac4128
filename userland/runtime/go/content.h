/* SPDX-License-Identifier: GPL-2.0 */
/* What an object is, and how full, by what is in it: closures, maps and channels of the runtime. */
#ifndef LEAKTRACE_RUNTIME_GO_CONTENT_H
#define LEAKTRACE_RUNTIME_GO_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_chains;
struct go_heap_layout;
struct go_process;
struct go_spans;
struct go_types;

struct go_channel {			/* that nobody seems to read from */
	uint64_t at;
	uint32_t link;
	uint64_t received_at;		/* where in its buffer the next value is taken from */
	uint64_t values, places;
	bool is_as_before;		/* nothing was received since another walk */
};

struct go_content {
	const struct go_process *process;
	const struct go_heap_layout *layout;
	struct go_spans *spans;
	struct go_types *types;
	struct go_chains *chains;
	struct go_channel *channel;
	size_t channels, capacity;
};

struct go_object {
	uint64_t at;
	const unsigned char *copy;
	uint64_t bytes;
	uint32_t link, type;		/* type: of a channel's elements; 0: not known */
	uint8_t role;
};

void go_content_know(struct go_content *c, struct go_object *o);	/* fills in role and type */
void go_content_count(struct go_content *c, const struct go_object *o);
void go_content_close(struct go_content *c);

#endif
