// SPDX-License-Identifier: GPL-2.0
/*
 * Follows references, breadth first. Spans of small objects are copied whole, and the
 * copies dropped when they exceed what is allowed; large objects are read in parts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "util/format.h"
#include "util/unaligned.h"
#include "util/units.h"

enum {
	PART_BYTES = 256 << 10,		/* larger spans are not copied */
	OWN_BYTES = 12,			/* of ours for each object: link, parent, queue; and a bit, if it is shared */
	FINE_BYTES = 128,		/* up to this size an object's words are told apart */
	HEADER_BYTES = 8,
	LARGE_BYTES = 2048,		/* from this size on it is noted how much of an object is used */
	BARRIER_HEAD_BYTES = 16, BARRIER_BYTES = 512 * 8,
};

struct source {				/* what is being read */
	uint32_t link, object, type;
	uint8_t role;
	uint64_t type_bytes;
	bool fine;
};

struct guess {
	uint32_t type;
	uint8_t role;
};

static uint64_t own_bytes(uint64_t objects)
{
	return OWN_BYTES * objects + objects / 8;
}

/** go_reach_open() - read the spans, and prepare to walk; 0, or -errno with one line in @err */
int go_reach_open(struct go_reach *r, const struct go_process *p, uint64_t max_bytes, char *err, size_t errlen)
{
	uint64_t needed, late;
	char need[32], max[32];
	int error;

	*r = (struct go_reach){ .process = p, .layout = go_heap_layout(p->table.minor), .max_bytes = max_bytes };
	if (!r->layout) {
		snprintf(err, errlen, "the heap of %s is not known to this leaktrace: use a newer one",
			 p->table.version[0] ? p->table.version : "this Go version");
		return -ENOTSUP;
	}
	error = go_spans_read(p, r->layout, &r->spans);
	if (error) {
		snprintf(err, errlen, "the heap of process %d cannot be read: %s", p->pid,
			 error == -ENOENT ? "its list of spans was not found" :
			 error == -EAGAIN ? "its list of spans changes all the time" : "out of memory");
		return error;
	}
	needed = own_bytes(r->spans.objects) + PART_BYTES;
	if (needed > max_bytes) {
		snprintf(err, errlen, "%s are needed for the objects of process %d, more than --max-memory %s",
			 format_bytes(needed, need), p->pid, format_bytes(max_bytes, max));
		return -ENOMEM;
	}
	/* a quarter of the rest is for what comes later */
	late = (max_bytes - needed) / 4 / OWN_BYTES;
	if (r->spans.objects_max - r->spans.objects > late)
		r->spans.objects_max = r->spans.objects + late;
	r->copies_max_bytes = max_bytes - own_bytes(r->spans.objects_max);
	r->link = calloc(r->spans.objects_max, sizeof(*r->link));
	r->parent = malloc(r->spans.objects_max * sizeof(*r->parent));
	r->buffer = malloc(PART_BYTES);
	r->itab = calloc(2 * GO_ITABS, sizeof(*r->itab));
	r->itab_type = r->itab + GO_ITABS;
	r->content = (struct go_content){ .process = p, .layout = r->layout, .spans = &r->spans,
					  .types = &r->types, .chains = &r->chains };
	if (r->link && r->parent && r->buffer && r->itab && go_chains_open(&r->chains) && go_shared_open(&r->shared, r->spans.objects_max) &&
	    go_types_open(&r->types, p, r->layout))
		return 0;
	snprintf(err, errlen, "out of memory, or the types of process %d were not found", p->pid);
	return -ENOMEM;
}

/** go_reach_close() - release it */
void go_reach_close(struct go_reach *r)
{
	go_spans_free(&r->spans);
	go_types_close(&r->types);
	go_chains_close(&r->chains);
	go_content_close(&r->content);
	go_shared_close(&r->shared);
	free(r->link);
	free(r->parent);
	free(r->queue);
	free(r->buffer);
	free(r->itab);
	memset(r, 0, sizeof(*r));
}

