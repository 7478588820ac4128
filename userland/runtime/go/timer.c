// SPDX-License-Identifier: GPL-2.0
/*
 * Reads timers: each P of the scheduler has a heap of them. The function that
 * they call shows what they are: a channel's, a ticker's, or a function of the
 * program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/view.h"
#include "util/process_memory.h"

enum { PROCS_MAX = 1 << 16, TIMERS_MAX = 1 << 24, AT_ONCE = 512, TIMER_BYTES = 80 };

/* Stopped, but still in the heap. */
static bool is_stopped(const struct go_layout *l, const unsigned char *timer)
{
	enum { ZOMBIE = 4, DELETED = 3, REMOVED = 5 };
	uint32_t status;

	if (l->timer_entry_bytes == 16)
		return timer[l->timer_state] & ZOMBIE;
	memcpy(&status, timer + l->timer_state, sizeof(status));
	return status >= DELETED && status <= REMOVED;
}

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static void account(struct go_view *v, const unsigned char *timer)
{
	const struct go_process *p = v->process;
	const struct go_layout *l = &p->layout;
	uint64_t pcs[2], f = go_word(p, word(timer + l->timer_f));
	const char *name = go_function(p, f);
	struct go_site key = { .kind = GO_TIMER, .pcs = pcs }, *s;

	if (!name || is_stopped(l, timer))
		return;
	snprintf(key.type, sizeof(key.type), "%s", word(timer + l->timer_period) ? "ticker" : "timer");
	/* time.AfterFunc and contexts: the argument is the function */
	if (!strcmp(name, "time.goFunc"))
		pcs[key.npcs++] = go_word(p, word(timer + l->timer_arg + 8));
	if (key.npcs && !go_function(p, pcs[0]))
		key.npcs = 0;
	pcs[key.npcs++] = f;
	key.system = !strncmp(go_function(p, pcs[0]), "runtime.", 8);
	v->counts.timers++;
	s = go_view_site(v, &key);
	if (s)
		s->live++;
	else
		v->counts.unplaced++;
}

static void read_some(struct go_view *v, const unsigned char *entries, size_t n)
{
	unsigned char timers[AT_ONCE][TIMER_BYTES];
	struct memory_piece pieces[AT_ONCE];
	int step = v->process->layout.timer_entry_bytes;

	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct memory_piece){ word(entries + i * step), timers[i],
						   TIMER_BYTES, false };
	memory_read_pieces(v->process->tid, pieces, n);
	for (size_t i = 0; i < n; i++)
		if (pieces[i].good)
			account(v, timers[i]);
}

static void read_heap(struct go_view *v, uint64_t p_at)
{
	const struct go_process *p = v->process;
	size_t step = p->layout.timer_entry_bytes;
	unsigned char *entries;
	uint64_t slice[3];

	if (!p_at || !go_read(p, p_at + p->layout.p_timers, slice, sizeof(slice)) || !slice[0] ||
	    slice[1] > slice[2] || slice[1] > TIMERS_MAX)
		return;
	entries = malloc(slice[1] * step + 1);
	if (entries && go_read(p, slice[0], entries, slice[1] * step))
		for (size_t i = 0; i < slice[1]; i += AT_ONCE)
			read_some(v, entries + i * step, slice[1] - i < AT_ONCE ? slice[1] - i : AT_ONCE);
	free(entries);
}

/**
 * go_timers() - sample all timers
 *
 * Return: 0.
 */
int go_timers(struct go_view *v)
{
	const struct go_process *p = v->process;
	const struct go_layout *l = &p->layout;
	uint64_t list = go_word(p, p->globals.allp);
	uint64_t n = p->globals.allp ? go_word(p, p->globals.allp + 8) : 0;

	v->counts.timers_unknown = !list || l->p_timers < 0 || l->timer_arg + 16 > TIMER_BYTES ||
		l->timer_state + 4 > TIMER_BYTES || l->timer_period + 8 > TIMER_BYTES;
	for (uint64_t i = 0; i < n && i < PROCS_MAX && !v->counts.timers_unknown; i++)
		read_heap(v, go_word(p, list + 8 * i));
	return 0;
}
