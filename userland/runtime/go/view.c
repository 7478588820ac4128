// SPDX-License-Identifier: GPL-2.0
/*
 * All samples of a Go program, by site: kind, wait reason, creator and stack.
 * Each site keeps a series of its counts.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "elf/go_pclntab.h"
#include "model/judgement.h"
#include "runtime/go/process.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/macros.h"
#include "util/process.h"

enum { SITES_MAX = 1 << 16 };

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static uint64_t hash_of(const struct go_site *s)
{
	uint64_t h = mix(mix(s->kind, s->creator), s->size_bytes);

	for (const char *c = s->type; *c; c++)
		h = mix(h, *c);
	for (unsigned int i = 0; i < s->npcs; i++)
		h = mix(h, s->pcs[i]);
	return h;
}

static bool same(const struct go_site *a, const struct go_site *b)
{
	return a->kind == b->kind && a->creator == b->creator && a->size_bytes == b->size_bytes &&
	       a->npcs == b->npcs && !strcmp(a->type, b->type) &&
	       !memcmp(a->pcs, b->pcs, a->npcs * sizeof(*a->pcs));
}

static bool index_again(struct go_view *v, size_t size)
{
	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return false;
	for (size_t i = 0; i < v->nsites; i++) {
		uint64_t h = hash_of(&v->sites[i]);

		while (index[h & (size - 1)])
			h++;
		index[h & (size - 1)] = i + 1;
	}
	free(v->index);
	v->index = index;
	v->index_size = size;
	return true;
}

static struct go_site *add(struct go_view *v, const struct go_site *key)
{
	struct go_site *s;

	if (v->nsites >= SITES_MAX || !array_reserve(v->sites, v->capacity, v->nsites, 1))
		return NULL;
	s = &v->sites[v->nsites];
	*s = *key;
	s->pcs = malloc(key->npcs * sizeof(*key->pcs) + 1);
	s->series = calloc(GO_SERIES_MAX, sizeof(*s->series));
	if (!s->pcs || !s->series) {
		free(s->pcs);
		free(s->series);
		return NULL;
	}
	memcpy(s->pcs, key->pcs, key->npcs * sizeof(*key->pcs));
	v->nsites++;
	return s;
}

/**
 * go_view_site() - find a site, or add it
 * @key: kind, type, creator, size, stack; the rest zero
 *
 * Return: the site, valid until the next call; NULL: out of memory.
 */
struct go_site *go_view_site(struct go_view *v, const struct go_site *key)
{
	uint64_t h = hash_of(key);
	struct go_site *s;

	if (2 * v->nsites >= v->index_size && !index_again(v, v->index_size ? 2 * v->index_size : 256))
		return NULL;
	for (; v->index[h & (v->index_size - 1)]; h++) {
		s = &v->sites[v->index[h & (v->index_size - 1)] - 1];
		if (same(s, key))
			return s;
	}
	s = add(v, key);
	if (s)
		v->index[h & (v->index_size - 1)] = v->nsites;
	return s;
}

/* Reads counters from /proc. */
static void count_outside(struct go_view *v)
{
	char path[40];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", v->process->pid);
	tasks = opendir(path);
	for (struct dirent *e; tasks && (e = readdir(tasks));)
		v->counts.threads += e->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	v->counts.rss_bytes = process_rss_bytes(v->process->tid);
}

/* Drops every second sample to make room; the first one stays. */
static void decimate(struct go_view *v)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < v->snapshots; i += 2, kept++) {
		v->at_s[kept] = v->at_s[i];
		v->cycle[kept] = v->cycle[i];
		/* what was missed between them may be what this one has */
		v->missed[kept] = v->missed[i] + (i ? v->missed[i - 1] : 0);
		for (size_t k = 0; k < v->nsites; k++)
			v->sites[k].series[kept] = v->sites[k].series[i];
		go_creators_move(&v->creators, i, kept);
	}
	v->snapshots = kept;
}

/** go_view_begin() - begin a sample */
void go_view_begin(struct go_view *v)
{
	struct timespec wall;
	uint64_t now = monotonic_ns();

	if (v->snapshots == GO_SERIES_MAX)
		decimate(v);
	clock_gettime(CLOCK_REALTIME, &wall);
	v->wall_s = wall.tv_sec + wall.tv_nsec / 1e9;
	if (!v->snapshots)
		v->first_ns = now;
	v->at_s[v->snapshots] = (now - v->first_ns) / 1e9;
	v->before = v->counts;
	memset(&v->counts, 0, sizeof(v->counts));
	count_outside(v);
	go_creators_begin(&v->creators);
	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];

		s->before = (struct go_seen){ s->live, s->bytes, s->allocs, s->alloc_bytes,
					      s->proven, s->in_thread, s->age_max_ns, s->oldest };
		s->live = s->bytes = s->allocs = s->alloc_bytes = 0;
		s->proven = s->in_thread = s->age_max_ns = 0;
	}
}

/** go_view_end() - end a sample */
void go_view_end(struct go_view *v)
{
	bool power_of_two = !((v->snapshots + 1) & v->snapshots);

	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];

		s->series[v->snapshots] = s->kind == GO_HEAP ? s->bytes : s->live;
		if (!power_of_two)
			continue;
		s->newest_then = s->newest_marked;
		s->newest_marked = s->live ? s->newest : 0;
	}
	go_creators_end(&v->creators, v->snapshots);
	v->missed[v->snapshots] = v->counts.given_up + v->counts.unsorted;
	v->cycle[v->snapshots++] = v->counts.heap_cycle;
}