static void drop_copy(struct go_reach *r, struct go_span *s)
{
	if (s->copy)
		r->copied_bytes -= s->end - s->start;
	free(s->copy);
	s->copy = NULL;
}

/** go_reach_drop_copies() - what is needed is read again */
void go_reach_drop_copies(struct go_reach *r)
{
	for (size_t i = 0; i < r->spans.n; i++)
		drop_copy(r, &r->spans.span[i]);
}

/* The copy of a span; NULL: it is large, cannot be read, or (unless it must be) there is no room. */
static const unsigned char *copy_of(struct go_reach *r, struct go_span *s, bool must)
{
	uint64_t bytes = s->end - s->start;

	if (s->copy || bytes > PART_BYTES)
		return s->copy;
	if (r->copied_bytes + bytes > r->copies_max_bytes) {
		if (!must)
			return NULL;
		go_reach_drop_copies(r);
	}
	s->copy = malloc(bytes);
	if (!s->copy || !go_read(r->process, s->start, s->copy, bytes)) {
		free(s->copy);
		s->copy = NULL;
		return NULL;
	}
	r->copied_bytes += bytes;
	r->read_bytes += bytes;
	return s->copy;
}

/* The type that the heap itself says an object has; 0: it does not. */
static uint32_t type_in_heap(struct go_reach *r, struct go_span *s, uint64_t at)
{
	const unsigned char *copy;
	uint64_t type = s->large_type;

	if (s->has_headers) {
		copy = copy_of(r, s, false);
		type = copy ? u64_at(copy + (at - s->start)) : go_word(r->process, at);
	}
	return type ? go_types_find(&r->types, type) : 0;
}

static bool is_in_program(const struct go_process *p, uint64_t at)
{
	for (size_t i = 0; i < p->image->nsegments; i++) {
		const struct elf_segment *s = &p->image->segment[i];

		if (!s->exec && at - p->bias - s->vaddr < s->memory_bytes)
			return true;
	}
	return false;
}

/* The type that an interface's first word says: of a type, or of an itab, which has it second. */
static uint32_t dynamic_type(struct go_reach *r, uint64_t word)
{
	uint64_t type = word;

	if (!word || word & 7)
		return 0;
	if (!go_types_is_static(&r->types, word) || go_types_is_static(&r->types, go_word(r->process, word + 8))) {
		size_t i = word / 8 % GO_ITABS;

		if (!is_in_program(r->process, word))
			return 0;
		if (r->itab[i] != word) {
			r->itab[i] = word;
			r->itab_type[i] = go_word(r->process, word + 8);
			if (!go_types_is_static(&r->types, r->itab_type[i]) ||
			    !go_types_is_static(&r->types, go_word(r->process, word)))
				r->itab_type[i] = 0;
		}
		type = r->itab_type[i];
		if (!type && go_types_is_static(&r->types, word))
			type = word;
	}
	return type ? go_types_find(&r->types, type) : 0;
}

static struct guess by_slot(struct go_slot s)
{
	static const uint8_t roles[] = {
		[GO_KIND_POINTER] = GO_ROLE_VALUE, [GO_KIND_SLICE] = GO_ROLE_SLICE,
		[GO_KIND_STRING] = GO_ROLE_STRING, [GO_KIND_MAP] = GO_ROLE_MAP,
		[GO_KIND_CHAN] = GO_ROLE_CHAN, [GO_KIND_FUNC] = GO_ROLE_FUNC, [GO_KIND_UNSAFE] = 0,
	};

	return (struct guess){ s.type, s.kind < sizeof(roles) ? roles[s.kind] : 0 };
}

/* What is behind an interface whose first word is this. */
static struct guess by_interface(struct go_reach *r, uint64_t word)
{
	uint32_t type = dynamic_type(r, word);
	struct go_slot s = type ? go_types_pointee(&r->types, type) : (struct go_slot){ 0 };

