// SPDX-License-Identifier: GPL-2.0
/*
 * Reads goroutines. The runtime never frees the record (g) of a goroutine, it
 * only reuses it, so a g can be read at any time; a stack is valid if its g is
 * unchanged after the stack was copied. Thousands are read in one batch.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/delta.h"
#include "runtime/go/goroutine.h"
#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/unwind.h"
#include "runtime/go/view.h"
#include "util/clock.h"
#include "util/process_memory.h"

enum { G_MAX = 10 << 20, AT_ONCE = 512, FIRST_BYTES = 1024, STACK_BYTES_MAX = 1 << 20, TRIES = 3 };

enum { RUNNABLE = GO_G_RUNNABLE, RUNNING = GO_G_RUNNING, SYSCALL = GO_G_SYSCALL, WAITING = GO_G_WAITING,
	DEAD = GO_G_DEAD, COPYSTACK = GO_G_COPYSTACK, PREEMPTED = GO_G_PREEMPTED, LEAKED = GO_G_LEAKED,
	SCAN = 0x1000 };

struct gaze {
	struct go_view *view;
	struct go_process *process;
	int g_bytes;
	unsigned char *before, *after, *stack; /* AT_ONCE of each */
	uint64_t *again;		/* those that changed while they were read */
	size_t nagain;
	bool is_repeated;		/* they are counted already */
	uint64_t now_ns;
};

static uint64_t word(const unsigned char *g, int offset)
{
	uint64_t w;

	memcpy(&w, g + offset, sizeof(w));
	return w;
}

/** go_g_status() - the state of a goroutine's record */
uint32_t go_g_status(const struct go_layout *l, const unsigned char *g)
{
	uint32_t status;

	memcpy(&status, g + l->status, sizeof(status));
	return status & ~SCAN;
}

/** go_g_has_stack() - whether a stack of that state can be read */
bool go_g_has_stack(uint32_t status)
{
	return status == RUNNABLE || status == SYSCALL || status == WAITING ||
	       status == PREEMPTED || status == LEAKED;
}

/** go_g_where() - where it goes on, and its stack pointer */
void go_g_where(const struct go_layout *l, const unsigned char *g, uint64_t *pc, uint64_t *sp)
{
	bool in_syscall = go_g_status(l, g) == SYSCALL && word(g, l->syscallsp);

	*pc = word(g, in_syscall ? l->syscallpc : l->sched_pc);
	*sp = word(g, in_syscall ? l->syscallsp : l->sched_sp);
}

/** go_g_used_bytes() - how much of its stack is in use; 0: not a valid goroutine */
uint64_t go_g_used_bytes(const struct go_layout *l, const unsigned char *g)
{
	uint64_t lo = word(g, 0), hi = word(g, 8), pc, sp;

	go_g_where(l, g, &pc, &sp);
	return lo < sp && sp < hi && !(sp & 7) ? hi - sp : 0;
}

/** go_g_is_unchanged() - whether two readings are of the same stack */
bool go_g_is_unchanged(const struct go_layout *l, const unsigned char *a, const unsigned char *b)
{
	return go_g_status(l, a) == go_g_status(l, b) && !memcmp(a, b, 16) &&
	       word(a, l->goid) == word(b, l->goid) && word(a, l->sched_sp) == word(b, l->sched_sp) &&
	       word(a, l->sched_pc) == word(b, l->sched_pc) &&
	       word(a, l->syscallsp) == word(b, l->syscallsp);
}

static void name_type(struct gaze *k, const unsigned char *g, struct go_site *key)
{
	const struct go_layout *l = &k->process->layout;
	uint32_t status = go_g_status(l, g);
	unsigned int reason = g[l->waitreason];
	const char *text = status == RUNNABLE || status == PREEMPTED ? "runnable" :
		status == SYSCALL ? "syscall" : "waiting";

	if ((status == WAITING || status == LEAKED) && reason < GO_REASONS &&
	    k->process->reasons[reason][0])
		text = k->process->reasons[reason];
	snprintf(key->type, sizeof(key->type), "%s", text);
}

