// SPDX-License-Identifier: GPL-2.0
/* Counts the objects of each type. Types with the same name are one row. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/python/objects.h"
#include "runtime/python/past.h"
#include "runtime/python/process.h"
#include "runtime/python/root.h"
#include "runtime/python/size.h"

enum { BYTES_OF_OBJECT = 40 };	/* that a known one takes in our tables, at most */

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void count(struct python_objects *o)
{
	struct python_tracked *t = &o->tracked;

	for (size_t i = 0; i < t->n; i++) {
		struct python_type *type = &t->types.type[t->type[i]];

		type->objects++;
		type->bytes += python_size(o->process, type, t->at[i]);
	}
}

/* A class that went meanwhile may have left its place to another one. */
static void leave_out_gone(struct python_objects *o)
{
	struct python_types *t = &o->tracked.types;

	python_memory_drop(&o->process->memory);
	for (size_t i = 0; i < t->n; i++) {
		if (python_type_holds(o->process, &t->type[i]))
			continue;
		o->gone += t->type[i].objects;
		t->type[i].objects = t->type[i].other_objects = 0;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct python_row *x = a, *y = b;

	return strcmp(x->name, y->name) ?: x->is_other - y->is_other;
}

static int by_bytes(const void *a, const void *b)
{
	const struct python_row *x = a, *y = b;

	if (x->grown_bytes != y->grown_bytes)
		return x->grown_bytes > y->grown_bytes ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return by_name(a, b);
}

static void add_row(struct python_objects *o, const struct python_type *t, bool is_other)
{
	struct python_row r = { .name = t->name, .is_other = is_other, .types = 1 };

	r.objects = is_other ? t->other_objects : t->objects;
	r.bytes = is_other ? t->other_bytes : t->bytes;
	r.reached = is_other ? r.objects : t->reached;
	if (r.objects)
		o->row[o->rows++] = r;
}

static void merge(struct python_row *to, const struct python_row *from)
{
	to->types += from->types;
	to->objects += from->objects;
	to->bytes += from->bytes;
	to->reached += from->reached;
}

static int sum(struct python_objects *o)
{
	const struct python_types *t = &o->tracked.types;
	size_t n;

	o->row = calloc(2 * t->n + 1, sizeof(*o->row));
	if (!o->row)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		add_row(o, &t->type[i], false);
		add_row(o, &t->type[i], true);
	}
	n = o->rows;
	o->rows = 0;
	qsort(o->row, n, sizeof(*o->row), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct python_row r = o->row[i];

		*(r.is_other ? &o->other_objects : &o->objects) += r.objects;
		*(r.is_other ? &o->other_bytes : &o->bytes) += r.bytes;
		if (o->rows && !by_name(&o->row[o->rows - 1], &r))
			merge(&o->row[o->rows - 1], &r);
		else
			o->row[o->rows++] = r;
	}
	return 0;
}

static int by_root(const void *a, const void *b, void *arg)
{
	const struct python_root *r = arg, *x = &r[*(const uint32_t *)a], *y = &r[*(const uint32_t *)b];

	if (x->grown_bytes != y->grown_bytes)
		return x->grown_bytes > y->grown_bytes ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static int rank_roots(struct python_objects *o)
{
	const struct python_links *l = &o->reach.links;

	o->root = malloc((l->roots + 1) * sizeof(*o->root));
	if (!o->root)
		return -ENOMEM;
	for (size_t i = 0; i < l->roots; i++)
		if (l->root[i].bytes)
			o->root[o->roots++] = i;
	qsort_r(o->root, o->roots, sizeof(*o->root), by_root, l->root);
	return 0;
}

static void say_why(const struct python_objects *o, int error, char *err, size_t errlen)
{
	pid_t pid = o->process->pid;

	if (error == -EAGAIN)
		snprintf(err, errlen, "the objects of process %d change faster than they can be read: try again", pid);
	else if (error == -E2BIG)
		snprintf(err, errlen, "process %d has too many objects for that much memory: give more with --max-memory", pid);
	else
		snprintf(err, errlen, "cannot read the objects of process %d: %s", pid,
			 error == -ENOMEM ? "out of memory" :
			 python_is_alive(o->process) ? strerror(-error) : "it has exited");
}

static int reach(struct python_objects *o, const struct python_objects_options *how)
{
	uint64_t unreadable = o->tracked.unreadable;
	int error;

	o->reach = (struct python_reach){ .process = o->process, .t = &o->tracked, .progress = how->progress };
	o->is_reached = true;
	error = python_reach(&o->reach, how->max_bytes / 2 / BYTES_OF_OBJECT, python_roots);
	o->tracked.unreadable = unreadable;
	return error;
}

static int rank(struct python_objects *o, const struct python_objects_options *how)
{
	int error = sum(o);

	if (!error && how->past)
		python_past_compare(how->past, o);
	if (!error)
		qsort(o->row, o->rows, sizeof(*o->row), by_bytes);
	if (!error && o->is_reached)
		error = rank_roots(o) ?: python_chains_choose(o, how->all);
	return error;
}

/**
 * python_objects_read() - read and count all objects
 *
 * Return: 0, or -errno with one line in @err.
 */
int python_objects_read(struct python_objects *o, const struct python_objects_options *how, char *err, size_t errlen)
{
	double begun_s = cpu_s();
	int error;

	o->process->memory.max_bytes = how->max_bytes / 2;
	error = python_refresh(o->process) ?: python_tracked_read(o->process, &o->tracked);
	if (!error)
		count(o);
	if (!error && how->reach)
		error = reach(o, how);
	if (!error)
		leave_out_gone(o);
	if (!error && !python_is_alive(o->process))
		error = -ESRCH;
	error = error ?: rank(o, how);
	o->cpu_s = cpu_s() - begun_s;
	if (error)
		say_why(o, error, err, errlen);
	return error;
}

/** python_objects_free() - release it, but not the process */
void python_objects_free(struct python_objects *o)
{
	struct python_process *process = o->process;

	for (size_t i = 0; i < o->chains; i++)
		free(o->chain[i].text);
	free(o->chain);
	free(o->held);
	free(o->root);
	if (o->is_reached)
		python_reach_free(&o->reach);
	python_tracked_free(&o->tracked);
	free(o->row);
	memset(o, 0, sizeof(*o));
	o->process = process;
}
