// SPDX-License-Identifier: GPL-2.0
/*
 * Which types, and of each which ways to its objects are told: what has grown most, or
 * what has most bytes. The way to an example is read again before it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/python/dict.h"
#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/array.h"

enum {
	HELD_MAX = 6, HELD_MAX_ALL = 50, CHAINS_MAX = 2, CHAINS_MAX_ALL = 10, PARTS_MAX = 64, NAME_BYTES = 96,
	GROWN_OBJECTS = 64, GROWN_BYTES = 1 << 20, GROWN_SHARE = 32 /* and one in so many of what there is */,
};

/* Whether enough of it that is reached has been added to be told. */
static bool has_grown(const struct python_row *r)
{
	if (r->grown_reached <= 0 || r->grown_objects <= 0)
		return false;
	if (r->grown_bytes >= GROWN_BYTES)
		return (uint64_t)r->grown_bytes >= r->bytes / GROWN_SHARE;
	return r->grown_reached >= GROWN_OBJECTS && (uint64_t)r->grown_reached >= r->reached / GROWN_SHARE;
}

static const char *type_name(const struct python_objects *o, const struct python_link *l)
{
	return o->tracked.types.type[l->type].name;
}

/* A key, quoted; "": it is no string and no small number. */
static void say_key(const struct python_objects *o, const struct python_link *l, char *to, size_t size)
{
	struct python_process *p = o->process;
	char text[NAME_BYTES / 2];
	uint32_t type;

	*to = '\0';
	if (l->role == PYTHON_ITEM) {
		snprintf(to, size, "%" PRIu64, l->example_name);
		return;
	}
	type = python_tracked_find(&o->tracked, l->example_name);
	if (type == PYTHON_OBJECT_NONE)
		return;
	type = o->tracked.type[type];
	if (!strcmp(o->tracked.types.type[type].name, "str") &&
	    python_string(p, l->example_name, text, sizeof(text)))
		snprintf(to, size, "'%s'", text);
	else if (!strcmp(o->tracked.types.type[type].name, "int"))
		snprintf(to, size, "%" PRIu32, python_small_int(p, l->example_name));
}

struct slot {
	const struct python_objects *o;
	uint64_t offset;
	char *to;
	size_t size;
	bool found;
};

/* A class has a descriptor for each of its slots, which says where that is. */
static bool see_descriptor(uint64_t key, uint64_t value, void *arg)
{
	enum { MEMBER = 40, MEMBER_OFFSET = 16, DOT = 1 };
	struct slot *s = arg;
	struct python_memory *m = &s->o->process->memory;
	uint32_t i = python_tracked_find(&s->o->tracked, value);

	if (i == PYTHON_OBJECT_NONE ||
	    strcmp(s->o->tracked.types.type[s->o->tracked.type[i]].name, "member_descriptor") ||
	    python_word(m, python_word(m, value + MEMBER) + MEMBER_OFFSET) != s->offset ||
	    !python_string(s->o->process, key, s->to + DOT, s->size - DOT))
		return true;
	*s->to = '.';
	s->found = true;
	return false;
}

static bool say_slot(const struct python_objects *o, const struct python_type *t, uint64_t offset, char *to, size_t size)
{
	enum { BASES_MAX = 16 };
	struct slot s = { o, offset, to, size, false };
	uint64_t dict = t->dict, base = t->base;

	for (int i = 0; i < BASES_MAX && !s.found; i++) {
		if (dict)
			python_dict_each(o->process, dict, see_descriptor, &s);
		if (!base)
			break;
		dict = python_word(&o->process->memory, base + PYTHON_TYPE_DICT);
		base = python_word(&o->process->memory, base + PYTHON_TYPE_BASE);
	}
	return s.found;
}

static void say_field(const struct python_objects *o, const struct python_link *l, char *to, size_t size)
{
	const struct python_link *before = &o->reach.links.link[l->parent];
	const struct python_type *type = &o->tracked.types.type[before->type];
	enum python_shape shape = type->shape;

	if (say_slot(o, type, l->name, to, size))
		return;
	if (shape == PYTHON_METHOD && l->name == 16)
		snprintf(to, size, ".__func__");
	else if (shape == PYTHON_METHOD && l->name == 24)
		snprintf(to, size, ".__self__");
	else if (shape == PYTHON_CELL)
		snprintf(to, size, ".cell_contents");
	else
		snprintf(to, size, "field at %" PRIu64, l->name);
}

/* How the one before it refers to it. */
static void say_role(const struct python_objects *o, const struct python_link *l, char *to, size_t size)
{
	const char *more = l->objects > 1 ? " …" : "";
	char name[NAME_BYTES];

	if (!l->parent) {
		snprintf(to, size, "%s", l->is_folded ? "…" : o->reach.links.root[l->root].name);
		return;
	}
	switch (l->role) {
	case PYTHON_ATTRIBUTE:
	case PYTHON_LOCAL:
		if (!python_string(o->process, l->name, name, sizeof(name)))
			snprintf(name, sizeof(name), "?");
		snprintf(to, size, "%s%s", l->role == PYTHON_LOCAL ? "variable " : ".", name);
		break;
	case PYTHON_OWN_DICT:
		snprintf(to, size, ".__dict__");
		break;
	case PYTHON_KEY:
		snprintf(to, size, "key");
		break;
	case PYTHON_VALUE:
	case PYTHON_ITEM:
		say_key(o, l, name, sizeof(name));
		snprintf(to, size, "[%s%s]", name, *name ? more : "…");
		break;
	case PYTHON_MEMBER:
		snprintf(to, size, "member");
		break;
	case PYTHON_STACK:
		snprintf(to, size, "on its stack");
		break;
	default:
		say_field(o, l, to, size);
	}
}