static void account(struct gaze *k, const unsigned char *g, struct go_site *key)
{
	const struct go_layout *l = &k->process->layout;
	const char *start = go_function(k->process, word(g, l->startpc));
	uint64_t delta_rebase = word(g, l->waitsince), id = word(g, l->goid);
	struct go_site *s;

	key->kind = GO_GOROUTINE;
	key->creator = word(g, l->gopc);
	key->system = start && !strncmp(start, "runtime.", 8) && strcmp(start, "runtime.main") &&
		strcmp(start, "runtime.corostart");	/* coroutines run code of the program */
	name_type(k, g, key);
	k->view->counts.system += key->system;
	s = go_view_site(k->view, key);
	if (!s) {
		k->view->counts.unsorted++;
		return;
	}
	if (!s->live++)
		s->oldest = s->newest = id;
	s->oldest = id < s->oldest ? id : s->oldest;
	s->newest = id > s->newest ? id : s->newest;
	s->proven += go_g_status(l, g) == LEAKED;
	s->in_thread += go_g_status(l, g) == SYSCALL || (l->lockedm >= 0 && word(g, l->lockedm));
	if (delta_rebase && delta_rebase < k->now_ns && k->now_ns - delta_rebase > s->age_max_ns)
		s->age_max_ns = k->now_ns - delta_rebase;
}

/* Reads a stack that is deeper than the part that is read of each in a batch. */
static enum go_walk walk_deep(struct gaze *k, const unsigned char *g, uint64_t *pcs, unsigned int *n,
			      uint64_t at, unsigned char *after)
{
	const struct go_layout *l = &k->process->layout;
	uint64_t pc, sp, bytes = go_g_used_bytes(l, g);
	enum go_walk walk = GO_WALK_LOST;
	unsigned char *stack;

	if (bytes > STACK_BYTES_MAX)
		bytes = STACK_BYTES_MAX;
	stack = malloc(bytes);
	go_g_where(l, g, &pc, &sp);
	if (stack && go_read(k->process, sp, stack, bytes))
		walk = go_walk(k->process->unwind, pc, stack, bytes, pcs, n);
	free(stack);
	if (!go_read(k->process, at, after, k->g_bytes))
		memset(after, 0, k->g_bytes);
	return walk;
}

/* Counts a goroutine that was read, or puts it on the list to be read again. */
static void take(struct gaze *k, uint64_t at, const unsigned char *g, unsigned char *after,
		 const struct memory_piece *stack)
{
	const struct go_layout *l = &k->process->layout;
	uint64_t pcs[GO_STACK_MAX], pc, sp;
	struct go_site key = { .pcs = pcs };
	enum go_walk walk = GO_WALK_LOST;

	go_g_where(l, g, &pc, &sp);
	if (stack->good && stack->bytes)
		walk = go_walk(k->process->unwind, pc, stack->to, stack->bytes, pcs, &key.npcs);
	if (walk == GO_WALK_MORE && stack->bytes < go_g_used_bytes(l, g))
		walk = walk_deep(k, g, pcs, &key.npcs, at, after);
	if (!go_g_is_unchanged(l, g, after)) {
		k->again[k->nagain++] = at;
		return;
	}
	if (walk != GO_WALK_COMPLETE)
		k->view->counts.incomplete++;
	k->view->counts.goroutines++;
	account(k, g, &key);
}

/* Of those whose stacks change or run meanwhile, too: the record is enough. */
static void count_creator(struct gaze *k, const unsigned char *g)
{
	const struct go_layout *l = &k->process->layout;

	if (!k->is_repeated)
		go_creators_count(&k->view->creators, word(g, l->gopc), word(g, l->goid));
}

static void read_records(struct gaze *k, const uint64_t *at, size_t n, unsigned char *to,
			 struct memory_piece *pieces)
{
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct memory_piece){ at[i], to + i * k->g_bytes, k->g_bytes, false };
	memory_read_pieces(k->process->tid, pieces, n);
}

