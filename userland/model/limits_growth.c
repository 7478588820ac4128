// SPDX-License-Identifier: GPL-2.0
/*
 * What grows and is no object of any kind: address space, watches of one descriptor, a shared
 * mapping. It is counted each time that /proc is read, and compared with the first time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/limits.h"
#include "model/model.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/proc_maps.h"
#include "util/sanitize.h"

enum { FILES_MAX = 4096 };

#define ONE_STEP	0.9	/* more of the growth at once is a step */

struct shared_file {
	dev_t dev;
	uint64_t inode;
	struct limit bytes;		/* of all its mappings */
};

struct shared_files {
	struct shared_file *file;
	size_t n, room;
};

static void look(struct limit *l, uint64_t now, uint64_t now_ns)
{
	struct limit_growth *g = &l->growth;

	l->now = now;
	if (!g->looks++) {
		g->first = g->most = now;
		g->first_ns = now_ns;
	}
	g->last_ns = now_ns;
	if (now <= g->most)
		return;
	g->grew++;
	if (now - g->most > g->step)
		g->step = now - g->most;
	g->most = now;
}

void limits_look(struct model *m, unsigned int which, uint64_t now)
{
	look(&m->limits[which], now, monotonic_ns());
}

static struct shared_file *file_of(struct shared_files *all, const struct map *map)
{
	struct shared_file *f;

	for (size_t i = 0; i < all->n; i++)
		if (all->file[i].inode == map->inode && all->file[i].dev == map->dev)
			return &all->file[i];
	if (all->n == FILES_MAX || !array_reserve(all->file, all->room, all->n, 1))
		return NULL;
	f = &all->file[all->n++];
	*f = (struct shared_file){ .dev = map->dev, .inode = map->inode };
	return f;
}

static void name_file(struct limit *l, const char *path)
{
	size_t len = strlen(path), max = sizeof(l->name) - 1;

	snprintf(l->name, sizeof(l->name), "%s", len > max ? path + len - max : path);
	sanitize(l->name);
}

static uint64_t growth_of(const struct limit *l)
{
	return l->now > l->growth.first ? l->now - l->growth.first : 0;
}

void limits_look_at_shared(struct model *m)
{
	struct shared_files *all = m->shared_files ?: calloc(1, sizeof(*all));
	struct limit *worst = &m->limits[LIMIT_SHARED_FILE];
	uint64_t now_ns = monotonic_ns(), shared = 0;

	m->shared_files = all;
	if (!all || !m->maps)
		return;
	for (size_t i = 0; i < all->n; i++)
		all->file[i].bytes.now = 0;
	for (size_t i = 0; i < m->maps->n; i++) {
		const struct map *map = &m->maps->map[i];
		struct shared_file *f = map->shared && map->inode ? file_of(all, map) : NULL;

		shared += map->shared;
		if (!f)
			continue;
		f->bytes.now += map->end - map->start;
		name_file(&f->bytes, map->path);
	}
	look(&m->limits[LIMIT_SHARED_MAPS], shared, now_ns);
	memset(worst, 0, sizeof(*worst));
	for (size_t i = 0; i < all->n; i++) {
		struct limit *l = &all->file[i].bytes;

		look(l, l->now, now_ns);
		if (growth_of(l) > growth_of(worst))
			*worst = *l;
	}
}

void limits_forget_growth(struct model *m)
{
	for (int i = 0; i < LIMITS; i++)
		memset(&m->limits[i].growth, 0, sizeof(m->limits[i].growth));
	if (m->shared_files)
		free(m->shared_files->file);
	free(m->shared_files);
	m->shared_files = NULL;
}

/* Once is a step, as a table that is made larger, whatever little comes after it: growth goes on. */
double limit_growth_per_min(const struct limit *l)
{
	const struct limit_growth *g = &l->growth;
	double minutes = g->last_ns > g->first_ns ? (g->last_ns - g->first_ns) / 6e10 : 0;

	return g->grew >= 2 && g->grew * 2ULL + 1 >= g->looks && g->step <= growth_of(l) * ONE_STEP && minutes > 0 ?
		growth_of(l) / minutes : 0;
}
