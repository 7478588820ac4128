// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's loader of unwind tables (module/table.c, unwind_check.h) and its
 * stack walker (unwind.c, recall.c), compiled here as they are: tables from
 * hostile files, and walks through those that pass, over hostile memory.
 *
 * Whatever comes: nothing outside of a table is read (a sanitizer sees it), a walk
 * ends after a bounded number of reads, and says ROOT only where a table does say
 * that nobody called. What recall.c knows is what another walk would find. Input:
 * fuzz_loader.h.
 */
#include <linux/fs.h>

#include "../../module/table.c"
#include "../../module/unwind.c"
#include "../../module/recall.c"
#include "fuzz_loader.h"
#include "fuzz_made.h"

enum {
	READS_A_FRAME = 24,		/* a signal's registers are the most */
	DEPTHS = 3,
	MAX_DEPTH = 200,
	STACK_SPAN = 1 << 16,
	FLAWS_REFUSED = 5,		/* with one up to this a file is no table */
};

static const unsigned int depths[DEPTHS] = { 1, 16, MAX_DEPTH };
static struct lt_walk *walks[DEPTHS];	/* from input to input, as in the kernel */
static u64 generation;

u64 lt_table_bytes;

static struct loader_input *in;
static u64 word[STACK_SPAN / 8];
static size_t nwords;
static unsigned long stack_at, reads, last_read;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- user memory --- */

static u64 address(u64 value)
{
	switch (value >> 56) {
	case RELATIVE_STACK >> 56:
		return stack_at + (value & 0xffff);
	case RELATIVE_CODE >> 56:
		return LOADER_CODE + (value & 0xffffff);
	default:
		return value;
	}
}

bool walk_peek(unsigned long at, unsigned long *value)
{
	unsigned long off = at - stack_at;

	reads++;
	if (!nwords || (off >= 8 * nwords && !(in->mode & LOADER_EVERYWHERE)))
		return false;
	*value = address(word[off / 8 % nwords]);
	/* Words are whole ones; who reads between two gets another. */
	if (off % 8)
		*value = *value >> 8 * (off % 8) ^ off;
	last_read = *value;
	return true;
}

/* --- what is known of stacks: one, which need not be found again --- */

static struct lt_stack *known;

const struct lt_stack *lt_stack_at(u32 id)
{
	(void)id;
	return known;
}

/* --- tables --- */

/* Whether a table is none after it. */
static bool spoil(struct file *file, uint8_t flaw)
{
	switch (flaw % 8) {
	case 1:
		file->inode.i_mode = S_IFCHR;
		return true;
	case 2:
		file->inode.size = LEAKTRACE_UNWIND_MAX_BYTES + 1;
		return true;
	case 3:
		file->inode.size = sizeof(struct leaktrace_unwind_header) - 1;
		return true;
	case 4:
		file->error = -EIO;
		file->nbytes -= file->nbytes > 1;
		return true;
	case 5:
		file->inode.size += flaw;
		return true;
	case 6:
		file->piece_bytes = 1 + flaw / 8;
		return false;
	case 7:
		file->inode.size -= flaw / 8 < file->nbytes ? flaw / 8 : 0;
		return flaw / 8 != 0;
	default:
		return false;
	}
}

static void add_tables(const uint8_t **data, size_t *size, u32 *id)
{
	for (int i = 0; i < LOADER_TABLES; i++) {
		size_t bytes = in->table_bytes[i] < *size ? in->table_bytes[i] : *size;
		struct file file = { { S_IFREG, bytes }, *data, bytes, SIZE_MAX, 0 };
		bool made = in->mode & (LOADER_MADE_0 << i);
		void *blob = NULL;
		int err;

		*data += bytes;
		*size -= bytes;
		if (made)
			file.bytes = blob = make_table(file.bytes, bytes, i, &file.nbytes);
		file.inode.size = file.nbytes;
		if (!i && in->flaw)
			made &= !spoil(&file, in->flaw);
		err = lt_table_add(&file, &id[i]);
		if (err)
			id[i] = 0;
		if (!i && in->flaw % 8 && in->flaw % 8 <= FLAWS_REFUSED && !err)
			abort();
		if (made && err && (err != -ENOSPC || !(in->mode & LOADER_SMALL)))
			abort();
		free(blob);
	}
}

static struct lt_maps *make_maps(const u32 *id)
{
	struct lt_maps *maps = calloc(1, sizeof(*maps) + LOADER_MAPS * sizeof(maps->map[0]));
	u64 at = LOADER_CODE;

	maps->generation = ++generation;
	for (int i = 0; i < in->nmaps % (LOADER_MAPS + 1); i++) {
		const struct loader_map *m = &in->map[i];
		u64 start = at + m->gap_bytes, end = start + m->bytes + 1;

		maps->map[maps->n++] = (struct lt_map){
			.start = start, .end = end, .bias = address(m->bias),
			.flags = m->flags & 3, .dead = m->dead & 1,
			.table = m->table % 3 ? lt_table_get(id[m->table % 3 - 1]) : NULL,
		};
		at = end;
	}
	return maps;
}

/* --- what must hold --- */

