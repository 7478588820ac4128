// SPDX-License-Identifier: GPL-2.0
/* Counts the objects of each type. Types with the same name are one row. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "runtime/python/size.h"

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
		t->type[i].objects = 0;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct python_row *)a)->name, ((const struct python_row *)b)->name);
}

static int by_bytes(const void *a, const void *b)
{
	const struct python_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return by_name(a, b);
}

static int sum(struct python_objects *o)
{
	const struct python_types *t = &o->tracked.types;
	size_t n = 0;

	o->row = calloc(t->n + 1, sizeof(*o->row));
	if (!o->row)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		if (t->type[i].objects)
			o->row[n++] = (struct python_row){ t->type[i].name, 1, t->type[i].objects, t->type[i].bytes };
	qsort(o->row, n, sizeof(*o->row), by_name);
	for (size_t i = 0; i < n; i++) {
		struct python_row *last = o->rows ? &o->row[o->rows - 1] : NULL;

		o->objects += o->row[i].objects;
		o->bytes += o->row[i].bytes;
		if (!last || strcmp(last->name, o->row[i].name)) {
			o->row[o->rows++] = o->row[i];
			continue;
		}
		last->types++;
		last->objects += o->row[i].objects;
		last->bytes += o->row[i].bytes;
	}
	qsort(o->row, o->rows, sizeof(*o->row), by_bytes);
	return 0;
}

static void say_why(const struct python_objects *o, int error, char *err, size_t errlen)
{
	pid_t pid = o->process->pid;

	if (error == -EAGAIN)
		snprintf(err, errlen, "the objects of process %d change faster than they can be read: try again", pid);
	else
		snprintf(err, errlen, "cannot read the objects of process %d: %s", pid,
			 error == -ENOMEM ? "out of memory" : error == -E2BIG ? "there are too many" :
			 python_is_alive(o->process) ? strerror(-error) : "it has exited");
}

/**
 * python_objects_read() - read and count all objects
 *
 * Return: 0, or -errno with one line in @err.
 */
int python_objects_read(struct python_objects *o, char *err, size_t errlen)
{
	double begun_s = cpu_s();
	int error = python_refresh(o->process) ?: python_tracked_read(o->process, &o->tracked);

	if (!error) {
		count(o);
		leave_out_gone(o);
	}
	if (!error && !python_is_alive(o->process))
		error = -ESRCH;
	error = error ?: sum(o);
	o->cpu_s = cpu_s() - begun_s;
	if (error)
		say_why(o, error, err, errlen);
	return error;
}

/** python_objects_free() - release it, but not the process */
void python_objects_free(struct python_objects *o)
{
	python_tracked_free(&o->tracked);
	free(o->row);
	memset(o, 0, sizeof(*o));
}