/* The function of a generator or coroutine: that of an example, if there are several. */
static void say_type(const struct python_objects *o, const struct python_link *l, FILE *f)
{
	const struct python_type *t = &o->tracked.types.type[l->type];
	const struct python_layout *layout = &o->process->layout;
	uint64_t at = o->tracked.at[l->example], frame, code;
	char name[NAME_BYTES];

	fprintf(f, "%s", t->name);
	if (t->shape != PYTHON_GENERATOR)
		return;
	frame = layout->minor < 11 ? python_word(&o->process->memory, at + PYTHON_OBJECT_BYTES) :
		at + t->basic_bytes - layout->frame_locals;
	code = frame ? python_word(&o->process->memory, frame + layout->frame_code) : 0;
	if (code && python_string(o->process, python_word(&o->process->memory, code + layout->code_name), name,
				  sizeof(name)))
		fprintf(f, " %s()%s", name, l->objects > 1 ? " …" : "");
}

/* The links from the root on; a dictionary that only has attributes is left out, unless it is the last. */
static unsigned int links_to(const struct python_links *l, uint32_t link, uint32_t list[PARTS_MAX])
{
	unsigned int n = 0;

	for (uint32_t i = link; i && n < PARTS_MAX; i = l->link[i].parent)
		if (l->link[i].role != PYTHON_OWN_DICT || i == link)
			list[n++] = i;
	return n;
}

static bool say(const struct python_objects *o, uint32_t link, struct python_chain *c)
{
	uint32_t list[PARTS_MAX];
	unsigned int n = links_to(&o->reach.links, link, list);
	char role[NAME_BYTES * 4];
	size_t size;
	FILE *f;

	*c = (struct python_chain){ .link = link };
	f = open_memstream(&c->text, &size);
	if (!f)
		return false;
	if (o->reach.links.link[list[n - 1]].is_folded) {
		fprintf(f, "%s%c", o->reach.links.root[o->reach.links.link[link].root].name, '\0');
		c->parts++;
	}
	while (n--) {
		const struct python_link *l = &o->reach.links.link[list[n]];

		say_role(o, l, role, sizeof(role));
		fprintf(f, "%s: ", role);
		say_type(o, l, f);
		fputc('\0', f);
		c->parts++;
	}
	if (!fclose(f))
		return true;
	free(c->text);
	c->text = NULL;
	return false;
}

static int more_grown(const void *a, const void *b, void *arg)
{
	const struct python_link *l = arg, *x = &l[*(const uint32_t *)a], *y = &l[*(const uint32_t *)b];

	if (x->grown_objects != y->grown_objects)
		return x->grown_objects > y->grown_objects ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static int more_bytes(const void *a, const void *b, void *arg)
{
	const struct python_link *l = arg, *x = &l[*(const uint32_t *)a], *y = &l[*(const uint32_t *)b];

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static int add_chains(struct python_objects *o, struct python_held *h, const uint32_t *link, size_t n, size_t max)
{
	h->first = o->chains;
	for (size_t i = 0; i < n && h->chains < max; i++) {
		const struct python_link *l = &o->reach.links.link[link[i]];

		if (o->window_s > 0 && i && l->grown_objects <= 0)
			break;
		if (!python_reach_holds(&o->reach, l->example)) {
			o->changed++;
			continue;
		}
		if (!array_reserve(o->chain, o->chain_capacity, o->chains, 1) ||
		    !say(o, link[i], &o->chain[o->chains]))
			return -ENOMEM;
		o->chains++;
		h->chains++;
	}
	return 0;
}

static bool is_of(const struct python_objects *o, const struct python_link *l, const struct python_row *row)
{
	return l->objects && (l->example >= o->reach.listed) == row->is_other && !strcmp(type_name(o, l), row->name);
}

static int add_held(struct python_objects *o, uint32_t row, bool all)
{
	struct python_links *l = &o->reach.links;
	uint32_t *link = malloc(l->n * sizeof(*link));
	size_t n = 0;
	int error;

	if (!link || !array_reserve(o->held, o->held_capacity, o->helds, 1)) {
		free(link);
		return -ENOMEM;
	}
	for (size_t i = 1; i < l->n; i++)
		if (is_of(o, &l->link[i], &o->row[row]))
			link[n++] = i;
	qsort_r(link, n, sizeof(*link), o->window_s > 0 ? more_grown : more_bytes, l->link);
	o->held[o->helds] = (struct python_held){ .row = row };
	error = add_chains(o, &o->held[o->helds], link, n, all ? CHAINS_MAX_ALL : CHAINS_MAX);
	o->helds += o->held[o->helds].chains > 0;
	free(link);
	return error;
}

/** python_chains_choose() - choose what is told; 0 or -ENOMEM */
int python_chains_choose(struct python_objects *o, bool all)
{
	size_t max = all ? HELD_MAX_ALL : HELD_MAX;
	int error = 0;

	python_memory_drop(&o->process->memory);
	for (size_t i = 0; i < o->rows && o->helds < max && !error; i++)
		if (o->window_s > 0 ? has_grown(&o->row[i]) : o->row[i].reached)
			error = add_held(o, i, all);
	return error;
}