static void read_some(struct gaze *k, const uint64_t *at, size_t n)
{
	struct memory_piece g[AT_ONCE], stack[AT_ONCE], again[AT_ONCE];
	const struct go_layout *l = &k->process->layout;

	read_records(k, at, n, k->before, g);
	for (size_t i = 0; i < n; i++) {
		const unsigned char *record = k->before + i * k->g_bytes;
		uint64_t pc, sp, bytes = g[i].good && go_g_has_stack(go_g_status(l, record)) ?
			go_g_used_bytes(l, record) : 0;

		go_g_where(l, record, &pc, &sp);
		stack[i] = (struct memory_piece){ sp, k->stack + i * FIRST_BYTES,
						  bytes < FIRST_BYTES ? bytes : FIRST_BYTES, false };
	}
	memory_read_pieces(k->process->tid, stack, n);
	read_records(k, at, n, k->after, again);
	for (size_t i = 0; i < n; i++) {
		unsigned char *record = k->before + i * k->g_bytes;
		uint32_t status = g[i].good ? go_g_status(l, record) : DEAD;

		if (status == RUNNING || status == COPYSTACK || go_g_has_stack(status))
			count_creator(k, record);
		if (status == RUNNING || status == COPYSTACK) {
			k->view->counts.goroutines++;
			k->view->counts.running++;
		} else if (go_g_has_stack(status)) {
			take(k, at[i], record, k->after + i * k->g_bytes, &stack[i]);
		}
	}
}

/**
 * go_g_list() - the addresses of all goroutines' records, malloced; NULL: cannot be read
 *
 * The list is moved when it grows: read its length, then its address, then
 * check that the address has not changed.
 */
uint64_t *go_g_list(const struct go_process *p, size_t *n)
{
	for (int i = 0; i < 2 * TRIES; i++) {
		uint64_t count = go_word(p, p->globals.allgs_length);
		uint64_t at = go_word(p, p->globals.allgs_pointer), *list;

		if (!at || !count || count > G_MAX)
			continue;
		list = malloc(count * sizeof(*list));
		*n = count;
		if (list && go_read(p, at, list, count * sizeof(*list)) &&
		    go_word(p, p->globals.allgs_pointer) == at)
			return list;
		free(list);
	}
	return NULL;
}

static int read_all(struct gaze *k, uint64_t *list, size_t n)
{
	for (int i = 0; i <= TRIES && n; i++) {
		k->nagain = 0;
		k->is_repeated = i;
		for (size_t done = 0; done < n; done += AT_ONCE)
			read_some(k, list + done, n - done < AT_ONCE ? n - done : AT_ONCE);
		n = k->nagain;
		memcpy(list, k->again, n * sizeof(*list));
		if (i < TRIES)
			k->view->counts.retried += n;
	}
	k->view->counts.given_up = n;
	k->view->counts.goroutines += n;
	return 0;
}

/**
 * go_goroutines() - sample all goroutines
 *
 * Return: 0, -EAGAIN: the list could not be read, -ENOMEM.
 */
int go_goroutines(struct go_view *v)
{
	struct gaze k = { .view = v, .process = v->process, .g_bytes = v->process->layout.g_bytes };
	uint64_t *list;
	int err = -ENOMEM;
	size_t n;

	list = go_g_list(v->process, &n);
	if (!list)
		return -EAGAIN;
	k.now_ns = monotonic_ns();
	k.before = malloc((size_t)AT_ONCE * k.g_bytes);
	k.after = calloc(AT_ONCE, k.g_bytes);
	k.stack = malloc((size_t)AT_ONCE * FIRST_BYTES);
	k.again = malloc(n * sizeof(*k.again));
	if (k.before && k.after && k.stack && k.again)
		err = read_all(&k, list, n);
	free(k.before);
	free(k.after);
	free(k.stack);
	free(k.again);
	free(list);
	return err;
}
