// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the child processes of a target from /proc, and compares one look with the next.
 *
 * /proc/PID/task/TID/children lists what a thread has forked and what it has inherited as
 * the nearest subreaper or as init. Kernels without it (CONFIG_PROC_CHILDREN) need a walk
 * over all processes.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/children.h"
#include "model/model.h"
#include "model/object.h"
#include "model/target.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/sanitize.h"
#include "util/units.h"

enum {
	DESCENDANTS_MAX = 65536,
	LOOK_SHARE = 20,		/* a look at most takes one part in so many of the time */
};

struct pid_list {
	uint32_t *pid;
	size_t n, room;
	uint64_t total;			/* also those for which there is no room */
	size_t max;
};

void children_free(struct children *c)
{
	for (int g = 0; g < CHILD_GROUPS; g++)
		judgement_clear(&c->group[g].judgement);
	free(c->child);
	memset(c, 0, sizeof(*c));
}

static void add_pid(struct pid_list *l, uint32_t pid)
{
	l->total++;
	if (l->n < l->max && array_reserve(l->pid, l->room, l->n, 1))
		l->pid[l->n++] = pid;
}

/* Returns whether the kernel has that file. */
static bool read_children_file(pid_t pid, const char *tid, struct pid_list *l)
{
	char path[96];
	unsigned int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fscanf(f, "%u", &child) == 1)
		add_pid(l, child);
	fclose(f);
	return true;
}

struct stat_line {
	char state;
	uint32_t parent;
	uint64_t start_ticks;		/* since boot */
	char comm[32];
};

static bool read_stat(uint32_t pid, struct stat_line *s)
{
	char path[64], line[1024], *open, *close;
	unsigned long long start;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	len = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[len] = '\0';
	/* the name may have any character but 0 */
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &s->state, &s->parent, &start) != 3)
		return false;
	s->start_ticks = start;
	*close = '\0';
	snprintf(s->comm, sizeof(s->comm), "%.31s", open + 1);
	sanitize(s->comm);
	return true;
}

static void scan_all(pid_t pid, struct pid_list *l)
{
	DIR *d = opendir("/proc");
	struct stat_line s;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name) && read_stat(atoi(e->d_name), &s) &&
		    s.parent == (uint32_t)pid)
			add_pid(l, atoi(e->d_name));
	if (d)
		closedir(d);
}

/* false: there is no such process, or it cannot be looked at. */
static bool list_children(pid_t pid, struct pid_list *l)
{
	bool listed = true;
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	if (!d)
		return false;
	while (listed && (e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name) && !read_children_file(pid, e->d_name, l)) {
			snprintf(path, sizeof(path), "/proc/%d/task/%.20s", pid, e->d_name);
			listed = access(path, F_OK);	/* else only this thread has exited */
		}
	closedir(d);
	if (!listed) {
		l->n = l->total = 0;
		scan_all(pid, l);
	}
	return true;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * (int64_t)NSEC_PER_SEC + t.tv_nsec;
}

/* /proc counts from boot, and with the time in suspend; the module's times are without. */
static uint64_t monotonic_of_ticks(uint64_t ticks)
{
	int64_t suspended_ns = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
	int64_t ns = ticks * (NSEC_PER_SEC / sysconf(_SC_CLK_TCK));

	return ns > suspended_ns ? ns - suspended_ns : 1;
}

static int by_pid(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void children_settle(struct children *c)
{
	if (c->n)
		qsort(c->child, c->n, sizeof(*c->child), by_pid);
}

double child_age_s(const struct children *c, const struct child *child)
{
	return c->read_ns > child->forked_ns ? (c->read_ns - child->forked_ns) / 1e9 : 0;
}

bool child_in_group(const struct child *c, enum child_group_id group)
{
	return group == CHILDREN_UNREAPED ? c->zombie && !c->object : !c->zombie && !c->traced;
}

const char *child_group_name(enum child_group_id group)
{
	return group == CHILDREN_UNREAPED ? "zombie" : "untraced";
}

const char *child_group_noun(enum child_group_id group)
{
	return group == CHILDREN_UNREAPED ? "unreaped child process" : "untraced child process";
}

/* Bucket i: of 2^i to 2^(i+1) microseconds. */
static void note_end(struct child_group *g, uint64_t lifetime_ns)
{
	uint64_t us = lifetime_ns / 1000;
	int i = 0;

	while (us >>= 1)
		i++;
	g->ended++;
	g->lifetimes[i < LEAKTRACE_LIFETIME_BUCKETS ? i : LEAKTRACE_LIFETIME_BUCKETS - 1]++;
	if (lifetime_ns > g->lifetime_max_ns)
		g->lifetime_max_ns = lifetime_ns;
}

/* @now: the child in the new list, or NULL. */
static void compare_child(struct children *c, const struct child *was, struct child *now, uint64_t now_ns)
{
	if (now && now->start_ticks == was->start_ticks) {
		now->forked_ns = was->forked_ns;	/* computed anew, it differs a little */
		now->traced |= was->traced;
		now->object |= was->object;
	} else {
		now = NULL;		/* another process, with that number again */
	}
	for (int g = 0; g < CHILD_GROUPS; g++)
		if (child_in_group(was, g) && (!now || !child_in_group(now, g)) && now_ns > was->forked_ns)
			note_end(&c->group[g], now_ns - was->forked_ns);
}

void children_replace(struct children *c, struct child *list, size_t n, uint64_t now_ns)
{
	size_t k = 0;

	if (n)
		qsort(list, n, sizeof(*list), by_pid);
	for (size_t i = 0; i < c->n; i++) {
		while (k < n && list[k].pid < c->child[i].pid)
			k++;
		compare_child(c, &c->child[i], k < n && list[k].pid == c->child[i].pid ? &list[k] : NULL,
			      now_ns);
	}
	free(c->child);
	c->child = list;
	c->n = c->room = n;
	c->read_ns = now_ns;
	c->known = true;
	c->looks++;
}

/* Those that are objects are judged as what their site created. */
static void mark_objects(struct model *m)
{
	struct children *c = &m->children;

	for (size_t i = 0; c->n && i < m->nobjects; i++) {
		const struct object *o = &m->objects[i];
		struct child key = { .pid = o->id }, *child;

		if (o->kind != LEAKTRACE_KIND_THREAD || o->type != LEAKTRACE_TYPE_PROCESS)
			continue;
		child = bsearch(&key, c->child, c->n, sizeof(key), by_pid);
		if (child)
			child->object = child->traced = true;
	}
}

void children_count(struct model *m)
{
	struct children *c = &m->children;

	mark_objects(m);
	c->zombies = c->untraced = 0;
	for (int g = 0; g < CHILD_GROUPS; g++)
		c->group[g].live = c->group[g].live_before = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->zombies += c->child[i].zombie;
		c->untraced += !c->child[i].traced;
		for (int g = 0; g < CHILD_GROUPS; g++) {
			if (!child_in_group(&c->child[i], g))
				continue;
			c->group[g].live++;
			c->group[g].live_before += c->child[i].forked_ns < m->target.attached_ns;
		}
	}
	/* those that are not listed were not looked at, either */
	if (c->total < c->n)
		c->total = c->n;
	c->untraced += c->total - c->n;
}

