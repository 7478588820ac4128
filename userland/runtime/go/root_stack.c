// SPDX-License-Identifier: GPL-2.0
/*
 * What the stacks of goroutines refer to: the words that the compiler says are live, and
 * of variables whose address is taken those to which such a word leads. A stack counts
 * if its goroutine has not moved while it was read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/frame_map.h"
#include "runtime/go/goroutine.h"
#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "runtime/go/root.h"
#include "runtime/go/variable.h"
#include "util/array.h"
#include "util/macros.h"

enum { STACK_BYTES_MAX = 64 << 20, FRAMES_MAX = 1 << 16, TRIES = 3, DEFER = 40, DEFER_FN = 24, DEFERS_MAX = 4096,
	OBJECTS_MAX = 1 << 20 };

struct frame {
	uint64_t pc, sp, owner;		/* owner: the function that it is told as */
};

struct object {				/* a variable whose address is taken */
	uint64_t at, bytes;
	uint32_t link;
	bool seen;
	size_t next;			/* that is to be read, + 1 */
};

struct stacks {
	struct go_reach *reach;
	struct go_root_counts *counts;
	struct go_running *running;
	struct go_frame_maps maps;
	unsigned char *g, *after;
	unsigned char *stack;		/* a copy of [sp, sp + bytes) */
	uint64_t sp, bytes, capacity;
	struct frame *frame;
	struct object *object;
	size_t frames, objects, objects_capacity, pending;
	uint64_t creator;
};

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static bool stack_word(const struct stacks *s, uint64_t at, uint64_t *w)
{
	if (at - s->sp >= s->bytes || s->bytes - (at - s->sp) < 8)
		return false;
	*w = word(s->stack + (at - s->sp));
	return true;
}

