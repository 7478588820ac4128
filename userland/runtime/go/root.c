// SPDX-License-Identifier: GPL-2.0
/* Roots that are not on stacks: variables, timers, and what the collector is told of objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/go_pclntab.h"
#include "runtime/go/goroutine.h"
#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "runtime/go/root.h"
#include "runtime/go/variable.h"
#include "util/format.h"
#include "util/process_memory.h"

enum { PROCS_MAX = 1 << 16, TIMERS_MAX = 1 << 24, SPECIALS_MAX = 1 << 24, G_M = 48, AT_ONCE = 512, TIMER_BYTES = 80 };

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Without symbols, the runtime's variables are one. */
static uint32_t root_of(struct go_reach *r, const struct go_variables *v, const struct go_variable *one)
{
	return one->is_runtime ? go_chains_root(&r->chains, GO_ROOT_RUNTIME, v->has_symbols ? one->at : 0, 0) :
		go_chains_root(&r->chains, GO_ROOT_VARIABLE, one->at, 0);
}

/** go_roots_variables() - what variables refer to, the program's or the runtime's */
void go_roots_variables(struct go_reach *r, const struct go_variables *v, bool runtime)
{
	for (int i = 0; i < GO_VARIABLE_PARTS; i++) {
		uint64_t before = 0;

		for (uint64_t k = 0; k < v->part[i].bytes; k += 8) {
			uint64_t at = v->part[i].start + k, w = word(v->part[i].copy + k);
			struct go_variable owner;

			if (go_spans_at(&r->spans, w) != GO_SPAN_NONE) {
				owner = go_variables_at(v, at);
				if (!owner.bytes)
					owner.at = at;	/* several variables may be near */
				if (owner.is_runtime == runtime)
					go_reach_see(r, root_of(r, v, &owner), at - owner.at, w, before);
			}
			before = w;
		}
	}
}

/* The function that it calls, or, of what time.AfterFunc made, the program's. */
static uint64_t timer_function(const struct go_process *p, const unsigned char *timer)
{
	uint64_t f = go_word(p, word(timer + p->layout.timer_f)), own;
	const char *name = go_function(p, f);

	if (name && !strcmp(name, "time.goFunc")) {
		own = go_word(p, word(timer + p->layout.timer_arg + 8));
		return go_function(p, own) ? own : f;
	}
	return name ? f : 0;
}

static void see_timers(struct go_reach *r, const unsigned char *entries, size_t n)
{
	const struct go_process *p = r->process;
	unsigned char timers[AT_ONCE][TIMER_BYTES];
	struct memory_piece pieces[AT_ONCE];

	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct memory_piece){ word(entries + i * p->layout.timer_entry_bytes), timers[i],
						   TIMER_BYTES, false };
	memory_read_pieces(p->tid, pieces, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t function = pieces[i].good ? timer_function(p, timers[i]) : 0;
		uint32_t link = function ? go_chains_root(&r->chains, GO_ROOT_TIMER, function, 0) : GO_LINK_NONE;

		if (!link)
			continue;
		r->chains.root[r->chains.link[link].root].holders++;
		go_reach_see(r, link, 0, pieces[i].at, 0);
	}
}

static void see_processor(struct go_reach *r, uint64_t at)
{
	const struct go_process *p = r->process;
	size_t step = p->layout.timer_entry_bytes;
	unsigned char *entries;
	uint64_t slice[3];

	if (!at || !go_read(p, at + p->layout.p_timers, slice, sizeof(slice)) || !slice[0] ||
	    slice[1] > slice[2] || slice[1] > TIMERS_MAX)
		return;
	entries = malloc(slice[1] * step + 1);
	if (entries && go_read(p, slice[0], entries, slice[1] * step))
		for (size_t i = 0; i < slice[1]; i += AT_ONCE)
			see_timers(r, entries + i * step, slice[1] - i < AT_ONCE ? slice[1] - i : AT_ONCE);
	free(entries);
}

/** go_roots_timers() - what timers refer to that wait */
void go_roots_timers(struct go_reach *r)
{
	const struct go_process *p = r->process;
	uint64_t list = go_word(p, p->globals.allp);
	uint64_t n = p->globals.allp ? go_word(p, p->globals.allp + 8) : 0;

	if (p->layout.p_timers < 0 || p->layout.timer_arg + 16 > TIMER_BYTES)
		return;
	for (uint64_t i = 0; i < n && i < PROCS_MAX && list; i++)
		see_processor(r, go_word(p, list + 8 * i));
}

static void see_special(struct go_reach *r, const struct go_span *s, const unsigned char *special)
{
	const struct go_heap_layout *l = r->layout;
	uint64_t value = word(special + l->special_value), function = go_word(r->process, value), object = 0;
	int kind = special[l->special_kind];
	uint32_t link;

	memcpy(&object, special + 8, l->special_kind == 16 ? 8 : 2);
	if (object >= s->end - s->start || !kind)
		return;
	if (kind == l->finalizer) {
		link = go_chains_root(&r->chains, GO_ROOT_FINALIZER, function, 0);
		go_reach_see(r, link, 0, s->start + object, 0);
	} else if (kind == l->cleanup) {
		link = go_chains_root(&r->chains, GO_ROOT_CLEANUP, function, 0);
	} else if (kind == l->weak) {
		link = go_chains_root(&r->chains, GO_ROOT_RUNTIME, 0, 0);
	} else {
		return;
	}
	if (link)
		r->chains.root[r->chains.link[link].root].holders++;
	go_reach_see(r, link, 8, value, 0);
}

