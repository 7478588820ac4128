/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains of references, from roots to objects, as a tree: objects that are reached the
 * same way, by fields and types, share a link.
 */
#ifndef LEAKTRACE_RUNTIME_GO_CHAIN_H
#define LEAKTRACE_RUNTIME_GO_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum go_root_kind {
	GO_ROOT_VARIABLE, GO_ROOT_GOROUTINE, GO_ROOT_TIMER, GO_ROOT_POOL, GO_ROOT_QUEUE, GO_ROOT_FINALIZER,
	GO_ROOT_CLEANUP, GO_ROOT_RUNTIME, GO_ROOTS,
};

struct go_root {
	enum go_root_kind kind;
	uint64_t at, creator;		/* of a variable: address; else a function, and who started it */
	uint32_t link;			/* of all that it leads to */
	uint64_t holders;		/* how many goroutines, timers, objects */
	uint64_t bytes, objects;	/* reached from it first */
	uint64_t shared_bytes;		/* of these: other roots lead to them, too */
	uint64_t grown_bytes;		/* since another walk */
	char *name;			/* NULL: not yet named */
};

enum go_role {				/* what the objects of a link are */
	GO_ROLE_UNKNOWN, GO_ROLE_VALUE, GO_ROLE_SLICE, GO_ROLE_STRING, GO_ROLE_MAP,
	GO_ROLE_MAP_DIRECTORY, GO_ROLE_MAP_TABLE, GO_ROLE_CHAN, GO_ROLE_FUNC, GO_ROLE_ROOT,
};

struct go_way {				/* from one link to the next */
	uint32_t parent;
	uint32_t type;			/* of the object, of an element, of the map; 0: unknown */
	uint64_t offset;		/* of the reference in what refers */
	uint64_t object_bytes;
	uint8_t role;
};

struct go_link {
	struct go_way way;
	uint32_t root, depth;
	uint32_t example;		/* an object */
	uint8_t known_role;		/* by what is in the objects; 0: nothing */
	uint32_t known_type;
	uint64_t pc;			/* a closure's code; 0: unknown, UINT64_MAX: several */
	uint64_t objects, bytes;
	uint64_t below_bytes;		/* of these and of all that is told behind them */
	uint64_t unused, unused_bytes;	/* large arrays of which slices and strings are a small part */
	uint64_t entries, places;	/* of maps; of channels: values in their buffers */
	uint64_t places_bytes;
	uint64_t grown_bytes, grown_below_bytes, grown_entries; /* since another walk */
};

struct go_chains {
	struct go_link *link;		/* numbers 0 and 1 are no links */
	uint32_t n, capacity;
	struct go_root *root;
	uint32_t roots, roots_capacity;
	uint32_t *index, *root_index;	/* hash tables */
	struct go_way *alias;		/* ways that lead back to a link: lists are one link */
	uint32_t *alias_to;
	uint32_t aliases, aliases_capacity, alias_to_capacity;
	uint32_t index_size, root_index_size;
	uint64_t folded;		/* objects whose link there was no room for */
};

enum { GO_ROOT_NONE = UINT32_MAX };
enum { GO_LINK_NONE, GO_LINK_CLOSED, GO_LINK_FIRST };

bool go_chains_open(struct go_chains *c);
uint32_t go_chains_root(struct go_chains *c, enum go_root_kind kind, uint64_t at, uint64_t creator);
uint32_t go_chains_link(struct go_chains *c, const struct go_way *way);	/* at worst the parent */
void go_chains_sum(struct go_chains *c);
void go_chains_close(struct go_chains *c);

#endif