	if (!type)
		return (struct guess){ 0 };
	/* a slice or a string is in a block of its own */
	if (s.kind && s.kind != GO_KIND_SLICE && s.kind != GO_KIND_STRING)
		return by_slot(s);
	return (struct guess){ type, GO_ROLE_VALUE };
}

static struct guess by_value(struct go_reach *r, const struct source *from, uint64_t offset, uint64_t before)
{
	struct go_slot s = go_types_slot(&r->types, from->type, offset % from->type_bytes);

	if (s.kind == GO_KIND_INTERFACE)
		return s.is_data ? by_interface(r, before) : (struct guess){ 0 };
	return by_slot(s);
}

/* What a word of the runtime's own structures leads to. */
static struct guess by_role(struct go_reach *r, const struct source *from, uint64_t offset)
{
	bool swiss = r->layout->swiss_maps;
	uint32_t group = 0;

	if (from->role == GO_ROLE_CHAN)
		return (struct guess){ offset == 16 ? from->type : 0, offset == 16 ? GO_ROLE_SLICE : 0 };
	if (from->role == GO_ROLE_MAP_DIRECTORY)
		return (struct guess){ from->type, GO_ROLE_MAP_TABLE };
	if (offset != 16 && (swiss || offset != 24))
		return (struct guess){ 0 };
	if (from->type && !(swiss && from->role == GO_ROLE_MAP))
		group = go_types_find(&r->types, r->types.type[from->type].group);
	/* whether that is a directory, its size tells */
	return swiss && from->role == GO_ROLE_MAP ? (struct guess){ from->type, GO_ROLE_MAP_DIRECTORY } :
		(struct guess){ group, GO_ROLE_SLICE };
}

/* Whether an object of this size may be one of a type: the allocator rounds up. */
static bool fits(uint64_t object_bytes, uint64_t type_bytes)
{
	uint64_t slack = type_bytes > 32 << 10 ? 8192 : type_bytes / 4 > 16 ? type_bytes / 4 : 16;

	return type_bytes && type_bytes <= object_bytes && object_bytes < type_bytes + slack;
}

/* A guess that is right, or that nothing is known. */
static struct guess check(struct go_reach *r, struct guess g, struct go_span *s, uint64_t start, uint64_t value)
{
	uint64_t head = s->has_headers ? HEADER_BYTES : 0, into = value - start;
	uint32_t own = s->has_headers || s->large_type ? type_in_heap(r, s, start) : 0, group;
	uint64_t bytes = r->types.type[g.type].bytes;

	if (g.role == GO_ROLE_MAP_DIRECTORY && g.type) {
		group = go_types_find(&r->types, r->types.type[g.type].group);
		if (group && (own == group || (!own && fits(s->object_bytes - head, r->types.type[group].bytes))))
			return (struct guess){ group, GO_ROLE_SLICE };
	}
	if (own && (g.role == GO_ROLE_UNKNOWN || ((g.role == GO_ROLE_VALUE || g.role == GO_ROLE_SLICE) && own != g.type)))
		return (struct guess){ own, fits(s->object_bytes - head, r->types.type[own].bytes) ?
			GO_ROLE_VALUE : GO_ROLE_SLICE };
	if (g.role == GO_ROLE_VALUE && (into != head || !fits(s->object_bytes - head, bytes)))
		return (struct guess){ 0 };
	if (g.role == GO_ROLE_SLICE && (!bytes || into < head || (into - head) % bytes))
		return (struct guess){ 0 };
	if ((g.role == GO_ROLE_MAP || g.role == GO_ROLE_CHAN || g.role == GO_ROLE_MAP_TABLE) && into)
		return (struct guess){ 0 };
	return g;
}

/* Which reference it is: the same in all elements of an array. */
static uint64_t offset_told(struct go_reach *r, const struct source *from, uint64_t offset)
{
	if (from->role == GO_ROLE_VALUE || from->role == GO_ROLE_SLICE)
		return go_types_slot(&r->types, from->type, offset % from->type_bytes).offset;
	if (from->role == GO_ROLE_UNKNOWN || from->role == GO_ROLE_ROOT || from->role == GO_ROLE_FUNC)
		return from->fine ? offset : 0;
	return 0;
}

