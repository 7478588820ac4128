// SPDX-License-Identifier: GPL-2.0
/*
 * Where chains begin: variables of modules; variables of the functions that threads
 * execute; then values without a name on their stacks, and what threads keep for themselves. A module and its dictionary lead nowhere but
 * to its own variables, as one leads to all others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "runtime/python/reach.h"
#include "runtime/python/root.h"
#include "util/format.h"

enum { NAME_BYTES = 256, THREADS_MAX = 100000, FRAMES_MAX = 100000, THREAD_NEXT = 8, THREAD_WORDS = 64,
	OWNED_BY_C = 3 };

struct module {
	struct python_reach *r;
	char name[NAME_BYTES];
	bool close;			/* else its variables are seen */
};

static uint64_t dict_of(struct python_process *p, uint64_t module)
{
	return python_word(&p->memory, module + PYTHON_OBJECT_BYTES);
}

static bool is_module(struct python_reach *r, uint64_t at)
{
	uint32_t i = python_tracked_find(r->t, at);

	return i != PYTHON_OBJECT_NONE && r->t->types.type[r->t->type[i]].shape == PYTHON_MODULE;
}

static bool see_variable(uint64_t key, uint64_t value, void *arg)
{
	struct module *m = arg;
	char name[NAME_BYTES];

	if (value && python_string(m->r->process, key, name, sizeof(name)))
		python_reach_begin(m->r, value, strdup_printf("%s.%s", m->name, name));
	return !m->r->is_full;
}

static bool see_module(uint64_t key, uint64_t value, void *arg)
{
	struct module *m = arg;
	struct python_process *p = m->r->process;

	if (!is_module(m->r, value) || !python_string(p, key, m->name, sizeof(m->name)))
		return true;
	if (m->close) {
		python_reach_close(m->r, dict_of(p, value), m->name);
		python_reach_close(m->r, value, m->name);
	} else {
		python_dict_each(p, dict_of(p, value), see_variable, m);
	}
	return !m->r->is_full;
}

struct frame {
	struct python_reach *r;
	char name[NAME_BYTES];
	bool variables;			/* else what has no name: also what was left there by calls that are over */
};

static bool see_local(const struct python_reference *ref, void *arg)
{
	struct frame *f = arg;
	char name[NAME_BYTES];

	if (f->variables != (ref->role == PYTHON_LOCAL))
		return true;
	if (f->variables && python_string(f->r->process, ref->name, name, sizeof(name)))
		python_reach_begin(f->r, ref->to, strdup_printf("%s() %s", f->name, name));
	else if (python_tracked_find(f->r->t, ref->to) != PYTHON_OBJECT_NONE)
		python_reach_begin(f->r, ref->to, strdup_printf("%s()", f->name));
	return !f->r->is_full;
}

static void see_frame(struct python_reach *r, uint64_t frame, bool variables)
{
	const struct python_layout *l = &r->process->layout;
	uint64_t code = python_word(&r->process->memory, frame + l->frame_code);
	struct frame f = { .r = r, .variables = variables };
	unsigned char owner = 0;

	if (l->frame_owner)
		python_read(&r->process->memory, frame + l->frame_owner, &owner, 1);
	if (owner != OWNED_BY_C &&
	    python_string(r->process, python_word(&r->process->memory, code + l->code_name), f.name, sizeof(f.name)))
		python_refer_frame(r->process, frame, see_local, &f);
}

static uint64_t innermost(struct python_process *p, uint64_t thread)
{
	uint64_t at = python_word(&p->memory, thread + p->layout.thread_frame);

	/* in 3.11 and 3.12 there is a record of C's between the two */
	return p->layout.minor == 11 ? python_word(&p->memory, at + 8) :
	       p->layout.minor == 12 ? python_word(&p->memory, at) : at;
}

static void see_frames(struct python_reach *r, uint64_t thread, bool variables)
{
	uint64_t frame = innermost(r->process, thread);

	for (int i = 0; i < FRAMES_MAX && frame && !r->is_full; i++) {
		see_frame(r, frame, variables);
		frame = python_word(&r->process->memory, frame + r->process->layout.frame_back);
	}
}

static void see_thread(struct python_reach *r, uint64_t thread)
{
	uint64_t w[THREAD_WORDS];

	if (!python_read(&r->process->memory, thread, w, sizeof(w)))
		return;
	for (size_t i = 0; i < THREAD_WORDS && !r->is_full; i++)
		if (python_tracked_find(r->t, w[i]) != PYTHON_OBJECT_NONE)
			python_reach_begin(r, w[i], strdup("a thread's own"));
}

static void see_threads(struct python_reach *r, uint64_t interpreter, bool variables)
{
	uint64_t thread = python_word(&r->process->memory, interpreter + r->process->layout.threads);

	for (int i = 0; i < THREADS_MAX && thread && !r->is_full; i++) {
		see_frames(r, thread, variables);
		if (!variables)
			see_thread(r, thread);
		thread = python_word(&r->process->memory, thread + THREAD_NEXT);
	}
}

static void see_modules(struct python_reach *r, uint64_t interpreter, bool close)
{
	struct module m = { .r = r, .close = close };

	python_dict_each(r->process, python_word(&r->process->memory, interpreter + r->process->layout.modules),
			 see_module, &m);
}

/** python_roots() - begin with all that the interpreters have, and that has a name or not */
void python_roots(struct python_reach *r, bool named)
{
	uint64_t at[PYTHON_INTERPRETERS_MAX];
	size_t n = python_interpreters(r->process, at);

	for (size_t i = 0; i < n && named; i++)
		see_modules(r, at[i], true);
	for (size_t i = 0; i < n && named; i++)
		see_modules(r, at[i], false);
	for (size_t i = 0; i < n; i++)
		see_threads(r, at[i], named);
}