/** go_view_undo() - drop a sample that failed */
void go_view_undo(struct go_view *v)
{
	v->snapshots--;
	v->counts = v->before;
	go_creators_undo(&v->creators);
	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];
		const struct go_seen *b = &s->before;

		s->live = b->live;
		s->bytes = b->bytes;
		s->allocs = b->allocs;
		s->alloc_bytes = b->alloc_bytes;
		s->proven = b->proven;
		s->in_thread = b->in_thread;
		s->age_max_ns = b->age_max_ns;
		s->oldest = b->oldest;
	}
}

/* Wrappers generated by the compiler are not shown. */
static bool is_wrapper(const struct symbol_frame *f)
{
	const char *dot = f->function ? strrchr(f->function, '.') : NULL;

	return (f->file && !strcmp(f->file, "<autogenerated>")) ||
	       (dot && !strncmp(dot, ".gowrap", 7)) ||
	       (f->function && strlen(f->function) > 3 &&
		!strcmp(f->function + strlen(f->function) - 3, "-fm"));
}

static bool is_in_wrapper(struct go_process *p, uint64_t pc)
{
	struct go_func f;

	return go_table_find(&p->table, pc - p->bias, &f) && go_func_is_wrapper(&p->table, &f);
}

/* The start of a function cannot be a return address. */
static bool is_return(const struct go_view *v, uint64_t pc)
{
	const struct go_process *p = v->process;
	struct go_func f;

	return !go_table_find(&p->table, pc - p->bias, &f) || f.start != pc - p->bias;
}

static bool is_runtime(const struct symbol_frame *f)
{
	return f->function && (!strncmp(f->function, "runtime.", 8) ||
			       !strncmp(f->function, "internal/runtime/", 17));
}

/*
 * The stack of a heap profile consists of logical frames: an address stands for
 * its innermost frame only, but the last one for all of its frames. Frames of
 * the allocator at the inner end are hidden, as in pprof.
 */
static int frames_of_heap(struct go_view *v, struct go_site *s, unsigned int i,
			  struct symbol_frame *f, int max)
{
	int n = symbolizer_resolve(v->process->symbolizer, s->pcs[i], true, f, max);

	/* a wrapper is the outermost frame, which the runtime leaves out */
	if (n && is_in_wrapper(v->process, s->pcs[i]))
		n--;
	if (n > 1 && i + 1 < s->npcs)
		n = 1;
	if (n)
		f[n - 1].inlined = false;
	return n;
}

/* The function at the end of every stack, which pprof leaves out. */
static bool is_goexit(const struct symbol_frame *f)
{
	return f->function && !strcmp(f->function, "runtime.goexit");
}

static void name(struct go_view *v, struct go_site *s, bool inside)
{
	struct symbol_frame f[32];

	for (unsigned int i = 0; i < s->npcs; i++) {
		int n = s->kind == GO_HEAP ? frames_of_heap(v, s, i, f, ARRAY_SIZE(f)) :
			symbolizer_resolve(v->process->symbolizer, s->pcs[i], is_return(v, s->pcs[i]),
					   f, ARRAY_SIZE(f));
		struct symbol_frame *more = reallocarray(s->frames, s->nframes + n, sizeof(*more));

		if (!more)
			return;
		s->frames = more;
		/*
		 * the function is the outermost frame; names are those of what
		 * is inlined into it
		 */
		if (n && s->kind == GO_GOROUTINE && is_in_wrapper(v->process, s->pcs[i]))
			n--;
		for (int k = 0; k < n; k++) {
			inside = inside && is_runtime(&f[k]);
			/* a timer's function may be the only frame: a method value */
			if (!inside && !is_goexit(&f[k]) &&
			    (s->kind == GO_TIMER || !is_wrapper(&f[k])))
				s->frames[s->nframes++] = f[k];
		}
	}
}

/** go_site_frames() - the named stack of a site, innermost first; returns the number of frames */
int go_site_frames(struct go_view *v, struct go_site *s, const struct symbol_frame **frames)
{
	if (!s->nframes)
		name(v, s, s->kind == GO_HEAP);
	if (!s->nframes)		/* the runtime's own may need it */
		name(v, s, false);
	*frames = s->frames;
	return s->nframes;
}

/** go_site_creator() - the frame of the go statement; NULL if unknown */
const struct symbol_frame *go_site_creator(struct go_view *v, struct go_site *s)
{
	if (!s->creator)
		return NULL;
	if (!s->by.function) {
		struct symbol_frame f[32];

		if (symbolizer_resolve(v->process->symbolizer, s->creator, true, f, ARRAY_SIZE(f)) < 1)
			return NULL;
		s->by = f[0];
	}
	return s->by.function ? &s->by : NULL;
}

/** go_view_free() - release all samples; the process stays open */
void go_view_free(struct go_view *v)
{
	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];

		judgement_clear(&s->judgement);
		free(s->pcs);
		free(s->series);
		free(s->frames);
	}
	free(v->sites);
	free(v->index);
	go_creators_free(&v->creators);
}