/** go_reach_queue() - an object is to be read; false: no memory */
bool go_reach_queue(struct go_reach *r, uint32_t object)
{
	if (r->tail == r->capacity) {
		size_t n = r->tail - r->head, more = r->capacity ? 2 * r->capacity : 4096;
		uint32_t *queue;

		if (r->head > r->capacity / 2) {
			memmove(r->queue, r->queue + r->head, n * sizeof(*r->queue));
			r->head = 0;
			r->tail = n;
		} else {
			more = more < r->spans.objects ? more : r->spans.objects;
			queue = more > r->capacity ? realloc(r->queue, more * sizeof(*queue)) : NULL;
			if (!queue)
				return false;
			r->queue = queue;
			r->capacity = more;
		}
	}
	r->queue[r->tail++] = object;
	return true;
}

static void reached(struct go_reach *r, struct go_span *s, uint32_t object, uint32_t link, uint32_t parent)
{
	struct go_link *l = &r->chains.link[link];

	r->link[object] = link;
	r->parent[object] = parent;
	l->objects++;
	l->bytes += s->object_bytes;
	if (l->example == GO_OBJECT_NONE)
		l->example = object;
	r->objects++;
	r->bytes += s->object_bytes;
	if (s->has_pointers && !go_reach_queue(r, object))
		r->is_full = true;
}

/* What a word leads to. */
static struct guess guess(struct go_reach *r, const struct source *from, uint64_t offset, uint64_t before)
{
	struct guess g = { 0 };

	if (from->role == GO_ROLE_VALUE || from->role == GO_ROLE_SLICE)
		g = by_value(r, from, offset, before);
	else if (from->role >= GO_ROLE_MAP && from->role <= GO_ROLE_CHAN)
		g = by_role(r, from, offset);
	else if (from->role != GO_ROLE_FUNC)
		g = by_interface(r, before);
	return g;
}

/*
 * How much of a large object is referred to: by a slice or string its length, by anything
 * else all of it. Of an empty slice, too: it is a buffer that is going to be filled.
 */
static void note_use(struct go_reach *r, struct go_span *s, uint32_t object, struct guess g, uint64_t into, uint64_t length)
{
	uint64_t each = g.role == GO_ROLE_STRING ? 1 : g.role == GO_ROLE_SLICE ? r->types.type[g.type].bytes : 0;
	uint64_t room = s->object_bytes - into, bytes = s->object_bytes;
	uint32_t *used;

	if (!s->used)
		s->used = calloc(s->objects, sizeof(*s->used));
	if (!s->used)
		return;
	if (each && length && length <= room / each)
		bytes = length * each;
	used = &s->used[object - s->first];
	*used = bytes < UINT32_MAX - *used ? *used + bytes : UINT32_MAX;
}

/** go_reach_share() - an object to which another root leads, too */
void go_reach_share(struct go_reach *r, const struct go_span *s, uint32_t object)
{
	go_shared_mark(&r->shared, object);
	r->chains.root[r->chains.link[r->link[object]].root].shared_bytes += s->object_bytes;
}

/* A reference to what is reached already. */
static void see_again(struct go_reach *r, const struct go_span *s, uint32_t object, uint32_t link)
{
	const struct go_link *l = r->chains.link;

	if (r->link[object] != GO_LINK_CLOSED && l[r->link[object]].root != l[link].root &&
	    !go_shared_has(&r->shared, object))
		go_reach_share(r, s, object);
}

