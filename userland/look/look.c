// SPDX-License-Identifier: GPL-2.0
/*
 * What is new since the last look, and what is gone. Two looks see the same thing if its id
 * and its mark are the same; mappings, if they overlap, as they grow and shrink.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "analysis/analysis.h"
#include "heap/account.h"
#include "look/count.h"
#include "look/look.h"
#include "look/memory_sites.h"
#include "model/history.h"
#include "model/object.h"
#include "model/runtime.h"
#include "model/socket_describe.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/process.h"
#include "util/units.h"

enum { LIMITS_EVERY_S = 10 };

/* The clock tick in which the process began; 0: there is none, or only a zombie. */
static uint64_t started_at(pid_t pid)
{
	char state;
	uint64_t started = process_start_ticks(pid, &state);

	return !started || strchr("ZX", state) ? 0 : started;
}

static bool name_item(struct look *l, unsigned int kind, const struct look_item *item, struct look_name *name)
{
	switch (kind) {
	case LEAKTRACE_KIND_FD:
		return look_fd_name(l->model.target.pid, item, name);
	case LEAKTRACE_KIND_THREAD:
		return look_thread_name(item, name);
	case LEAKTRACE_KIND_TIMER:
		look_timer_name(item, name);
		return true;
	default:
		return l->model.maps && look_map_name(l->model.maps, item, name);
	}
}

/* false: it is gone before it could be named. */
static bool take_new(struct look *l, unsigned int kind, const struct look_item *item, struct look_object *to)
{
	struct look_name name;
	long group;

	if (!name_item(l, kind, item, &name))
		return false;
	group = look_group_of(&l->groups, kind, &name);
	if (group < 0)
		return false;
	*to = (struct look_object){ .mark = item->mark, .group = group };
	to->o = (struct object){
		.id = item->id, .count = 1, .kind = kind, .type = name.type, .clock = item->clock,
	};
	if (kind == LEAKTRACE_KIND_MAP)
		to->o.bytes = item->bytes;
	to->o.site = look_born(l, &l->groups.group[group], 1);
	if (l->looks)
		to->o.born_ns = l->model.target.now_ns;
	else
		to->o.flags = LEAKTRACE_OBJECT_F_BASELINE;
	return true;
}

/* Where what was known lies: before the item (-1), behind it (1), or in the same place. */
static int place(const struct look_object *old, const struct look_item *now)
{
	uint64_t old_end = old->o.id + 1, now_end = now->id + 1;

	if (old->o.kind == LEAKTRACE_KIND_MAP) {
		old_end = old->o.id + old->o.bytes;
		now_end = now->id + now->bytes;
	}
	return old_end <= now->id ? -1 : now_end <= old->o.id ? 1 : 0;
}

/* Both lists are in order. */
static void compare(struct look *l, unsigned int kind, const struct look_known *old, struct look_known *now)
{
	size_t i = 0;

	for (size_t k = 0; k < l->items.n; k++) {
		const struct look_item *item = &l->items.item[k];

		while (i < old->n && (place(&old->object[i], item) < 0 ||
				      (!place(&old->object[i], item) && old->object[i].mark != item->mark))) {
			look_died(l, &l->groups.group[old->object[i].group], &old->object[i].o, 1);
			i++;
		}
		if (i < old->n && !place(&old->object[i], item)) {
			now->object[now->n] = old->object[i++];
			now->object[now->n].o.id = item->id;
			if (kind == LEAKTRACE_KIND_MAP)
				now->object[now->n].o.bytes = item->bytes;
			now->n++;
		} else {
			now->n += take_new(l, kind, item, &now->object[now->n]);
		}
	}
	for (; i < old->n; i++)
		look_died(l, &l->groups.group[old->object[i].group], &old->object[i].o, 1);
}

static int take_items(struct look *l, unsigned int kind)
{
	struct look_known now = { .room = l->items.n + 1, .object = calloc(l->items.n + 1, sizeof(*now.object)) };

	if (!now.object)
		return -ENOMEM;
	compare(l, kind, &l->known[kind], &now);
	free(l->known[kind].object);
	l->known[kind] = now;
	l->model.target.kind[kind].present = true;
	l->model.target.kinds |= 1U << kind;
	return 0;
}

