// SPDX-License-Identifier: GPL-2.0
/*
 * A chain in words: "map[string]*main.Record", "main.Record.Blob", "[]uint8". The inner
 * structures of maps are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/process.h"
#include "util/format.h"

enum { NAME_BYTES = 512, PART_BYTES = 1200, LINKS_MAX = 64, PARTS_MAX = 20 };

/* The name of a map, of the type of its groups or buckets; false: it is another type. */
static bool map_name(const char *name, char *buf, size_t len)
{
	static const char *const inner[] = { "map.group[", "map.bucket[" };

	for (int i = 0; i < 2; i++)
		if (!strncmp(name, inner[i], strlen(inner[i]))) {
			snprintf(buf, len, "map%s", name + strlen(inner[i]) - 1);
			return true;
		}
	return false;
}

static bool is_group(struct go_reach *r, const struct go_way *w)
{
	char name[NAME_BYTES], map[NAME_BYTES];

	return (w->role == GO_ROLE_SLICE || w->role == GO_ROLE_VALUE) && w->type &&
	       map_name(go_types_name(&r->types, w->type, name, sizeof(name)), map, sizeof(map));
}

/* What the objects of a link are; "": the inside of a map, which is told with the map. */
static void say_object(struct go_reach *r, const struct go_link *l, char *buf, size_t len)
{
	const char *function = l->pc && l->pc != UINT64_MAX ? go_function(r->process, l->pc) : NULL;
	uint8_t role = l->way.role ?: l->known_role;
	char name[NAME_BYTES], bytes[32];

	go_types_name(&r->types, l->way.type ?: l->known_type, name, sizeof(name));
	buf[0] = '\0';
	if ((role == GO_ROLE_VALUE || role == GO_ROLE_SLICE) && map_name(name, buf, len))
		return;
	if (role == GO_ROLE_STRING)
		snprintf(buf, len, "string");
	else if (role == GO_ROLE_MAP_DIRECTORY || role == GO_ROLE_MAP_TABLE)
		return;
	else if (*name)
		snprintf(buf, len, "%s%s", role == GO_ROLE_SLICE ? "[]" : role == GO_ROLE_CHAN ? "chan " : "", name);
	else if (role == GO_ROLE_MAP)
		snprintf(buf, len, "map");
	else if (function)
		snprintf(buf, len, "func %s", function);
	else if (l->way.role == GO_ROLE_FUNC)
		snprintf(buf, len, "func");
	else
		snprintf(buf, len, "%s", format_bytes(l->way.object_bytes, bytes));
}

/* The field by which a link refers to the next. */
static void say_field(struct go_reach *r, const struct go_link *l, const struct go_way *next, char *buf, size_t len)
{
	const char *rest;

	buf[0] = '\0';
	if (l->way.role != GO_ROLE_VALUE && l->way.role != GO_ROLE_SLICE)
		return;
	go_types_path(&r->types, l->way.type, next->offset, buf, len);
	if (!is_group(r, &l->way))
		return;
	/* slots[].elem, elems[]: the value itself */
	rest = strstr(buf, ".elem");
	rest = rest ? rest + strlen(".elem") : strstr(buf, ".key");
	if (!rest)
		return;
	if (!strncmp(rest, ".key", 4)) {
		snprintf(buf, len, " key");
		return;
	}
	rest += strspn(rest, "s[]");
	memmove(buf, rest, strlen(rest) + 1);
}

static bool add_part(struct go_chain *c, size_t *used, const char *part)
{
	size_t n = strlen(part) + 1;
	char *more = realloc(c->text, *used + n);

	if (!more)
		return false;
	memcpy(more + *used, part, n);
	c->text = more;
	*used += n;
	c->parts++;
	return true;
}

/* Whether the links from the i-th on are the untyped inside of a map that the group names. */
static bool leads_to_group(struct go_reach *r, const uint32_t *way, size_t i, size_t n)
{
	enum { INSIDE = 3 };

	for (size_t k = i; k < n && k < i + INSIDE + 1; k++) {
		const struct go_link *l = &r->chains.link[way[k]];

		if (is_group(r, &l->way))
			return k > i;
		if (l->pc || (l->way.role != GO_ROLE_UNKNOWN && l->way.role != GO_ROLE_MAP_DIRECTORY &&
			      l->way.role != GO_ROLE_MAP_TABLE))
			return false;
	}
	return false;
}

/** go_chain_say() - the parts of the chain to a link; false: no memory */
bool go_chain_say(struct go_reach *r, uint32_t link, struct go_chain *c)
{
	char object[PART_BYTES], field[PART_BYTES], part[2 * PART_BYTES], last[2 * PART_BYTES] = "";
	uint32_t way[LINKS_MAX];
	size_t n = 0, used = 0;

	*c = (struct go_chain){ .link = link };
	for (uint32_t i = link; i >= GO_LINK_FIRST && r->chains.link[i].way.role != GO_ROLE_ROOT && n < LINKS_MAX;
	     i = r->chains.link[i].way.parent)
		way[n++] = i;
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t swap = way[i];

		way[i] = way[n - 1 - i];
		way[n - 1 - i] = swap;
	}
	for (size_t i = 0; i < n; i++) {
		const struct go_link *l = &r->chains.link[way[i]];

		say_object(r, l, object, sizeof(object));
		field[0] = '\0';
		if (i + 1 < n)
			say_field(r, l, &r->chains.link[way[i + 1]].way, field, sizeof(field));
		snprintf(part, sizeof(part), "%s%s", object, field);
		/* a map and its groups have one name */
		if (!*part || !strcmp(part, last) || (i + 1 < n && leads_to_group(r, way, i, n)))
			continue;
		if (c->parts && *field && !strcmp(object, last) && is_group(r, &l->way)) {
			used -= strlen(last) + 1;
			c->parts--;
		}
		if (c->parts == PARTS_MAX - 2 && i + 2 < n && !add_part(c, &used, "…"))
			return false;
		if (c->parts >= PARTS_MAX - 1 && i + 1 < n)
			continue;
		if (!add_part(c, &used, part))
			return false;
		snprintf(last, sizeof(last), "%s", part);
	}
	return c->parts || add_part(c, &used, "");
}