/* The variable on the stack that an address is in; NULL: none whose address is taken. */
static struct object *object_at(struct stacks *s, uint64_t at)
{
	size_t low = 0, high = s->objects;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->object[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low && at - s->object[low - 1].at < s->object[low - 1].bytes ? &s->object[low - 1] : NULL;
}

/* A word; one that leads to a variable on the stack has that read, too. */
static void see_word(struct stacks *s, uint32_t link, uint64_t value, uint64_t before)
{
	struct object *o;

	if (value - s->sp >= s->bytes) {
		go_reach_see(s->reach, link, 0, value, before);
		return;
	}
	o = object_at(s, value);
	if (!o || o->seen)
		return;
	o->seen = true;
	o->next = s->pending;
	s->pending = o - s->object + 1;
}

static void see(struct stacks *s, uint32_t link, uint64_t value, uint64_t before)
{
	see_word(s, link, value, before);
	while (s->pending) {
		const struct object *o = &s->object[s->pending - 1];
		uint64_t w, last = 0;

		s->pending = o->next;
		for (uint64_t i = 0; i + 8 <= o->bytes && stack_word(s, o->at + i, &w); i += 8, last = w)
			see_word(s, o->link, w, last);
	}
}

static void see_bits(struct stacks *s, uint32_t link, uint64_t at, const unsigned char *bits, uint32_t words)
{
	uint64_t w, before;

	for (uint32_t i = 0; bits && i < words; i++)
		if (bits[i / 8] >> (i % 8) & 1 && stack_word(s, at + 8ULL * i, &w))
			see(s, link, w, stack_word(s, at + 8ULL * i - 8, &before) ? before : 0);
}

static void see_all(struct stacks *s, uint32_t link, uint64_t at, uint64_t end)
{
	uint64_t w;

	for (; at < end && stack_word(s, at, &w); at += 8)
		see(s, link, w, 0);
}

static bool add_objects(struct stacks *s, const struct go_frame_map *k, uint64_t sp, uint32_t link)
{
	uint64_t args = sp + k->delta_bytes + 8, locals = sp + k->delta_bytes - (k->delta_bytes ? 8 : 0);

	if (s->objects + k->objects > OBJECTS_MAX)
		return true;
	if (s->objects + k->objects > s->objects_capacity) {
		size_t n = 2 * (s->objects + k->objects);
		struct object *more = realloc(s->object, n * sizeof(*more));

		if (!more)
			return false;
		s->object = more;
		s->objects_capacity = n;
	}
	for (uint32_t i = 0; i < k->objects; i++) {
		int32_t offset_size[2];
		uint64_t at;

		memcpy(offset_size, k->object + i * GO_STACK_OBJECT_BYTES, sizeof(offset_size));
		at = (offset_size[0] >= 0 ? args : locals) + offset_size[0];
		if (at >= sp && offset_size[1] > 0)
			s->object[s->objects++] = (struct object){ at, offset_size[1], link, false, 0 };
	}
	return true;
}

/* All frames of the stack; the runtime's are told as the function that called it. */
static void find_frames(struct stacks *s, uint64_t pc)
{
	uint64_t sp = s->sp;
	size_t told = 0;

	for (s->frames = 0; s->frames < FRAMES_MAX; ) {
		const struct go_frame_map *k = go_frame_map(&s->maps, pc);

		if (k->is_root || !k->function)
			break;
		s->frame[s->frames++] = (struct frame){ pc, sp, k->function };
		if (!k->is_runtime)
			for (; told < s->frames; told++)
				s->frame[told].owner = k->function;
		if (k->delta_bytes < 0 || !stack_word(s, sp + k->delta_bytes, &pc)) {
			s->counts->unknown_frames++;
			break;
		}
		sp += k->delta_bytes + 8;
	}
	s->counts->frames += s->frames;
}

static int by_address(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static uint32_t link_of(struct stacks *s, uint64_t function)
{
	return go_chains_root(&s->reach->chains, GO_ROOT_GOROUTINE, function, s->creator);
}

static void count_holder(struct stacks *s, uint32_t link)
{
	s->reach->chains.root[s->reach->chains.link[link].root].holders++;
}

static void see_frames(struct stacks *s)
{
	bool all = false;
	uint64_t last = 0;

	s->objects = 0;
	for (size_t i = 0; i < s->frames; i++)
		if (!add_objects(s, go_frame_map(&s->maps, s->frame[i].pc), s->frame[i].sp,
				 link_of(s, s->frame[i].owner)))
			return;
	if (s->objects)
		qsort(s->object, s->objects, sizeof(*s->object), by_address);
	for (size_t i = 0; i < s->frames; i++) {
		const struct go_frame_map *k = go_frame_map(&s->maps, s->frame[i].pc);
		uint64_t end = s->frame[i].sp + (k->delta_bytes < 0 ? 0 : k->delta_bytes);
		uint32_t link = link_of(s, s->frame[i].owner);

		if (!link)
			continue;
		if (s->frame[i].owner != last)
			count_holder(s, link);
		last = s->frame[i].owner;
		if (all || k->is_preempted)
			see_all(s, link, s->frame[i].sp, end);
		else
			see_bits(s, link, end - (k->delta_bytes ? 8 : 0) - 8ULL * k->locals, k->local_bits, k->locals);
		see_bits(s, link, end + 8, k->arg_bits, k->args);
		all = k->is_preempted;
	}
}

/* Deferred calls: a list, on the heap or on the stack. */
static void see_defers(struct stacks *s)
{
	uint64_t at = word(s->g + DEFER), w;
	uint32_t link = s->frames ? link_of(s, s->frame[s->frames - 1].owner) : GO_LINK_NONE;

	for (int i = 0; at && i < DEFERS_MAX && link; i++) {
		if (at - s->sp >= s->bytes) {
			go_reach_see(s->reach, link, 0, at, 0);
			return;
		}
		if (stack_word(s, at + DEFER_FN, &w))
			see(s, link, w, 0);
		if (!stack_word(s, at + s->reach->layout->defer_link, &at))
			return;
	}
}

static bool read_stack(struct stacks *s, uint64_t at, uint64_t bytes)
{
	if (bytes > s->capacity) {
		free(s->stack);
		s->capacity = 0;
		s->stack = malloc(bytes);
		if (!s->stack)
			return false;
		s->capacity = bytes;
	}
	s->sp = at;
	s->bytes = bytes;
	return go_read(s->reach->process, at, s->stack, bytes);
}

/* The runtime's own goroutines hold what the runtime needs. */
static bool is_system(const struct stacks *s)
{
	const char *start = go_function(s->reach->process, word(s->g + s->reach->process->layout.startpc));

	return start && !strncmp(start, "runtime.", 8) && strcmp(start, "runtime.main") &&
	       strcmp(start, "runtime.corostart");
}

/* The stack of a goroutine that waits, and its frames; false: it has changed meanwhile. */
static bool read_waiting(struct stacks *s, uint64_t at)
{
	const struct go_process *p = s->reach->process;
	const struct go_layout *l = &p->layout;
	uint64_t pc, sp, bytes = go_g_used_bytes(l, s->g);

	go_g_where(l, s->g, &pc, &sp);
	if (!bytes || bytes > STACK_BYTES_MAX || !read_stack(s, sp, bytes) ||
	    !go_read(p, at, s->after, l->g_bytes) || !go_g_is_unchanged(l, s->g, s->after))
		return false;
	find_frames(s, pc);
	return true;
}

/* A finalizer or cleanup that is being run: what it waits for, all others wait for. */
static void note_finalizing(struct stacks *s, uint64_t at)
{
	static const char *const starts[] = { "runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups" };
	const struct go_process *p = s->reach->process;
	const char *start = go_function(p, word(s->g + p->layout.startpc));
	bool is_one = false;

	for (size_t i = 0; start && i < ARRAY_SIZE(starts); i++)
		is_one |= !strcmp(start, starts[i]);
	if (!is_one || !read_waiting(s, at))
		return;
	for (size_t i = 0; i < s->frames && !s->counts->finalizing; i++) {
		const char *name = go_function(p, s->frame[i].owner);

		if (name && !go_is_runtime_name(name))
			s->counts->finalizing = s->frame[i].owner;
	}
}

static void keep_word(struct stacks *s, uint32_t link, uint64_t w)
{
	struct go_running *k = s->running;

	if (go_spans_at(&s->reach->spans, w) == GO_SPAN_NONE)
		return;
	if (array_reserve(k->word, k->capacity, k->n, 1))
		k->word[k->n++] = (struct go_running_word){ link, w };
	else
		go_reach_see(s->reach, link, 0, w, 0);
}

/*
 * Where a running goroutine is is not known: all of its stack is taken, but seen later. What
 * it works on is near to it only now: the buckets of a map to which it adds are to be told
 * with the variable that has the map, at every look.
 */
static void take_running(struct stacks *s)
{
	uint64_t lo = word(s->g), hi = word(s->g + 8);
	uint32_t link = link_of(s, word(s->g + s->reach->process->layout.startpc));
	uint64_t w;

	s->counts->running++;
	if (!lo || lo >= hi || hi - lo > STACK_BYTES_MAX || !link || !read_stack(s, lo, hi - lo))
		return;
	count_holder(s, link);
	for (uint64_t at = lo; stack_word(s, at, &w); at += 8)
		keep_word(s, link, w);
}

/* False: it has changed meanwhile. */
static bool take(struct stacks *s, uint64_t at)
{
	const struct go_process *p = s->reach->process;
	const struct go_layout *l = &p->layout;
	uint32_t status;

	if (!go_read(p, at, s->g, l->g_bytes))
		return true;
	status = go_g_status(l, s->g);
	s->creator = word(s->g + l->gopc);
	if (status == GO_G_COPYSTACK)
		return false;
	if (!go_g_has_stack(status) && status != GO_G_RUNNING)
		return true;
	if (is_system(s)) {
		if (status != GO_G_RUNNING)
			note_finalizing(s, at);
		return true;
	}
	if (status == GO_G_RUNNING) {
		take_running(s);
		return true;
	}
	if (!read_waiting(s, at))
		return false;
	see_frames(s);
	see_defers(s);
	return true;
}

/** go_roots_goroutines() - what stacks refer to; 0, -EAGAIN: their list cannot be read, -ENOMEM */
int go_roots_goroutines(struct go_reach *r, struct go_root_counts *c, struct go_running *running)
{
	size_t g_bytes = r->process->layout.g_bytes, n = 0;
	struct stacks s = { .reach = r, .counts = c, .running = running, .g = malloc(g_bytes), .after = malloc(g_bytes),
			    .frame = malloc(FRAMES_MAX * sizeof(*s.frame)) };
	uint64_t *list = go_g_list(r->process, &n);
	int error = !list ? -EAGAIN : !s.g || !s.after || !s.frame || !go_frame_maps_open(&s.maps, r->process) ?
		-ENOMEM : 0;

	for (size_t i = 0; !error && i < n; i++) {
		int tries = 0;

		c->goroutines++;
		while (!take(&s, list[i]) && ++tries < TRIES)
			c->retried++;
		c->given_up += tries == TRIES;
	}
	go_frame_maps_close(&s.maps);
	free(s.g);
	free(s.after);
	free(s.frame);
	free(s.object);
	free(s.stack);
	free(list);
	return error;
}

/** go_roots_running() - what stacks of goroutines refer to that ran when they were read */
void go_roots_running(struct go_reach *r, const struct go_running *running)
{
	for (size_t i = 0; i < running->n; i++)
		go_reach_see(r, running->word[i].link, 0, running->word[i].word, 0);
}

/** go_running_free() - release it */
void go_running_free(struct go_running *running)
{
	free(running->word);
}