/* A search through all rows: slow, and nothing that the walker has. */
static const struct leaktrace_unwind_rule *rule_at(const struct lt_maps *maps, unsigned long pc)
{
	for (u32 m = 0; m < maps->n; m++) {
		const struct lt_map *map = &maps->map[m];
		const struct lt_table *tb = map->table;
		u32 row = 0;
		u64 at;

		if (pc < map->start || pc >= map->end)
			continue;
		if (map->dead || !tb)
			return NULL;
		at = pc - map->bias - tb->header->base;
		if (at >= tb->header->size_bytes)
			return NULL;
		for (u32 g = 0; g < tb->header->ngranules; g++)
			for (u32 r = tb->granule[g]; r < tb->granule[g + 1]; r++) {
				u64 granule = (u64)g << LEAKTRACE_UNWIND_GRANULE_SHIFT;
				u64 begin = (granule & ~0xffffULL) | (tb->row[r] & 0xffff);

				if (begin <= at)
					row = r;
			}
		return &tb->rule[tb->row[row] >> 16];
	}
	return NULL;
}

static void check_root(const struct lt_walk *w, const struct lt_maps *maps)
{
	const struct leaktrace_unwind_rule *r =
		maps ? rule_at(maps, w->exact ? w->ip : w->ip - 1) : NULL;

	if (!r)
		abort();
	if (r->op == LEAKTRACE_UNWIND_STOP)
		return;
	if (r->op == LEAKTRACE_UNWIND_INVALID || r->op == LEAKTRACE_UNWIND_SIGNAL ||
	    r->op == LEAKTRACE_UNWIND_UNSUP)
		abort();
	if (r->ra == LEAKTRACE_UNWIND_RA_REG ?
	    (w->in_signal ? w->sig[r->ra_off] : lt_arch_reg(w->regs, r->ra_off)) : last_read)
		abort();
}

static void check(const struct lt_walk *w, const struct lt_maps *maps)
{
	if (!w->n || w->n > w->max || reads > READS_A_FRAME * (w->max + 1UL))
		abort();
	if (w->status == LEAKTRACE_STACK_ROOT)
		check_root(w, maps);
	if (w->status == LEAKTRACE_STACK_DEPTH && w->n != w->max)
		abort();
}

/* --- walks --- */

static void fill_regs(struct pt_regs *r)
{
	const uint64_t *reg = in->reg;

	*r = (struct pt_regs){
		.ax = address(reg[0]), .dx = address(reg[1]), .cx = address(reg[2]),
		.bx = address(reg[3]), .si = address(reg[4]), .di = address(reg[5]),
		.bp = address(reg[6]), .sp = address(reg[7]), .r8 = address(reg[8]),
		.r9 = address(reg[9]), .r10 = address(reg[10]), .r11 = address(reg[11]),
		.r12 = address(reg[12]), .r13 = address(reg[13]), .r14 = address(reg[14]),
		.r15 = address(reg[15]), .ip = address(in->ip),
		.cs = in->mode & LOADER_COMPAT ? 0x23 : 0x33,
	};
}

/* As stack.c does; what was recalled must be what is walked. */
static void walk(struct lt_walk *w, unsigned int depth, struct lt_maps *maps)
{
	struct pt_regs regs;
	u32 id;

	fill_regs(&regs);
	id = maps ? lt_recall(&regs, maps) : 0;
	reads = 0;
	lt_walk_user(w, depth, &regs, maps);
	check(w, maps);
	if (id && (w->status != LEAKTRACE_STACK_ROOT || known->nr != w->n ||
		   memcmp(known->pc, w->pc, w->n * sizeof(u64))))
		abort();
	if (id || !maps)
		return;
	known->nr = w->n;
	memcpy(known->pc, w->pc, w->n * sizeof(u64));
	lt_recall_put(w, 1);
}

static void change(struct lt_maps *maps)
{
	if (in->change & 1 && nwords)
		word[in->changed_word % nwords] = in->changed_to;
	if (in->change & 2)		/* another thread */
		stack_at += 0x100000;
	if (in->change & 8)
		in->reg[in->changed_word % LOADER_REGS] = in->changed_to;
	if (in->change & 4 && maps && maps->n) {
		maps->map[in->changed_word % maps->n].dead = true;
		maps->generation = ++generation;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loader_input input = { 0 };
	unsigned int d;
	u32 id[LOADER_TABLES];
	struct lt_maps *maps;
	u64 bytes;

	in = &input;
	memcpy(&input, data, size < sizeof(input) ? size : sizeof(input));
	data += size < sizeof(input) ? size : sizeof(input);
	size -= size < sizeof(input) ? size : sizeof(input);
	lt_table_bytes = in->mode & LOADER_SMALL ? 1024 : 64 << 20;
	stack_at = LOADER_STACK;
	add_tables(&data, &size, id);
	nwords = size / 8 < STACK_SPAN / 8 ? size / 8 : STACK_SPAN / 8;
	memcpy(word, data, 8 * nwords);
	maps = in->mode & LOADER_NO_MAPS ? NULL : make_maps(id);

	d = in->depth % DEPTHS;
	if (!walks[d])
		walks[d] = calloc(1, lt_walk_bytes(depths[d]));
	if (!known)
		known = calloc(1, sizeof(*known) + MAX_DEPTH * sizeof(u64));
	if (lt_recall_cpu_get(0))
		abort();
	for (int i = 0; i < 3; i++)	/* the first of its kind is not kept */
		walk(walks[d], depths[d], maps);
	change(maps);
	walk(walks[d], depths[d], maps);
	lt_recall_reset();

	for (u32 i = 0; maps && i < maps->n; i++)
		lt_table_put(maps->map[i].table);
	free(maps);
	lt_table_exit();
	if (lt_table_usage(&bytes) || bytes)
		abort();
	return 0;
}
