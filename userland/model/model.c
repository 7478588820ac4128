// SPDX-License-Identifier: GPL-2.0
/*
 * All that is known about one target, from the kernel or from a file. Records
 * may be added in any order; model_settle() sorts them, and from then on
 * lookups are binary searches.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "model/decode.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/baseline.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_notes.h"
#include "model/python_heap.h"
#include "model/runtime.h"
#include "model/script_frames.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/sanitize.h"

/* Bounds the memory for a hostile file. */
enum { SITES_MAX = 1 << 20, STACKS_MAX = 1 << 20, RESTS_MAX = 4096, OBJECTS_MAX = 1 << 25 };

void model_init(struct model *m)
{
	struct timespec wall;

	memset(m, 0, sizeof(*m));
	clock_gettime(CLOCK_REALTIME, &wall);
	m->wall_minus_mono_s = wall.tv_sec + wall.tv_nsec / 1e9 - monotonic_ns() / 1e9;
}

static void free_stacks(struct stack *s, size_t *n)
{
	while (*n) {
		free(s[--*n].pcs);
		free(s[*n].frames);
	}
}

void model_free(struct model *m)
{
	for (size_t i = 0; i < m->nsites; i++)
		judgement_clear(&m->sites[i].judgement);
	findings_drop(m);
	free(m->findings);
	free_stacks(m->stacks, &m->nstacks);
	free_stacks(m->rests, &m->nrests);
	history_free(m->history);
	free(m->sites);
	free(m->stacks);
	free(m->rests);
	free(m->objects);
	object_notes_clear(&m->seen);
	children_free(&m->children);
	free(m->exe);
	workload_free(&m->workload);
	oom_forget(&m->oom);
	free(m->hostname);
	free(m->kernel);
	limits_forget_growth(m);
	if (m->maps) {
		maps_free(m->maps);
		free(m->maps);
	}
	runtime_close(m->runtime);
	symbolizer_close(m->symbolizer);
	memset(m, 0, sizeof(*m));
}

