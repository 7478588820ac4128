// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the runtime's variables in a program without symbols by their contents.
 * Each test follows several pointers, so that random data does not pass.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "runtime/go/process.h"
#include "runtime/go/scan.h"
#include "runtime/go/unwind.h"
#include "util/proc_maps.h"

enum { AREA_MAX = 256 << 20, GOID_SMALL = 1 << 20, PROCS_MAX = 1 << 16 };

/** go_areas_read() - copy the program's writable areas; returns their number */
size_t go_areas_read(const struct go_process *p, struct go_area **areas)
{
	struct go_area *list = calloc(p->image->nsegments + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < p->maps.n; i++) {
		const struct map *m = &p->maps.map[i];
		struct go_area a = { m->start, m->end - m->start, NULL };
		bool ours = false;

		/* including .bss, which is mapped without a file */
		for (size_t k = 0; k < p->image->nsegments; k++) {
			const struct elf_segment *s = &p->image->segment[k];

			ours |= !s->exec && m->start < s->vaddr + p->bias + s->memory_bytes &&
				m->end > s->vaddr + p->bias;
		}
		if (!ours || !m->write || a.bytes > AREA_MAX || n > p->image->nsegments)
			continue;
		a.copy = malloc(a.bytes);
		if (a.copy && go_read(p, a.start, a.copy, a.bytes))
			list[n++] = a;
		else
			free(a.copy);
	}
	*areas = list;
	return n;
}

/** go_areas_free() - release them */
void go_areas_free(struct go_area *areas, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(areas[i].copy);
	free(areas);
}

static uint64_t word_of(const unsigned char *bytes, size_t at)
{
	uint64_t w;

	memcpy(&w, bytes + at, sizeof(w));
	return w;
}

static bool is_code_or_none(const struct go_process *p, uint64_t pc)
{
	return !pc || go_function(p, pc);
}

/*
 * Whether it is a g: the first has id 1 and a start address; its stack bounds
 * are in order. One that is kept for C threads has never started.
 */
static bool is_g(const struct go_process *p, uint64_t at, bool first)
{
	unsigned char g[4096];
	uint64_t lo, hi, id;
	uint32_t status;

	if (!at || at & 7 || !go_read(p, at, g, p->layout.g_bytes))
		return false;
	lo = word_of(g, 0);
	hi = word_of(g, 8);
	id = word_of(g, p->layout.goid);
	memcpy(&status, g + p->layout.status, sizeof(status));
	return (first ? id == 1 : id < GOID_SMALL) && (status & ~0x1000) <= 11 &&
	       (first ? lo && lo < hi && hi - lo <= 1ULL << 32 : lo <= hi) &&
	       is_code_or_none(p, word_of(g, p->layout.gopc)) &&
	       (first ? !!go_function(p, word_of(g, p->layout.startpc)) :
		is_code_or_none(p, word_of(g, p->layout.startpc)));
}

static bool is_allgs(const struct go_process *p, const uint64_t w[3])
{
	uint64_t g[3];

	return w[1] >= 3 && w[1] <= w[2] && w[2] < 1ULL << 32 && !(w[0] & 7) && w[0] &&
	       go_read(p, w[0], g, sizeof(g)) && is_g(p, g[0], true) && is_g(p, g[1], false) &&
	       is_g(p, g[2], false);
}

/* {0, 0}, {p, 17} "GC assist marking" */
static bool is_reasons(const struct go_process *p, const uint64_t w[4])
{
	char text[17];

	return !w[0] && !w[1] && w[3] == sizeof(text) && go_read(p, w[2], text, sizeof(text)) &&
	       !memcmp(text, "GC assist marking", sizeof(text));
}

/* Inside the program's data: the runtime's own allocations are elsewhere. */
static bool is_static(const struct go_process *p, uint64_t at)
{
	for (size_t i = 0; i < p->image->nsegments; i++)
		if (at - p->bias - p->image->segment[i].vaddr < p->image->segment[i].memory_bytes)
			return true;
	return false;
}

/*
 * Whether it is a P: it has its index in the list, and a buffer of free defers
 * inside itself, to which a slice points as long as it has not grown; in some
 * versions one word later.
 */
static bool is_p(const struct go_process *p, uint64_t at, uint64_t place)
{
	enum { IDS = 0, DEFERS = 12, DEFERS_LATER = 13, DEFERS_MAX = 32, DEAD = 4 };
	uint64_t w[DEFERS_LATER + 3];
	uint32_t ids[2];

	if (!at || at & 7 || is_static(p, at) || !go_read(p, at, w, sizeof(w)))
		return false;
	memcpy(ids, &w[IDS], sizeof(ids));
	if (ids[0] != place || ids[1] > DEAD)
		return false;
	for (int i = DEFERS; i <= DEFERS_LATER; i++)
		if (w[i] == at + 8 * (i + 3) && w[i + 1] <= DEFERS_MAX && w[i + 2] == DEFERS_MAX)
			return true;
	return false;
}

static bool is_allp(const struct go_process *p, const uint64_t w[3])
{
	if (!w[0] || w[0] & 7 || is_static(p, w[0]) || !w[1] || w[1] > w[2] || w[2] > PROCS_MAX)
		return false;
	for (uint64_t i = 0; i < w[1]; i++)
		if (!is_p(p, go_word(p, w[0] + 8 * i), i))
			return false;
	return true;
}

/* {next, allnext, type 1, hash, size, nstk} and so many code addresses; the next, too. */
static bool is_bucket(const struct go_process *p, uint64_t at, int links)
{
	uint64_t head[6], pc[GO_STACK_MAX];

	for (int i = 0; i < links && at; i++) {
		if (at & 7 || !go_read(p, at, head, sizeof(head)) || head[2] != 1 || !head[5] ||
		    head[5] > GO_STACK_MAX || !go_read(p, at + sizeof(head), pc, 8 * head[5]))
			return false;
		for (uint64_t k = 0; k < head[5]; k++)
			if (!go_function(p, pc[k]))
				return false;
		at = head[1];
	}
	return links;
}

static void look_at(struct go_process *p, const struct go_area *a, size_t i)
{
	struct go_globals *at = &p->globals;
	uint64_t w[4] = { 0 };

	memcpy(w, a->copy + i, a->bytes - i < sizeof(w) ? a->bytes - i : sizeof(w));
	if (!at->allgs_pointer && is_allgs(p, w)) {
		at->allgs_pointer = a->start + i;
		at->allgs_length = a->start + i + 8;
	} else if (!at->wait_reasons && is_reasons(p, w)) {
		at->wait_reasons = a->start + i;
	} else if (!at->mbuckets && w[0] > 4096 && is_bucket(p, w[0], 8)) {
		at->mbuckets = a->start + i;
	} else if (!at->allp && is_allp(p, w)) {
		at->allp = a->start + i;
	}
}

/** go_scan() - find variables that have no symbol */
void go_scan(struct go_process *p)
{
	struct go_area *areas;
	size_t n = go_areas_read(p, &areas);

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i + 8 <= areas[k].bytes; i += 8)
			look_at(p, &areas[k], i);
	go_areas_free(areas, n);
}
