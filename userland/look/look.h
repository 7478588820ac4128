/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that is looked at from outside, by /proc, again and again, without the kernel
 * module. What the looks see becomes a model, as the kernel's tables do, and is judged by the
 * same analysis:
 *
 *   item_*.c, memory.c -> group.c               -> look.c        -> analysis -> text.c, json.c
 *   (what is there)       (what belongs together)  (what is new, what is gone)  (output)
 */
#ifndef LEAKTRACE_LOOK_LOOK_H
#define LEAKTRACE_LOOK_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "look/group.h"
#include "look/item.h"
#include "look/memory.h"
#include "model/model.h"
#include "model/object.h"

struct analysis_options;
struct json_object;
struct report_style;

struct look_object {
	struct object o;
	uint64_t mark;
	uint32_t group;
};

struct look_known {			/* objects of a kind that the last look saw: by id; memory by age */
	struct look_object *object;
	size_t n, room;
};

struct look {
	struct model model;
	uint64_t started;		/* clock ticks since boot: tells two processes of one number apart */
	unsigned int looks;
	uint64_t read_ns;		/* when limits were read */
	struct look_known known[KINDS];
	struct look_groups groups;
	struct look_items items;	/* of the kind that is being looked at */
	bool memory_by_mapping;
	bool no_timers;			/* this kernel does not list them */
	char absent[384];		/* why the module does not trace instead; "": it is loaded */
};

/* The first look. 0, or -errno with one line in err. */
int look_begin(struct look *l, pid_t pid, char *err, size_t errlen);
/* Another. false: it has exited, and this is what was last seen of it. */
bool look_again(struct look *l, bool last);
void look_judge(struct look *l, const struct analysis_options *opts);
void look_end(struct look *l);

/* The group of a site; NULL: it is no site of ours. */
const struct look_group *look_group_of_site(const struct look *l, uint32_t site);

void look_text(FILE *f, struct look *l, const struct report_style *style);
struct json_object *look_json(struct look *l);	/* the caller owns it */

#endif