/* Whether there is space for one more. */
#define GROW(m, what, max) ((m)->n##what < (max) &&					\
			    array_reserve((m)->what, (m)->what##_room, (m)->n##what, 1))

static int add_stack(struct model *m, struct nlattr *attrs, int len)
{
	struct stack s;
	int err = decode_stack(attrs, len, &s);

	if (err)
		return err;
	if (!GROW(m, stacks, STACKS_MAX)) {
		free(s.pcs);
		return -ENOMEM;
	}
	m->stacks[m->nstacks++] = s;
	m->stacks_sorted = false;
	return 0;
}

struct stack *model_rest(struct model *m, uint32_t id)
{
	for (size_t i = 0; i < m->nrests; i++)
		if (m->rests[i].id == id)
			return &m->rests[i];
	return NULL;
}

int model_add_rest(struct model *m, struct stack *rest)
{
	struct stack *old = model_rest(m, rest->id);

	if (!old && !GROW(m, rests, RESTS_MAX)) {
		free(rest->pcs);
		return -ENOMEM;
	}
	if (old) {
		free(old->pcs);
		free(old->frames);
		*old = *rest;
	} else {
		m->rests[m->nrests++] = *rest;
	}
	return 0;
}

static int take_rest(struct model *m, struct nlattr *attrs, int len)
{
	struct stack rest;

	return decode_stack(attrs, len, &rest) ?: model_add_rest(m, &rest);
}

/* In the kernel a pair's type is a number of that target's. */
static uint8_t type_here(const struct model *m, uint8_t type)
{
	unsigned int i = type - LEAKTRACE_TYPE_PAIR;

	if (type < LEAKTRACE_TYPE_PAIR)
		return type;
	return i < m->target.npairs ? type_of_pair(m->target.pair[i]) : LEAKTRACE_TYPE_UNKNOWN;
}

static int take_site(struct model *m)
{
	struct site *s = &m->sites[m->nsites++];

	s->type = type_here(m, s->type);
	return 0;
}

static int take_object(struct model *m)
{
	struct object *o = &m->objects[m->nobjects++];

	o->type = type_here(m, o->type);
	return 0;
}

int model_record(struct model *m, int type, struct nlattr *attrs, int len)
{
	switch (type) {
	case LEAKTRACE_CMD_TARGET_ADD:
	case LEAKTRACE_CMD_TARGET_GET:
	case LEAKTRACE_CMD_RECONCILE:
		return decode_target(attrs, len, &m->target);
	case LEAKTRACE_CMD_STATUS_GET:
		return decode_status(attrs, len, &m->status);
	case LEAKTRACE_CMD_SITE_GET:
		if (!GROW(m, sites, SITES_MAX))
			return -ENOMEM;
		return decode_site(attrs, len, &m->sites[m->nsites]) ?: take_site(m);
	case LEAKTRACE_CMD_OBJECT_GET:
		if (!GROW(m, objects, OBJECTS_MAX))
			return -ENOMEM;
		return decode_object(attrs, len, &m->objects[m->nobjects]) ?: take_object(m);
	case LEAKTRACE_CMD_STACK_GET:
		return add_stack(m, attrs, len);
	case LEAKTRACE_CMD_STACK_REST:	/* from a file: frames, not memory */
		return take_rest(m, attrs, len);
	}
	return 0;	/* of a newer version: ignored */
}

/* Drops the records that a repeated dump is about to replace. */
void model_drop(struct model *m, int type)
{
	switch (type) {
	case LEAKTRACE_CMD_SITE_GET:
		for (size_t i = 0; i < m->nsites; i++)
			judgement_clear(&m->sites[i].judgement);
		findings_drop(m);
		m->nsites = 0;
		break;
	case LEAKTRACE_CMD_OBJECT_GET:
		m->nobjects = 0;
		break;
	case LEAKTRACE_CMD_STACK_GET:
		free_stacks(m->stacks, &m->nstacks);
		break;
	}
}

static int by_site_id(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_stack_id(const void *a, const void *b)
{
	const struct stack *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_site_and_birth(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	if (x->site != y->site)
		return x->site > y->site ? 1 : -1;
	if (x->born_ns != y->born_ns)
		return x->born_ns > y->born_ns ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

void model_settle(struct model *m)
{
	if (m->nsites)
		qsort(m->sites, m->nsites, sizeof(*m->sites), by_site_id);
	if (m->nobjects)
		qsort(m->objects, m->nobjects, sizeof(*m->objects), by_site_and_birth);
	if (m->nstacks && !m->stacks_sorted)
		qsort(m->stacks, m->nstacks, sizeof(*m->stacks), by_stack_id);
	m->stacks_sorted = true;
	baseline_look(m);
}

struct site *model_site(struct model *m, uint32_t id)
{
	struct site key = { .id = id };

	return m->nsites ? bsearch(&key, m->sites, m->nsites, sizeof(key), by_site_id) : NULL;
}

struct stack *model_stack(struct model *m, uint32_t id)
{
	struct stack key = { .id = id };

	return id && m->nstacks ?
		bsearch(&key, m->stacks, m->nstacks, sizeof(key), by_stack_id) : NULL;
}

/*
 * The live objects of a site, oldest first. Site 0: baseline objects, and those
 * found by reconciliation.
 */
struct object *model_objects(struct model *m, uint32_t site, size_t *n)
{
	size_t low = 0, high = m->nobjects, first;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->objects[middle].site < site)
			low = middle + 1;
		else
			high = middle;
	}
	first = low;
	while (low < m->nobjects && m->objects[low].site == site)
		low++;
	*n = low - first;
	return *n ? &m->objects[first] : NULL;
}

static void forget_names(struct stack *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(s[i].frames);
		s[i].frames = NULL;
		s[i].nframes = 0;
	}
}

void model_forget_names(struct model *m)
{
	forget_names(m->stacks, m->nstacks);
	forget_names(m->rests, m->nrests);
}

static int name_pc(struct model *m, uint64_t pc, bool ret, struct symbol_frame *f, int max)
{
	int n = m->symbolizer ? symbolizer_resolve(m->symbolizer, pc, ret, f, max) : 0;

	if (n <= 0) {
		memset(f, 0, sizeof(*f));
		f->offset = pc;
		n = 1;
	}
	return n;
}

/* The frame of a pc, and before it those that left the stack between it and the last one. */
static int name_next(struct model *m, const struct stack *s, unsigned int i, bool ret, struct symbol_frame *f, int max)
{
	int n = 0;

	if (i && m->symbolizer) {
		const struct stack_gap gap = {
			.inner = s->pcs[i - 1], .outer = s->pcs[i], .inner_is_return_address = ret || i > 1,
		};

		n = symbolizer_tail_calls(m->symbolizer, &gap, f, max / 2);
	}
	return n + name_pc(m, s->pcs[i], ret || i > 0, f + n, max - n);
}

/*
 * A frame that was found by inferred rules is believed only behind a call. Otherwise the stack
 * ends before it, and is counted as one that does. Returns how many frames are left.
 */
static int check_inferred(struct stack *s, const struct symbol_frame *before, struct symbol_frame *f, int n)
{
	if (!before || !before->leads_by_inference)
		return n;
	if (f[n - 1].not_called) {
		s->status = LEAKTRACE_STACK_NOPROGRESS;
		return 0;
	}
	for (int i = 0; i < n; i++)
		f[i].inferred = !f[i].tail_call;
	return n;
}

/* The frames are kept until the stack is dropped. */
static int name_stack(struct model *m, struct stack *s, bool ret, const struct symbol_frame **frames)
{
	struct symbol_frame f[64], *all = NULL;
	int n = 0;

	for (unsigned int i = 0; !s->frames && i < s->npcs; i++) {
		int got = check_inferred(s, n ? &all[n - 1] : NULL, f, name_next(m, s, i, ret, f, ARRAY_SIZE(f)));
		struct symbol_frame *more = got ? reallocarray(all, n + got, sizeof(*all)) : NULL;

		if (!more)
			break;
		all = more;
		memcpy(all + n, f, got * sizeof(*f));
		n += got;
	}
	if (!s->frames) {
		n = language_stack_end(all, n);
		s->frames = script_frames_insert(m->symbolizer, s, all, &n);
		s->nframes = n;
	}
	*frames = s->frames;
	return s->nframes;
}

/*
 * The named frames, innermost first. pcs[0] is the current instruction, the
 * others are return addresses.
 */
int model_frames(struct model *m, uint32_t id, const struct symbol_frame **frames)
{
	struct stack *s = model_stack(m, id);

	*frames = NULL;
	return s ? name_stack(m, s, false, frames) : 0;
}

bool model_rest_is_whole(struct model *m, uint32_t id)
{
	const struct stack *s = model_stack(m, id);

	return s && s->status == LEAKTRACE_STACK_NOTABLE;
}

int model_rest_frames(struct model *m, uint32_t id, const struct symbol_frame **frames)
{
	struct stack *s = model_rest(m, id);

	*frames = NULL;
	return s ? name_stack(m, s, !model_rest_is_whole(m, id), frames) : 0;
}

uint64_t model_end_ns(const struct model *m)
{
	const struct target *t = &m->target;

	return (t->flags & LEAKTRACE_TARGET_F_EXITED) && t->exited_ns ? t->exited_ns : t->now_ns;
}

double model_end_s(const struct model *m)
{
	uint64_t end = model_end_ns(m);

	return end > m->target.attached_ns ? (end - m->target.attached_ns) / 1e9 : 0;
}

static char *read_link(const char *path)
{
	char buf[PATH_MAX];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	return n < 0 ? NULL : sanitize(strndup(buf, n));
}

void model_read_memory(struct model *m)
{
	struct ledger now;

	if (m->offline || !m->target.pid)
		return;
	if (!(m->target.flags & LEAKTRACE_TARGET_F_EXITED)) {
		ledger_read(&now, "", m->target.pid);
		/* while it exits there is less and less to read: what it was is kept */
		if (now.process.known)
			m->ledger.process = now.process;
		if (now.cgroup.known)
			m->ledger.cgroup = now.cgroup;
		return;
	}
	oom_look_again(&m->oom);
	m->oom_killed = (m->target.exit_code & 0x7f) == SIGKILL && oom_has_killed(&m->oom);
}

/* Reads what only a live target can provide: executable, limits, mappings. */
void model_read_proc(struct model *m)
{
	pid_t pid = m->target.pid;
	struct utsname host;
	struct maps *maps;
	char path[64], *exe;

	if (!m->hostname && !uname(&host)) {
		m->hostname = strdup(host.nodename);
		m->kernel = strdup(host.release);
	}
	if (m->offline || !pid || (m->target.flags & LEAKTRACE_TARGET_F_EXITED))
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	exe = read_link(path);
	if (exe) {
		free(m->exe);
		m->exe = exe;
		workload_read(&m->workload, "", pid);
		oom_look(&m->oom, "", pid);
		limits_read(pid, m->limits);
		limits_look(m, LIMIT_ADDRESS_SPACE, m->limits[LIMIT_ADDRESS_SPACE].now);
		limits_read_watches(m);
		m->fd_limit = m->limits[LIMIT_FDS].max;
	}
	maps = calloc(1, sizeof(*maps));
	if (!maps || maps_read(pid, maps) || !maps->n) {
		if (maps)
			maps_free(maps);
		free(maps);
		return;
	}
	if (m->maps) {
		maps_free(m->maps);
		free(m->maps);
	}
	python_heap_name(maps);
	m->maps = maps;
	limits_look_at_shared(m);
}