static void see(struct go_reach *r, const struct source *from, uint64_t offset, const uint64_t words[3])
{
	uint32_t at = go_spans_at(&r->spans, words[1]), object;
	uint64_t start, value = words[1];
	struct go_span *s;
	struct go_way way;
	struct guess g;

	if (at == GO_SPAN_NONE)
		return;
	s = &r->spans.span[at];
	object = go_span_object(s, value);
	if (r->link[object] && go_shared_is_open(&r->shared))
		see_again(r, s, object, from->link);
	if (r->link[object] && s->object_bytes < LARGE_BYTES)
		return;
	start = go_span_address(s, object);
	g = guess(r, from, offset, words[0]);
	if (s->object_bytes >= LARGE_BYTES)
		note_use(r, s, object, from->role <= GO_ROLE_SLICE ? g : (struct guess){ 0 }, value - start, words[2]);
	if (r->link[object])
		return;
	g = check(r, g, s, start, value);
	way = (struct go_way){ .parent = from->link, .type = g.type, .role = g.role,
			       .offset = offset_told(r, from, offset), .object_bytes = s->object_bytes };
	reached(r, s, object, go_chains_link(&r->chains, &way), from->object);
}

/** go_reach_see() - a word of a root */
void go_reach_see(struct go_reach *r, uint32_t link, uint64_t offset, uint64_t word, uint64_t before)
{
	struct source from = { .link = link, .object = GO_OBJECT_NONE, .role = GO_ROLE_ROOT, .fine = true };

	if (link)
		see(r, &from, offset, (uint64_t[]){ before, word, 0 });
}

static void set_closed(struct go_reach *r, uint64_t at, uint32_t from, uint32_t to)
{
	uint32_t span = go_spans_at(&r->spans, at), object;

	if (span == GO_SPAN_NONE)
		return;
	object = go_span_object(&r->spans.span[span], at);
	if (r->link[object] == from)
		r->link[object] = to;
}

/** go_reach_close_object() - leave out an object until it is opened */
void go_reach_close_object(struct go_reach *r, uint64_t at)
{
	set_closed(r, at, GO_LINK_NONE, GO_LINK_CLOSED);
}

/** go_reach_open_object() - undo go_reach_close_object() */
void go_reach_open_object(struct go_reach *r, uint64_t at)
{
	set_closed(r, at, GO_LINK_CLOSED, GO_LINK_NONE);
}

static void see_words(struct go_reach *r, const struct source *from, const unsigned char *p, uint64_t bytes,
		      uint64_t offset, uint64_t before)
{
	uint64_t low = r->spans.low, size = r->spans.high - low;

	for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
		uint64_t w = u64_at(p + i);

		if (w - low < size)
			see(r, from, offset + i, (uint64_t[]){ before, w, i + 16 <= bytes ? u64_at(p + i + 8) : 0 });
		before = w;
	}
}

/*
 * Where the buffer of the write barrier begins in the record of a processor; @bytes: it
 * has none. The record says where the buffer is to be filled next, and where it ends.
 */
static uint64_t barrier_buffer(const unsigned char *p, uint64_t bytes, uint64_t at)
{
	for (uint64_t i = 0; i + BARRIER_HEAD_BYTES + BARRIER_BYTES <= bytes; i += 8) {
		uint64_t first = at + i + BARRIER_HEAD_BYTES;

		if (u64_at(p + i + 8) == first + BARRIER_BYTES && u64_at(p + i) - first <= BARRIER_BYTES)
			return i;
	}
	return bytes;
}

/* The beginning of the field before an offset; the offset itself if the type has none. */
static uint64_t field_before(const struct go_type *type, uint64_t offset)
{
	uint64_t best = 0;
	bool found = false;

	for (uint32_t i = 0; i < type->fields; i++)
		if (type->field[i].offset < offset && type->field[i].offset >= best) {
			best = type->field[i].offset;
			found = true;
		}
	return found ? best : offset;
}

/*
 * The record of a processor, without the buffer of the write barrier and the collector's
 * queues, which are just before it: they keep what was written while the collector was at
 * work last, and hold nothing. Before Go 1.22, when types are not known, the queues are
 * not in the heap.
 */