/* Sorted pids of targets. */
static uint32_t *traced_pids(const struct target *targets, size_t ntargets, size_t *n)
{
	uint32_t *pids = calloc(ntargets + 1, sizeof(*pids));

	*n = 0;
	for (size_t i = 0; pids && i < ntargets; i++)
		if (!(targets[i].flags & LEAKTRACE_TARGET_F_EXITED))
			pids[(*n)++] = targets[i].pid;
	if (*n)
		qsort(pids, *n, sizeof(*pids), by_number);
	return pids;
}

static struct child *look_at(const struct pid_list *l, const uint32_t *traced, size_t ntraced, size_t *n)
{
	struct child *list = calloc(l->n + 1, sizeof(*list));
	struct stat_line s;

	*n = 0;
	for (size_t i = 0; list && i < l->n; i++) {
		struct child *c = &list[*n];

		if (!read_stat(l->pid[i], &s))
			continue;	/* reaped meanwhile */
		c->pid = l->pid[i];
		c->zombie = s.state == 'Z' || s.state == 'X';
		c->start_ticks = s.start_ticks;
		c->forked_ns = monotonic_of_ticks(s.start_ticks);
		c->traced = ntraced && bsearch(&c->pid, traced, ntraced, sizeof(*traced), by_number);
		memcpy(c->comm, s.comm, sizeof(c->comm));
		(*n)++;
	}
	return list;
}

/* A child is listed twice if it gets another parent thread meanwhile. */
static void sort_unique(struct pid_list *l)
{
	size_t kept = 0;

	if (l->n)
		qsort(l->pid, l->n, sizeof(*l->pid), by_number);
	for (size_t i = 0; i < l->n; i++)
		if (!kept || l->pid[i] != l->pid[kept - 1])
			l->pid[kept++] = l->pid[i];
	if (l->n < l->max)
		l->total = kept;
	l->n = kept;
}

void children_read(struct model *m, const struct target *targets, size_t ntargets)
{
	struct pid_list l = { .max = CHILDREN_MAX };
	struct children *c = &m->children;
	uint64_t before = monotonic_ns();
	size_t n, ntraced = 0;
	uint32_t *traced;
	struct child *list;

	if (m->offline || !m->target.pid || m->target.flags & LEAKTRACE_TARGET_F_EXITED || before < c->next_ns)
		return;
	if (list_children(m->target.pid, &l)) {
		traced = traced_pids(targets, ntargets, &ntraced);
		sort_unique(&l);
		list = look_at(&l, traced, ntraced, &n);
		free(traced);
		if (list) {
			children_replace(c, list, n, monotonic_ns());
			c->total = l.total > l.n ? l.total : n;
			children_count(m);
		}
	}
	free(l.pid);
	c->next_ns = monotonic_ns() + LOOK_SHARE * (monotonic_ns() - before);
}

static int by_comm(const void *a, const void *b)
{
	const struct child *const *x = a, *const *y = b;

	return strcmp((*x)->comm, (*y)->comm);
}

const struct child **children_by_command(const struct children *c, enum child_group_id group, size_t *n)
{
	const struct child **p = calloc(c->n + 1, sizeof(*p));

	*n = 0;
	for (size_t i = 0; p && i < c->n; i++)
		if (group == CHILD_GROUPS || child_in_group(&c->child[i], group))
			p[(*n)++] = &c->child[i];
	if (*n)
		qsort(p, *n, sizeof(*p), by_comm);
	return p;
}

const char *children_command(const struct children *c, enum child_group_id group, size_t *n)
{
	const char *most = NULL;
	size_t k, run = 0;
	const struct child **p = children_by_command(c, group, &k);

	*n = 0;
	for (size_t i = 0; i < k; i++) {
		run = i && !strcmp(p[i]->comm, p[i - 1]->comm) ? run + 1 : 1;
		if (run > *n) {
			*n = run;
			most = p[i]->comm;
		}
	}
	free(p);
	return most;
}

size_t children_descendants(pid_t pid, uint32_t **pids)
{
	struct pid_list l = { .max = DESCENDANTS_MAX };

	list_children(pid, &l);
	for (size_t i = 0; i < l.n; i++)
		list_children(l.pid[i], &l);
	*pids = l.pid;
	return l.n;
}
