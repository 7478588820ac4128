// SPDX-License-Identifier: GPL-2.0
/*
 * Whether two stacks are the same call path. An interpreter that specialises
 * its code, or a compiler that outlines a cold part, reaches the same call by
 * different frames: other addresses in the same functions, or an additional
 * helper. What counts is the sequence of functions.
 */
#include <string.h>

#include "analysis/call_path.h"
#include "model/model.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "util/hash.h"

/* Additional frames that one of two equal call paths may have. */
enum { DETOUR_MAX = 6 };

/* Identifies a function by name, or if the name is unknown, a call by its offset. */
static uint64_t function_of(const struct symbol_frame *f)
{
	uint64_t h = HASH_START;

	if (f->module)
		h = hash_bytes(h, f->module, strlen(f->module));
	/* Of a script it is the line: all else may be the same for one that leaks and one that does not. */
	if (f->script) {
		h = hash_bytes(h, f->file ?: "", f->file ? strlen(f->file) : 0);
		h = hash_bytes(h, &f->line, sizeof(f->line));
	}
	if (f->function)
		return hash_bytes(h, f->function, strlen(f->function));
	return hash_bytes(h, &f->offset, sizeof(f->offset));
}

/*
 * The functions of a site's stack, innermost first; returns how many. Which
 * libc function touches a page first, malloc or the caller's memset, is
 * arbitrary: libc's frames at the inner end of such a stack are left out.
 */
unsigned int call_path_read(struct model *m, const struct site *s, struct call_path *p)
{
	const struct symbol_frame *f;
	int n = model_frames(m, s->stack, &f), i = 0;

	p->n = 0;
	p->hash = HASH_START;
	while (s->kind == LEAKTRACE_KIND_PAGE && i + 1 < n && frame_is_c_library(&f[i]))
		i++;
	if (i + 1 == n)
		i = 0;		/* all frames are libc's */
	for (; i < n && p->n < PATH_MAX_FRAMES; i++) {
		p->function[p->n] = function_of(&f[i]);
		p->hash = hash_bytes(p->hash, &p->function[p->n++], sizeof(p->hash));
	}
	return p->n;
}

/* The shorter one is a subsequence of the longer, with the same first and last function. */
bool call_path_same(const struct call_path *a, const struct call_path *b)
{
	const struct call_path *s = a->n < b->n ? a : b, *l = a->n < b->n ? b : a;
	unsigned int i = 0;

	if (!s->n || l->n - s->n > DETOUR_MAX || s->function[0] != l->function[0] ||
	    s->function[s->n - 1] != l->function[l->n - 1])
		return false;
	for (unsigned int j = 0; j < l->n && i < s->n; j++)
		i += s->function[i] == l->function[j];
	return i == s->n;
}

/* The number of frames that both have in common at the outer end. */
unsigned int call_path_common(const struct call_path *a, const struct call_path *b)
{
	unsigned int n = 0;

	while (n < a->n && n < b->n && a->function[a->n - 1 - n] == b->function[b->n - 1 - n])
		n++;
	return n;
}