static void see_processor(struct go_reach *r, const struct source *from, const unsigned char *p, uint64_t bytes,
			  uint64_t at)
{
	uint64_t buffer = barrier_buffer(p, bytes, at), end = buffer + BARRIER_HEAD_BYTES + BARRIER_BYTES;
	uint64_t begin = buffer < bytes ? field_before(&r->types.type[from->type], buffer) : bytes;

	see_words(r, from, p, begin, 0, 0);
	if (end < bytes)
		see_words(r, from, p + end, bytes - end, end, 0);
}

static void read_large(struct go_reach *r, const struct source *from, const struct go_span *s, uint64_t at)
{
	uint64_t before = 0;

	for (uint64_t done = 0; done < s->object_bytes; done += PART_BYTES) {
		uint64_t n = s->object_bytes - done < PART_BYTES ? s->object_bytes - done : PART_BYTES;

		if (!go_read(r->process, at + done, r->buffer, n)) {
			r->unread_objects++;
			return;
		}
		r->read_bytes += n;
		see_words(r, from, r->buffer, n, done, before);
		before = u64_at(r->buffer + n - 8);
	}
}

static void know(struct go_reach *r, struct source *from, const unsigned char *copy, uint64_t bytes, uint64_t at)
{
	struct go_object o = { at, copy, bytes, from->link, from->type, from->role };

	go_content_know(&r->content, &o);
	go_content_count(&r->content, &o);
	from->type = o.type;
	from->role = o.role;
}

static struct source source_of(struct go_reach *r, const struct go_span *s, uint32_t object, uint32_t link)
{
	const struct go_way *way = &r->chains.link[link].way;
	struct source from = { link, object, way->type, way->role, 0, s->object_bytes <= FINE_BYTES };

	if (from.role == GO_ROLE_ROOT)
		from.role = GO_ROLE_UNKNOWN;
	from.type_bytes = r->types.type[from.type].bytes;
	if (!from.type_bytes && (from.role == GO_ROLE_VALUE || from.role == GO_ROLE_SLICE))
		from.role = GO_ROLE_UNKNOWN;
	return from;
}

static void read_object(struct go_reach *r, uint32_t object)
{
	struct go_span *s = (struct go_span *)go_spans_of(&r->spans, object);
	uint64_t at = go_span_address(s, object), head = s->has_headers ? HEADER_BYTES : 0;
	struct source from = source_of(r, s, object, r->link[object]);
	const unsigned char *p;

	if (s->end - s->start > PART_BYTES) {
		read_large(r, &from, s, at);
		return;
	}
	p = copy_of(r, s, true);
	if (!p) {
		r->unread_objects++;
		return;
	}
	p += at - s->start + head;
	know(r, &from, p, s->object_bytes - head, at + head);
	if (s->object_bytes == r->processor_bytes)
		see_processor(r, &from, p, s->object_bytes - head, at + head);
	else
		see_words(r, &from, p, s->object_bytes - head, 0, 0);
	/* nothing in it is left to be read */
	if (++s->read == s->allocated)
		drop_copy(r, s);
}

/** go_reach_read() - the words of an object, without what is known of them; what cannot be read is left out */
void go_reach_read(struct go_reach *r, uint32_t object,
		   void (*fn)(struct go_reach *r, const unsigned char *p, uint64_t bytes))
{
	struct go_span *s = (struct go_span *)go_spans_of(&r->spans, object);
	uint64_t at = go_span_address(s, object), n;
	const unsigned char *p = copy_of(r, s, true);

	if (p)
		fn(r, p + (at - s->start), s->object_bytes);
	for (uint64_t done = 0; !p && done < s->object_bytes; done += n) {
		n = s->object_bytes - done < PART_BYTES ? s->object_bytes - done : PART_BYTES;
		if (!go_read(r->process, at + done, r->buffer, n))
			return;
		r->read_bytes += n;
		fn(r, r->buffer, n);
	}
}

