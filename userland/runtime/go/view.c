// SPDX-License-Identifier: GPL-2.0
/*
 * What was seen of a Go program, by site: same kind, same reason to wait, same
 * creator, same stack. Snapshots add to it; each site keeps its history.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/go/go.h"
#include "symbolize/language.h"

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

	if (v->nsites == v->room) {
		size_t room = v->room ? 2 * v->room : 64;
		struct go_site *more = room <= SITES_MAX ?
			reallocarray(v->sites, room, sizeof(*more)) : NULL;

		if (!more)
			return NULL;
		v->sites = more;
		v->room = room;
	}
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
 * go_view_site() - the site like this one, made if there is none
 * @key: kind, type, creator, size, stack; the rest zero
 *
 * Return: it, until the next call; NULL without memory.
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

/* What /proc knows of it. */
static void count_outside(struct go_view *v)
{
	unsigned long long pages = 0;
	char path[40];
	DIR *tasks;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", v->process->pid);
	tasks = opendir(path);
	for (struct dirent *e; tasks && (e = readdir(tasks));)
		v->counts.threads += e->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	snprintf(path, sizeof(path), "/proc/%d/statm", v->process->tid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*u %llu", &pages) == 1)
		v->counts.rss_bytes = pages * sysconf(_SC_PAGESIZE);
	if (f)
		fclose(f);
}

/* Every second one goes, so that there is room again; the first stays. */
static void thin(struct go_view *v)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < v->snapshots; i += 2, kept++) {
		v->at_s[kept] = v->at_s[i];
		v->cycle[kept] = v->cycle[i];
		/* what one between them missed may be what this one has */
		v->missed[kept] = v->missed[i] + (i ? v->missed[i - 1] : 0);
		for (size_t k = 0; k < v->nsites; k++)
			v->sites[k].series[kept] = v->sites[k].series[i];
	}
	v->snapshots = kept;
}

/** go_view_begin() - before the looks of one snapshot */
void go_view_begin(struct go_view *v)
{
	struct timespec wall;
	uint64_t now = monotonic_ns();

	if (v->snapshots == GO_SERIES_MAX)
		thin(v);
	clock_gettime(CLOCK_REALTIME, &wall);
	v->wall_s = wall.tv_sec + wall.tv_nsec / 1e9;
	if (!v->snapshots)
		v->first_ns = now;
	v->at_s[v->snapshots] = (now - v->first_ns) / 1e9;
	v->before = v->counts;
	memset(&v->counts, 0, sizeof(v->counts));
	count_outside(v);
	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];

		s->before = (struct go_seen){ s->live, s->bytes, s->allocs, s->alloc_bytes,
					      s->proven, s->in_thread, s->age_max_ns, s->oldest };
		s->live = s->bytes = s->allocs = s->alloc_bytes = 0;
		s->proven = s->in_thread = s->age_max_ns = 0;
	}
}

/** go_view_end() - after them */
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
	v->missed[v->snapshots] = v->counts.given_up + v->counts.unsorted;
	v->cycle[v->snapshots++] = v->counts.heap_cycle;
}

/** go_view_undo() - forget a snapshot that came to nothing */
void go_view_undo(struct go_view *v)
{
	v->snapshots--;
	v->counts = v->before;
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

/* What the compiler made to adapt one function to another is nobody's code. */
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

/* An address at the start of a function has not been called from there. */
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
 * A heap profile's stack is one of logical frames: an address stands for what is
 * innermost there, but the last one for all that is. The allocator itself, on
 * the inside, is hidden, as pprof does it.
 */
static int frames_of_heap(struct go_view *v, struct go_site *s, unsigned int i,
			  struct symbol_frame *f, int max)
{
	int n = symboliser_resolve(v->process->symboliser, s->pcs[i], true, f, max);

	/* a wrapper is the outermost, and no frame of the stack for the runtime */
	if (n && is_in_wrapper(v->process, s->pcs[i]))
		n--;
	if (n > 1 && i + 1 < s->npcs)
		n = 1;
	if (n)
		f[n - 1].inlined = false;
	return n;
}

/* Where every stack ends, which pprof leaves out. */
static bool is_goexit(const struct symbol_frame *f)
{
	return f->function && !strcmp(f->function, "runtime.goexit");
}

static void name(struct go_view *v, struct go_site *s, bool inside)
{
	struct symbol_frame f[32];

	for (unsigned int i = 0; i < s->npcs; i++) {
		int n = s->kind == GO_HEAP ? frames_of_heap(v, s, i, f, ARRAY_SIZE(f)) :
			symboliser_resolve(v->process->symboliser, s->pcs[i], is_return(v, s->pcs[i]),
					   f, ARRAY_SIZE(f));
		struct symbol_frame *more = reallocarray(s->frames, s->nframes + n, sizeof(*more));

		if (!more)
			return;
		s->frames = more;
		/* what is called is the outermost; names tell of what is inlined into it */
		if (n && s->kind == GO_GOROUTINE && is_in_wrapper(v->process, s->pcs[i]))
			n--;
		for (int k = 0; k < n; k++) {
			inside = inside && is_runtime(&f[k]);
			/* a timer's may be all there is: a method's value */
			if (!inside && !is_goexit(&f[k]) &&
			    (s->kind == GO_TIMER || !is_wrapper(&f[k])))
				s->frames[s->nframes++] = f[k];
		}
	}
}

/** go_site_frames() - the named stack of a site, innermost first; how many */
int go_site_frames(struct go_view *v, struct go_site *s, const struct symbol_frame **frames)
{
	if (!s->nframes)
		name(v, s, s->kind == GO_HEAP);
	if (!s->nframes)		/* the runtime's own need */
		name(v, s, false);
	*frames = s->frames;
	return s->nframes;
}

/** go_site_creator() - where the go statement is, or NULL: unknown */
const struct symbol_frame *go_site_creator(struct go_view *v, struct go_site *s)
{
	if (!s->creator)
		return NULL;
	if (!s->by.function) {
		struct symbol_frame f[32];

		if (symboliser_resolve(v->process->symboliser, s->creator, true, f, ARRAY_SIZE(f)) < 1)
			return NULL;
		s->by = f[0];
	}
	return s->by.function ? &s->by : NULL;
}

/** go_view_free() - release what was seen; the process stays */
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
}
