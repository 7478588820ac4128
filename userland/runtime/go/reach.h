/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a Go heap's objects are reached from: breadth first, so that the chain of
 * references to each is a shortest one. All words are followed that are addresses of
 * objects; types only tell what the words are.
 */
#ifndef LEAKTRACE_RUNTIME_GO_REACH_H
#define LEAKTRACE_RUNTIME_GO_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/go/chain.h"
#include "runtime/go/content.h"
#include "runtime/go/heap_layout.h"
#include "runtime/go/shared.h"
#include "runtime/go/span.h"
#include "runtime/go/type.h"

enum { GO_ITABS = 1024 };

struct go_reach {
	const struct go_process *process;
	const struct go_heap_layout *layout;
	struct go_spans spans;
	struct go_types types;
	struct go_chains chains;
	struct go_content content;
	struct go_shared shared;
	uint32_t *link, *parent;	/* of each object; link 0: not reached */
	uint32_t *queue;		/* objects that are to be read */
	size_t head, tail, capacity;
	uint64_t max_bytes, copied_bytes, copies_max_bytes;
	unsigned char *buffer;
	uint64_t objects, bytes;	/* reached */
	uint64_t unread_objects, read_bytes;
	uint64_t *itab, *itab_type;	/* what was found behind the itabs of interfaces */
	uint64_t processor_bytes;	/* of the runtime's record of a processor; 0: unknown */
	bool is_full;			/* no memory for the queue */
	void (*progress)(unsigned int percent);	/* may be NULL */
	unsigned int percent;
};

/* 0, or -errno with one line in err. */
int go_reach_open(struct go_reach *r, const struct go_process *p, uint64_t max_bytes, char *err, size_t errlen);
/* A word in a root; before: the word before it, or 0. */
void go_reach_see(struct go_reach *r, uint32_t link, uint64_t offset, uint64_t word, uint64_t before);
void go_reach_close_object(struct go_reach *r, uint64_t at);	/* is not reached until it is opened */
void go_reach_open_object(struct go_reach *r, uint64_t at);
int go_reach_run(struct go_reach *r);				/* 0 or -ENOMEM */
void go_reach_share(struct go_reach *r, const struct go_span *s, uint32_t object);
bool go_reach_queue(struct go_reach *r, uint32_t object);	/* to be read; false: no memory */
/* The words of an object, in one or more parts. */
void go_reach_read(struct go_reach *r, uint32_t object,
		   void (*fn)(struct go_reach *r, const unsigned char *p, uint64_t bytes));
void go_reach_drop_copies(struct go_reach *r);
void go_reach_forget_copies(struct go_reach *r);		/* and keep none any more */
size_t go_reach_next(struct go_reach *r, uint64_t at, uint32_t link, uint32_t next, uint64_t *found, size_t max);
void go_reach_close(struct go_reach *r);

#endif
