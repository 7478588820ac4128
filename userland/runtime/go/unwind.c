// SPDX-License-Identifier: GPL-2.0
/*
 * Unwinds the stacks of goroutines. The function table gives for every
 * instruction the distance from the stack pointer to the return address: the
 * runtime itself unwinds by it, and it needs no frame pointers. Results are
 * cached by address.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/go_pclntab.h"
#include "runtime/go/process.h"
#include "runtime/go/unwind.h"

struct pc_cache_entry {
	uint64_t pc;			/* 0: empty */
	int64_t delta_bytes;		/* -1: not Go code */
	bool root;
};

struct go_unwind {
	const struct go_process *process;
	struct pc_cache_entry *known;		/* open addressing */
	size_t size, used;
};

/** go_unwind_new() - an unwinder for a program; NULL: out of memory */
struct go_unwind *go_unwind_new(const struct go_process *p)
{
	struct go_unwind *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->process = p;
	u->size = 1024;
	u->known = calloc(u->size, sizeof(*u->known));
	if (u->known)
		return u;
	free(u);
	return NULL;
}

/** go_unwind_free() - release it; NULL is fine */
void go_unwind_free(struct go_unwind *u)
{
	if (!u)
		return;
	free(u->known);
	free(u);
}

static struct pc_cache_entry *slot(struct pc_cache_entry *table, size_t size, uint64_t pc)
{
	size_t i = (pc * 0x9e3779b97f4a7c15ULL) >> 20;

	while (table[i & (size - 1)].pc && table[i & (size - 1)].pc != pc)
		i++;
	return &table[i & (size - 1)];
}

static bool grow(struct go_unwind *u)
{
	struct pc_cache_entry *more = calloc(2 * u->size, sizeof(*more));

	if (!more)
		return false;
	for (size_t i = 0; i < u->size; i++)
		if (u->known[i].pc)
			*slot(more, 2 * u->size, u->known[i].pc) = u->known[i];
	free(u->known);
	u->known = more;
	u->size *= 2;
	return true;
}

static struct pc_cache_entry learn(const struct go_process *p, uint64_t pc)
{
	struct pc_cache_entry k = { .pc = pc, .delta_bytes = -1 };
	const char *name;
	struct go_func f;

	if (!go_table_find(&p->table, pc - p->bias, &f))
		return k;
	name = go_func_name(&p->table, &f);
	k.root = name && !strncmp(name, "runtime.goexit", 14);
	if (!k.root && !go_func_sp_delta(&p->table, &f, pc - p->bias, &k.delta_bytes))
		k.delta_bytes = -1;
	return k;
}

static struct pc_cache_entry look_up(struct go_unwind *u, uint64_t pc)
{
	struct pc_cache_entry *k = slot(u->known, u->size, pc), fresh;

	if (k->pc)
		return *k;
	fresh = learn(u->process, pc);
	if (2 * u->used >= u->size && (u->size > 1 << 22 || !grow(u)))
		return fresh;		/* a hostile target: answer, but do not cache */
	*slot(u->known, u->size, pc) = fresh;
	u->used++;
	return fresh;
}

/**
 * go_walk() - unwind a stack
 * @stack: a copy of @bytes from its stack pointer on
 * @pcs: room for GO_STACK_MAX, innermost first
 * @n: set to their number
 *
 * Return: whether the root was reached, or more of the stack is needed.
 */
enum go_walk go_walk(struct go_unwind *u, uint64_t pc, const unsigned char *stack,
		     size_t bytes, uint64_t *pcs, unsigned int *n)
{
	size_t at = 0;

	for (*n = 0; *n < GO_STACK_MAX && pc;) {
		struct pc_cache_entry k = look_up(u, pc);

		if (k.root)
			return GO_WALK_COMPLETE;
		pcs[(*n)++] = pc;
		if (k.delta_bytes < 0)
			return GO_WALK_LOST;
		if ((uint64_t)k.delta_bytes > bytes - at || bytes - at - k.delta_bytes < 8)
			return GO_WALK_MORE;
		at += k.delta_bytes;
		memcpy(&pc, stack + at, sizeof(pc));
		at += 8;
	}
	return *n == GO_STACK_MAX ? GO_WALK_COMPLETE : GO_WALK_LOST;
}
