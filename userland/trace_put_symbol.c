// SPDX-License-Identifier: GPL-2.0
/*
 * The names in a trace file: SYMBOL, the frames of a pc, each once in a file; and the
 * frames that stacks went on with which had ended early.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "rest.h"
#include "trace_put.h"

void known_clear(struct known *k)
{
	free(k->stack);
	free(k->pc);
	memset(k, 0, sizeof(*k));
}

static int by_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool known_stack(const struct known *k, uint32_t id)
{
	return k->nstacks && bsearch(&id, k->stack, k->nstacks, sizeof(id), by_u32);
}

static bool knows_pc(const struct known *k, uint64_t pc)
{
	return k->npcs && bsearch(&pc, k->pc, k->npcs, sizeof(pc), by_u64);
}

struct symbol {
	uint64_t pc;
	bool is_return;
	const struct symbol_frame *frames;
	int n;
};

static void fill_symbol(struct nl_msg *msg, const void *arg)
{
	const struct symbol *s = arg;

	nla_put_u64(msg, SYM_PC, s->pc);
	nla_put_u8(msg, SYM_RETURN, s->is_return);
	for (int i = 0; i < s->n && i < FRAMES_MAX; i++) {
		const struct symbol_frame *f = &s->frames[i];
		struct nlattr *nest = nla_nest_start(msg, SYM_FRAME);

		if (!nest)
			return;
		put_string(msg, FRAME_FUNCTION, f->function);
		put_string(msg, FRAME_FILE, f->file);
		if (f->line)
			nla_put_u32(msg, FRAME_LINE, f->line);
		put_string(msg, FRAME_MODULE, f->module);
		put_string(msg, FRAME_BUILD_ID, f->build_id);
		nla_put_u64(msg, FRAME_OFFSET, f->offset);
		nla_put_u8(msg, FRAME_INLINED, f->inlined);
		nla_nest_end(msg, nest);
	}
}

static int put_symbol(struct writing *w, uint64_t pc, bool is_return)
{
	struct symbol s = { .pc = pc, .is_return = is_return };
	struct symbol_frame f[FRAMES_MAX];

	s.frames = f;
	if (!w->m->symboliser)
		return 0;
	if (w->symbols) {
		s.n = symboliser_resolve(w->m->symboliser, pc, is_return, f, FRAMES_MAX);
	} else {
		symboliser_place(w->m->symboliser, pc, is_return, f);
		s.n = 1;
	}
	return s.n > 0 ? put_record(w, RECORD_SYMBOL, fill_symbol, &s) : 0;
}

struct pcs {
	uint64_t *pc;			/* times two, and one for a return address */
	size_t n, room;
};

static int add_pcs(struct pcs *all, const struct known *k, const struct stack *s, bool is_return)
{
	if (all->n + s->npcs > all->room) {
		size_t room = 2 * all->room + s->npcs;
		uint64_t *more = reallocarray(all->pc, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		all->pc = more;
		all->room = room;
	}
	for (unsigned int i = 0; i < s->npcs; i++) {
		all->pc[all->n] = s->pcs[i] * 2 + (is_return || i > 0);
		all->n += !knows_pc(k, all->pc[all->n]);
	}
	return 0;
}

/* The pcs of stacks that are new, each once. */
static int new_pcs(const struct writing *w, struct pcs *all)
{
	struct model *m = w->m;
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < m->nstacks && !err; i++)
		if (!known_stack(w->known, m->stacks[i].id))
			err = add_pcs(all, w->known, &m->stacks[i], false);
	for (size_t i = w->known->nrests; i < m->nrests && !err; i++)
		err = add_pcs(all, w->known, &m->rests[i], !model_rest_is_whole(m, m->rests[i].id));
	if (all->n)
		qsort(all->pc, all->n, sizeof(*all->pc), by_u64);
	for (size_t i = 0; i < all->n; i++)
		if (!kept || all->pc[i] != all->pc[kept - 1])
			all->pc[kept++] = all->pc[i];
	all->n = kept;
	return err;
}

static int learn_pcs(struct known *k, const uint64_t *pcs, size_t n)
{
	uint64_t *more = n ? reallocarray(k->pc, k->npcs + n, sizeof(*more)) : k->pc;

	if (n && !more)
		return -ENOMEM;
	if (n)
		memcpy(more + k->npcs, pcs, n * sizeof(*pcs));
	k->pc = more;
	k->npcs += n;
	if (n)
		qsort(more, k->npcs, sizeof(*more), by_u64);
	return 0;
}

static int learn_stacks(struct known *k, const struct model *m)
{
	uint32_t *more = reallocarray(NULL, m->nstacks ?: 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (size_t i = 0; i < m->nstacks; i++)
		more[i] = m->stacks[i].id;	/* in order: the model is settled */
	free(k->stack);
	k->stack = more;
	k->nstacks = m->nstacks;
	return 0;
}

/* User addresses leave the topmost bit free: twice a pc fits. */
int put_symbols(struct writing *w)
{
	struct pcs all = { 0 };
	int err = new_pcs(w, &all);

	for (size_t i = 0; i < all.n && !err; i++)
		err = put_symbol(w, all.pc[i] >> 1, all.pc[i] & 1);
	err = err ?: learn_pcs(w->known, all.pc, all.n) ?: learn_stacks(w->known, w->m);
	if (!err)
		w->known->nrests = w->m->nrests;
	free(all.pc);
	return err;
}

static void fill_rest(struct nl_msg *msg, const void *arg)
{
	const struct stack *s = arg;

	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, s->id);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, s->status);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, s->npcs * sizeof(*s->pcs), s->pcs);
}

/* Before their names: put_symbols() knows which are new. */
int put_rests(struct writing *w)
{
	int err = 0;

	for (size_t i = w->known->nrests; i < w->m->nrests && !err; i++)
		err = put_record(w, LEAKTRACE_CMD_STACK_REST, fill_rest, &w->m->rests[i]);
	return err;
}