/** go_roots_specials() - what finalizers and cleanups refer to, and what waits for them */
void go_roots_specials(struct go_reach *r)
{
	for (size_t i = 0; i < r->spans.n; i++) {
		const struct go_span *s = &r->spans.span[i];
		unsigned char special[32];
		uint64_t at = s->specials;

		/* several of an object */
		for (uint64_t n = 0; at && n < 16 * (uint64_t)s->objects && n < SPECIALS_MAX; n++) {
			if (!go_read(r->process, at, special, sizeof(special)))
				break;
			see_special(r, s, special);
			at = word(special);
		}
	}
}

/* What is done with each record; link: of the variable that leads to it. */
typedef void (*record_fn)(struct go_reach *r, uint64_t at, uint32_t link);

static void for_each_record(struct go_reach *r, record_fn f, uint32_t processors, uint32_t goroutines)
{
	const struct go_process *p = r->process;
	uint64_t list = p->globals.allp ? go_word(p, p->globals.allp) : 0;
	uint64_t procs = list ? go_word(p, p->globals.allp + 8) : 0, *g;
	size_t n = 0;

	for (uint64_t i = 0; i < procs && i < PROCS_MAX; i++)
		f(r, go_word(p, list + 8 * i), processors);
	g = go_g_list(p, &n);
	for (size_t i = 0; g && i < n; i++) {
		f(r, g[i], goroutines);
		f(r, go_word(p, g[i] + G_M), goroutines);
	}
	free(g);
}

static void close_record(struct go_reach *r, uint64_t at, uint32_t link)
{
	(void)link;
	go_reach_close_object(r, at);
}

static void open_record(struct go_reach *r, uint64_t at, uint32_t link)
{
	go_reach_open_object(r, at);
	go_reach_see(r, link, 0, at, 0);
}

/** go_roots_close_records() - leave out the runtime's records until go_roots_records() */
void go_roots_close_records(struct go_reach *r)
{
	const struct go_process *p = r->process;
	uint64_t first = p->globals.allp ? go_word(p, go_word(p, p->globals.allp)) : 0;
	uint32_t span = first ? go_spans_at(&r->spans, first) : GO_SPAN_NONE;

	r->processor_bytes = span == GO_SPAN_NONE ? 0 : r->spans.span[span].object_bytes;
	for_each_record(r, close_record, 0, 0);
}

/** go_roots_records() - the runtime's records, and what they lead to */
void go_roots_records(struct go_reach *r, const struct go_variables *v)
{
	const struct go_globals *of = &r->process->globals;

	for_each_record(r, open_record,
			go_chains_root(&r->chains, GO_ROOT_RUNTIME, v->has_symbols ? of->allp : 0, 0),
			go_chains_root(&r->chains, GO_ROOT_RUNTIME, v->has_symbols ? of->allgs_pointer : 0, 0));
}

/* Its address is as in the file, the same each time that the program runs. */
static char *name_variable(const struct go_process *p, const struct go_variables *v, const struct go_root *root)
{
	struct go_variable one = go_variables_at(v, root->at);
	char offset[32] = "";

	if (one.name)
		return strdup(one.name);
	if (root->at != one.at)
		snprintf(offset, sizeof(offset), "+%lu", (unsigned long)(root->at - one.at));
	if (go_variable_user(p, one.user))
		return strdup_printf("variable at %#lx%s (used by %s)", (unsigned long)(one.at - p->bias), offset,
				     go_variable_user(p, one.user));
	return strdup_printf("variable at %#lx", (unsigned long)(root->at - p->bias));
}

static char *name_pool(const struct go_process *p, const struct go_variables *v, const struct go_root *root)
{
	char *variable, *name;

	if (!root->at)
		return strdup("sync.Pools that are no variables");
	variable = name_variable(p, v, root);
	name = variable ? strdup_printf("sync.Pool %s", variable) : NULL;
	free(variable);
	return name;
}

/** go_root_name() - what a root is called */
const char *go_root_name(struct go_reach *r, const struct go_variables *v, uint32_t root)
{
	struct go_root *one = &r->chains.root[root];
	const char *function = go_function(r->process, one->at), *by = go_function(r->process, one->creator);

	if (one->name)
		return one->name;
	function = function ?: "unknown code";
	switch (one->kind) {
	case GO_ROOT_VARIABLE:
		one->name = name_variable(r->process, v, one);
		break;
	case GO_ROOT_GOROUTINE:
		one->name = by ? strdup_printf("goroutine in %s, started by %s", function, by) :
			strdup_printf("goroutine in %s", function);
		break;
	case GO_ROOT_TIMER:
		one->name = strdup_printf("timer that calls %s", function);
		break;
	case GO_ROOT_POOL:
		one->name = name_pool(r->process, v, one);
		break;
	case GO_ROOT_QUEUE:
		one->name = strdup_printf("queue of finalizers: %s", function);
		break;
	case GO_ROOT_FINALIZER:
		one->name = strdup_printf("finalizer %s", function);
		break;
	case GO_ROOT_CLEANUP:
		one->name = strdup_printf("cleanup %s", function);
		break;
	default:
		one->name = v->has_symbols && one->at && go_variables_at(v, one->at).name ?
			strdup(go_variables_at(v, one->at).name) : strdup("the runtime");
	}
	return one->name ?: "";
}
