// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's walker, compiled here as it is, over the memory of a stopped task.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "kernel.h"
#include "../../module/unwind_check.h"
#include "../../module/unwind.c"
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

void walker_walk(pid_t tid, const struct user_regs_struct *regs, struct lt_maps *maps,
		 struct walked *out)
{
	struct pt_regs user = kernel_regs(regs);
	static void *scratch;
	u8 guessed;

	if (!scratch)
		scratch = malloc(lt_unwind_scratch_bytes(MAX_DEPTH));
	task = tid;
	for (int i = 0; i < PAGES; i++)
		page[i].at = 0;
	out->status = lt_unwind_user(&user, maps, scratch, (u64 *)out->pc, MAX_DEPTH, &guessed,
				     &out->n);
	out->guessed = guessed;
}
