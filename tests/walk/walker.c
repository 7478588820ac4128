// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's walker and its memory, compiled here as they are, over the memory of a
 * stopped task.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "kernel.h"
#include "../../module/unwind_check.h"
#include "../../module/unwind.c"
#include "../../module/recall.c"
#include "walk.h"

/* Pages of the task that were read in this walk. */
enum { PAGES = 512, PAGE_BYTES = 4096 };
static struct {
	unsigned long at;		/* 0: none */
	bool there;
	char byte[PAGE_BYTES];
} page[PAGES];
static pid_t task;

static char *page_at(unsigned long at)
{
	unsigned int i = at / PAGE_BYTES % PAGES;

	if (page[i].at != at) {
		struct iovec here = { page[i].byte, PAGE_BYTES }, there = { (void *)at, PAGE_BYTES };

		page[i].at = at;
		page[i].there = process_vm_readv(task, &here, 1, &there, 1, 0) == PAGE_BYTES;
	}
	return page[i].there ? page[i].byte : NULL;
}

bool walk_peek(unsigned long at, unsigned long *value)
{
	unsigned long first = at & -PAGE_BYTES, last = (at + 7) & -PAGE_BYTES;
	char word[8];

	for (int i = 0; i < 8; i++) {
		char *byte = page_at(i + (at & ~-PAGE_BYTES) < PAGE_BYTES ? first : last);

		if (!byte)
			return false;
		word[i] = byte[(at + i) & ~-PAGE_BYTES];
	}
	memcpy(value, word, 8);
	return true;
}

struct lt_maps *walker_maps(unsigned int n)
{
	struct lt_maps *maps = calloc(1, sizeof(*maps) + n * sizeof(maps->map[0]));
	static u64 generation;

	maps->generation = ++generation;
	maps->n = n;
	return maps;
}

void walker_map(struct lt_maps *maps, unsigned int i, uint64_t start, uint64_t end, uint64_t bias,
		struct lt_table *table, uint32_t flags)
{
	maps->map[i] = (struct lt_map){ .start = start, .end = end, .bias = bias,
					.table = table, .flags = flags };
}

/* As module/table.c does. NULL: not a valid table. */
struct lt_table *walker_table(void *blob, size_t bytes)
{
	struct leaktrace_unwind_header *h = blob;
	struct lt_table *tb;

	if (leaktrace_unwind_check(h, bytes))
		return NULL;
	tb = calloc(1, sizeof(*tb));
	tb->header = h;
	tb->bytes = bytes;
	tb->granule = (u32 *)(h + 1);
	tb->row = tb->granule + h->ngranules + 1;
	tb->rule = (struct leaktrace_unwind_rule *)(tb->row + h->nrows);
	return tb;
}

static struct pt_regs kernel_regs(const struct user_regs_struct *r)
{
	return (struct pt_regs){
		.r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12, .bp = r->rbp,
		.bx = r->rbx, .r11 = r->r11, .r10 = r->r10, .r9 = r->r9, .r8 = r->r8,
		.ax = r->rax, .cx = r->rcx, .dx = r->rdx, .si = r->rsi, .di = r->rdi,
		.orig_ax = r->orig_rax, .ip = r->rip, .cs = r->cs, .flags = r->eflags,
		.sp = r->rsp, .ss = r->ss,
	};
}

/* As module/stack.c keeps them, but that none is ever found again. */
enum { MAX_STACKS = 1 << 20 };
static struct lt_stack *stack[MAX_STACKS];
static u32 nstacks;

const struct lt_stack *lt_stack_at(u32 id)
{
	return stack[id];
}

static u32 add_stack(const struct lt_walk *w)
{
	struct lt_stack *s = malloc(sizeof(*s) + w->n * sizeof(u64));

	if (nstacks == MAX_STACKS - 1)
		exit(2);
	s->nr = w->n;
	memcpy(s->pc, w->pc, w->n * sizeof(u64));
	stack[++nstacks] = s;
	return nstacks;
}

/* What was recalled must be what is walked. */
static enum recalled_as check(u32 id, const struct lt_walk *w)
{
	const struct lt_stack *s = stack[id];

	if (!id)
		return NOT_RECALLED;
	return w->status == LEAKTRACE_STACK_ROOT && s->nr == w->n &&
	       !memcmp(s->pc, w->pc, w->n * sizeof(u64)) ? RECALLED : RECALLED_WRONGLY;
}

void walker_walk(pid_t tid, const struct user_regs_struct *regs, struct lt_maps *maps,
		 struct walked *out)
{
	struct pt_regs user = kernel_regs(regs);
	static struct lt_walk *w;
	u32 id;

	if (!w) {
		w = calloc(1, lt_walk_bytes(MAX_DEPTH));
		lt_recall_cpu_get(0);
	}
	task = tid;
	for (int i = 0; i < PAGES; i++)
		page[i].at = 0;
	id = lt_recall(&user, maps);
	lt_walk_user(w, MAX_DEPTH, &user, maps);
	out->recalled = check(id, w);
	if (!id)
		lt_recall_put(w, add_stack(w));
	memcpy(out->pc, w->pc, w->n * sizeof(u64));
	out->n = w->n;
	out->status = w->status;
	out->guessed = w->guessed;
}