/* An object that a word leads to, if that is a way as that of a link; 0: it is not. */
static uint64_t object_behind(struct go_reach *r, const struct source *from, uint64_t offset, uint64_t word,
			      uint64_t before, const struct go_way *way)
{
	uint32_t at = go_spans_at(&r->spans, word);
	struct go_span *s = &r->spans.span[at];
	struct guess g;
	uint64_t start;

	/* an array that grows has another size each time */
	if (at == GO_SPAN_NONE || offset_told(r, from, offset) != way->offset)
		return 0;
	start = go_span_address(s, go_span_object(s, word));
	g = check(r, guess(r, from, offset, before), s, start, word);
	return g.type == way->type && g.role == way->role ? start : 0;
}

/* What an object is by its link and what is in it now; bytes: of what was read into the buffer. */
static bool read_again(struct go_reach *r, uint64_t at, uint32_t link, struct source *from, uint64_t *bytes)
{
	uint32_t span = go_spans_at(&r->spans, at);
	const struct go_span *s = &r->spans.span[span];
	uint64_t head;

	if (span == GO_SPAN_NONE)
		return false;
	head = s->has_headers ? HEADER_BYTES : 0;
	*from = source_of(r, s, go_span_object(s, at), link);
	*bytes = s->object_bytes - head < PART_BYTES ? s->object_bytes - head : PART_BYTES;
	if (!go_read(r->process, at + head, r->buffer, *bytes))
		return false;
	if (s->end - s->start <= PART_BYTES) {
		struct go_object o = { at + head, r->buffer, *bytes, link, from->type, from->role };

		go_content_know(&r->content, &o);
		from->type = o.type;
		from->role = o.role;
	}
	return true;
}

/**
 * go_reach_next() - what an object, or a root, leads to now
 * @at: where it is
 * @link: what it is
 * @next: what is looked for, by the way to it
 * @found: addresses of such objects
 *
 * Return: how many there are, at most @max.
 */
size_t go_reach_next(struct go_reach *r, uint64_t at, uint32_t link, uint32_t next, uint64_t *found, size_t max)
{
	const struct go_way *way = &r->chains.link[next].way;
	struct source from = { .link = link, .object = GO_OBJECT_NONE, .role = GO_ROLE_ROOT, .fine = true };
	uint64_t bytes, start, first = 0, words[2] = { 0 };
	size_t n = 0;

	if (r->chains.link[link].way.role == GO_ROLE_ROOT) {
		/* the type of an interface is before it */
		if (!go_read(r->process, at + way->offset - 8, words, sizeof(words)))
			return 0;
		memcpy(r->buffer, words, sizeof(words));
		bytes = sizeof(words);
		first = way->offset - 8;
	} else if (!read_again(r, at, link, &from, &bytes)) {
		return 0;
	}
	for (uint64_t i = 0; i + 8 <= bytes && n < max; i += 8) {
		start = object_behind(r, &from, first + i, u64_at(r->buffer + i), i ? u64_at(r->buffer + i - 8) : 0, way);
		if (start && (!n || found[n - 1] != start))
			found[n++] = start;
	}
	return n;
}

static void show_progress(struct go_reach *r)
{
	unsigned int percent = r->spans.allocated_bytes > r->bytes ?
		100.0 * r->bytes / r->spans.allocated_bytes : 100;

	if (r->progress && percent > r->percent)
		r->progress(percent);
	if (percent > r->percent)
		r->percent = percent;
}

/** go_reach_run() - follow all that was seen; 0 or -ENOMEM */
int go_reach_run(struct go_reach *r)
{
	while (r->head < r->tail && !r->is_full) {
		read_object(r, r->queue[r->head++]);
		if (!(r->head & 0xfff))
			show_progress(r);
	}
	return r->is_full ? -ENOMEM : 0;
}

/** go_reach_forget_copies() - from now on, everything is read as it is now */
void go_reach_forget_copies(struct go_reach *r)
{
	go_reach_drop_copies(r);
	r->copies_max_bytes = 0;
}