/* The mappings of this look, which also say where memory is. */
static int look_at_memory(struct look *l)
{
	struct look_memory memory;
	struct model *m = &l->model;
	int err = look_memory_read(m->target.pid, &memory);

	if (err)
		return err;
	if (m->maps)
		maps_free(m->maps);
	m->maps = m->maps ?: calloc(1, sizeof(*m->maps));
	if (!m->maps) {
		look_memory_free(&memory);
		return -ENOMEM;
	}
	*m->maps = memory.maps;
	l->memory_by_mapping = memory.by_mapping;
	err = look_maps(m->maps, &l->items) ?: take_items(l, LEAKTRACE_KIND_MAP) ?: look_take_memory(l, memory.bytes);
	free(memory.bytes);
	return err;
}

static int look_at_all(struct look *l)
{
	pid_t pid = l->model.target.pid;
	int err;

	socket_tables_forget();
	err = look_fds(pid, &l->items) ?: take_items(l, LEAKTRACE_KIND_FD);
	err = err ?: look_threads(pid, &l->items) ?: take_items(l, LEAKTRACE_KIND_THREAD);
	if (err)
		return err;
	l->no_timers = look_timers(pid, &l->items) || take_items(l, LEAKTRACE_KIND_TIMER);
	return look_at_memory(l);
}

static int add_objects(struct model *m, const struct look_known *known)
{
	if (!array_reserve(m->objects, m->objects_room, m->nobjects, known->n))
		return -ENOMEM;
	for (size_t i = 0; i < known->n; i++)
		m->objects[m->nobjects++] = known->object[i].o;
	return 0;
}

static int make_model(struct look *l)
{
	struct model *m = &l->model;
	int err = 0;

	m->nobjects = 0;
	for (int k = 0; k < KINDS && !err; k++)
		err = add_objects(m, &l->known[k]);
	if (err)
		return err;
	model_settle(m);
	proc_load_read(m->target.pid, &m->load);
	return history_sample(m->history, m);
}

static int look_once(struct look *l, bool last)
{
	struct model *m = &l->model;
	int err;

	m->target.now_ns = monotonic_ns();
	err = look_at_all(l);
	if (!err && (last || !l->looks || m->target.now_ns - l->read_ns >= LIMITS_EVERY_S * NSEC_PER_SEC)) {
		model_read_proc(m);
		/* it may have become another program */
		process_comm(m->target.pid, m->target.comm, sizeof(m->target.comm));
		l->read_ns = m->target.now_ns;
	}
	if (!err && m->runtime)
		runtime_sample(m->runtime, last);
	if (!err && (last || !l->looks))
		heap_account_read(m->target.pid, last ? &m->ledger.malloc_last : &m->ledger.malloc_first);
	err = err ?: make_model(l);
	l->looks += !err;
	return err;
}

static int refused(pid_t pid, int error, char *err, size_t errlen)
{
	if (error == -EACCES || error == -EPERM)
		snprintf(err, errlen, "no permission to read process %d: run as its user, or as root with CAP_SYS_PTRACE", pid);
	else if (error == -ENOENT || error == -ESRCH)
		snprintf(err, errlen, "no process %d", pid);
	else
		snprintf(err, errlen, "cannot read process %d: %s", pid, strerror(-error));
	return error;
}

int look_begin(struct look *l, pid_t pid, char *err, size_t errlen)
{
	struct model *m = &l->model;
	char ignored[512];
	int status;

	model_init(m);
	m->outside = true;
	m->target.pid = pid;
	m->target.attached_ns = monotonic_ns();
	m->history = history_new();
	l->started = started_at(pid);
	if (!l->started)
		return refused(pid, -ESRCH, err, errlen);
	if (!m->history)
		return refused(pid, -ENOMEM, err, errlen);
	m->runtime = runtime_open(pid, ignored, sizeof(ignored));
	status = look_once(l, false);
	return status ? refused(pid, status, err, errlen) : 0;
}

bool look_again(struct look *l, bool last)
{
	struct target *t = &l->model.target;
	uint64_t now_ns = monotonic_ns();

	if (started_at(t->pid) == l->started) {
		if (!look_once(l, last) || started_at(t->pid) == l->started)
			return true;
	}
	/* what it had when it was last seen */
	t->flags |= LEAKTRACE_TARGET_F_EXITED;
	t->exited_ns = now_ns;
	return false;
}

void look_judge(struct look *l, const struct analysis_options *opts)
{
	model_read_memory(&l->model);
	analysis_run_recorded(&l->model, opts);
}

const struct look_group *look_group_of_site(const struct look *l, uint32_t site)
{
	for (size_t i = 0; i < l->groups.n; i++)
		if (l->groups.group[i].site == site)
			return &l->groups.group[i];
	return NULL;
}

void look_end(struct look *l)
{
	for (int k = 0; k < KINDS; k++)
		free(l->known[k].object);
	look_groups_free(&l->groups);
	free(l->items.item);
	model_free(&l->model);
}
