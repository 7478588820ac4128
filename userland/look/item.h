/* SPDX-License-Identifier: GPL-2.0 */
/* What one look at /proc sees of a process: its descriptors, threads, timers and mappings. */
#ifndef LEAKTRACE_LOOK_ITEM_H
#define LEAKTRACE_LOOK_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct maps;

struct look_item {
	uint64_t id;			/* descriptor, tid, timer id, or start of a mapping */
	uint64_t mark;			/* another one: not the same thing, although the id is */
	uint64_t bytes;			/* of a mapping */
	uint32_t clock, signal;		/* of a timer */
};

struct look_items {			/* by id */
	struct look_item *item;
	size_t n, room;
};

enum { LOOK_NAME_BYTES = 256 };

/* What it is, as far as /proc can tell: those with the same name are counted together. */
struct look_name {
	uint8_t type;			/* LEAKTRACE_TYPE_… */
	char text[LOOK_NAME_BYTES];
};

/* 0 or -errno; what was in items before is dropped. */
int look_fds(pid_t pid, struct look_items *items);
int look_threads(pid_t pid, struct look_items *items);
int look_timers(pid_t pid, struct look_items *items);
int look_maps(const struct maps *maps, struct look_items *items);

/* false: it is gone meanwhile. */
bool look_fd_name(pid_t pid, const struct look_item *item, struct look_name *name);
bool look_thread_name(const struct look_item *item, struct look_name *name);
void look_timer_name(const struct look_item *item, struct look_name *name);
bool look_map_name(const struct maps *maps, const struct look_item *item, struct look_name *name);

struct look_item *look_item_add(struct look_items *items);	/* NULL: no memory */
void look_items_sort(struct look_items *items);
/* "worker-17" and "worker-18" are of one name: digits become "#". */
void look_name_set(struct look_name *name, uint8_t type, const char *text);

#endif
