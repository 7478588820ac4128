/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted together: descriptors of one target, threads of one name. Where there are
 * many, as of files in one folder or of peers of one host, the rest of them is one group.
 */
#ifndef LEAKTRACE_LOOK_GROUP_H
#define LEAKTRACE_LOOK_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "look/item.h"
#include "util/intern.h"

struct look_group {
	char *name;
	uint8_t kind, type;
	uint32_t site;			/* 0: nothing of it was made while we looked */
	uint64_t baseline, live;
};

struct look_groups {			/* starts as all zeroes */
	struct look_group *group;
	size_t n, room;
	struct intern names;
	struct look_word *word;		/* by the number of a name */
	size_t words, words_room;
};

/* The index of the group of this name, or of one that stands for it; -1: no memory. */
long look_group_of(struct look_groups *all, uint8_t kind, const struct look_name *name);
void look_groups_free(struct look_groups *all);

/* Makes the name one that stands for it and its like: of a file, of all in its folder. false: there is none. */
bool look_name_wider(char name[LOOK_NAME_BYTES]);

#endif
