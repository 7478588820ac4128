// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/group.h"
#include "util/array.h"

enum { MEMBERS = 8 };			/* groups of their own, before one stands for the others */

static void widen_path(char *name)
{
	size_t len = strlen(name);

	if (len > 2 && !strcmp(name + len - 2, "/*"))
		name[len - 2] = '\0';
	strcpy(strrchr(name, '/'), "/*");
}

bool look_name_wider(char name[LOOK_NAME_BYTES])
{
	char *address = strstr(name, " to "), *port;
	size_t len = strlen(name);

	if (!strcmp(name, "/*") || len + 3 > LOOK_NAME_BYTES)
		return false;
	if (*name == '/') {
		widen_path(name);
		return true;
	}
	if (strncmp(name, "TCP ", 4) && strncmp(name, "UDP ", 4))
		return false;
	address = address ? address + 4 : name + 4;
	if (!strcmp(address, "*") || !strchr(address, ':'))
		return false;
	port = strrchr(address, ':');
	/* of one host, then of all */
	strcpy(strcmp(port, ":*") ? port : address, strcmp(port, ":*") ? ":*" : "*");
	return true;
}

struct look_word {
	long group;			/* -1: none yet */
	unsigned int members;		/* names that it would stand for */
};

static struct look_word *word_of(struct look_groups *all, uint8_t kind, const struct look_name *name)
{
	char key[LOOK_NAME_BYTES + 2];
	size_t len = strlen(name->text);
	uint64_t number;
	bool fresh;

	key[0] = kind;
	key[1] = name->type;
	memcpy(key + 2, name->text, len);
	if (!array_reserve(all->word, all->words_room, all->words, 1))
		return NULL;
	number = intern(&all->names, key, len + 2, &fresh);
	if (all->names.failed)
		return NULL;
	if (fresh)
		all->word[all->words++] = (struct look_word){ .group = -1 };
	return &all->word[number];
}

static long add_group(struct look_groups *all, uint8_t kind, const struct look_name *name)
{
	struct look_group *g;

	if (!array_reserve(all->group, all->room, all->n, 1))
		return -1;
	g = &all->group[all->n];
	*g = (struct look_group){ .kind = kind, .type = name->type, .name = strdup(name->text) };
	return g->name ? (long)all->n++ : -1;
}

long look_group_of(struct look_groups *all, uint8_t kind, const struct look_name *name)
{
	struct look_word *word = word_of(all, kind, name), *wide;
	struct look_name wider = *name;
	long group = -1;

	if (!word || word->group >= 0)
		return word ? word->group : -1;
	if (look_name_wider(wider.text)) {
		wide = word_of(all, kind, &wider);
		if (wide && ++wide->members > MEMBERS)
			group = look_group_of(all, kind, &wider);
	}
	if (group < 0)
		group = add_group(all, kind, name);
	word = word_of(all, kind, name);
	if (word)
		word->group = group;
	return group;
}

void look_groups_free(struct look_groups *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->group[i].name);
	free(all->group);
	free(all->word);
	intern_free(&all->names);
	*all = (struct look_groups){ 0 };
}
