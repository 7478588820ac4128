// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes netlink attributes to structs. Both the kernel's messages and the
 * records of a trace file are decoded here; the latter are untrusted. Lengths
 * are checked by policy, and numbers that are used as an index by hand.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "model/decode.h"
#include "model/event.h"
#include "model/kind.h"
#include "model/object.h"
#include "model/site.h"
#include "model/status.h"
#include "model/target.h"
#include "symbolize/stack.h"
#include "util/sanitize.h"

#define A(set, name)	LEAKTRACE_A_##set##_##name
#define POLICY(set, SET) static const struct nla_policy set##_policy[A(SET, MAX) + 1]

/* Reads attribute NAME of tb into place, if it is present. */
#define GET(tb, set, name, bits, place)						\
	do {									\
		if ((tb)[A(set, name)])						\
			(place) = nla_get_u##bits((tb)[A(set, name)]);		\
	} while (0)

#define U8  { .type = NLA_U8 }
#define U32 { .type = NLA_U32 }
#define U64 { .type = NLA_U64 }
#define NEST { .type = NLA_NESTED }
#define STR { .type = NLA_STRING }

POLICY(target, TARGET) = {
	[A(TARGET, ID)] = U32, [A(TARGET, PID)] = U32, [A(TARGET, KINDS)] = U32,
	[A(TARGET, FLAGS)] = U32, [A(TARGET, MAX_OBJECTS)] = U32,
	[A(TARGET, PARENT)] = U32, [A(TARGET, COMM)] = STR,
	[A(TARGET, NOW_NS)] = U64, [A(TARGET, ATTACHED_NS)] = U64,
	[A(TARGET, EXITED_NS)] = U64, [A(TARGET, EXIT_CODE)] = U32,
	[A(TARGET, EXECS)] = U32, [A(TARGET, INEXACT)] = U32,
	[A(TARGET, RECONCILED_NS)] = U64, [A(TARGET, KIND)] = NEST,
	[A(TARGET, OBJECT_KIND)] = U8, [A(TARGET, LOST)] = NEST,
	[A(TARGET, CHILDREN_DROPPED)] = U32, [A(TARGET, PAIR)] = STR,
};

POLICY(kind, KIND) = {
	[A(KIND, ID)] = U8, [A(KIND, BASELINE)] = U64,
	[A(KIND, BASELINE_LIVE)] = U64, [A(KIND, BORN)] = U64,
	[A(KIND, DIED)] = U64, [A(KIND, LIVE)] = U64, [A(KIND, BYTES)] = U64,
	[A(KIND, MISSED_BIRTHS)] = U64, [A(KIND, MISSED_DEATHS)] = U64,
	[A(KIND, REBORN)] = U64, [A(KIND, FOREIGN)] = U64,
	[A(KIND, UNTRACKED)] = U64, [A(KIND, MOVED)] = U64,
};

POLICY(status, STATUS) = {
	[A(STATUS, VERSION)] = STR, [A(STATUS, TRACING)] = U8,
	[A(STATUS, STOPPED)] = STR, [A(STATUS, TARGETS)] = U32,
	[A(STATUS, TARGETS_MAX)] = U32, [A(STATUS, OBJECTS)] = U64,
	[A(STATUS, OBJECTS_MAX)] = U64, [A(STATUS, PAGE_CELLS)] = U64,
	[A(STATUS, PAGE_CELLS_MAX)] = U64, [A(STATUS, SITES)] = U64,
	[A(STATUS, SITES_MAX)] = U64, [A(STATUS, STACKS)] = U64,
	[A(STATUS, STACKS_MAX)] = U64, [A(STATUS, RING_BYTES)] = U64,
	[A(STATUS, RING_USED_BYTES)] = U64, [A(STATUS, MEMORY_BYTES)] = U64,
	[A(STATUS, EVENTS)] = U64, [A(STATUS, LOST_RING)] = U64,
	[A(STATUS, LOST_SOCKET)] = U64, [A(STATUS, LOST_OBJECTS)] = U64,
	[A(STATUS, LOST_SITES)] = U64, [A(STATUS, LOST_STACKS)] = U64,
	[A(STATUS, LOST_NESTED)] = U64, [A(STATUS, LOST_WORK)] = U64,
	[A(STATUS, WORKS)] = U64, [A(STATUS, CPUS)] = U64,
	[A(STATUS, CPU_BYTES)] = U64,
};

POLICY(probe, PROBE) = {
	[A(PROBE, NAME)] = STR, [A(PROBE, HOW)] = U8, [A(PROBE, KINDS)] = U32,
	[A(PROBE, REQUIRED)] = U8, [A(PROBE, PRESENT)] = U8,
	[A(PROBE, ATTACHED)] = U8, [A(PROBE, ERROR)] = U32,
	[A(PROBE, HITS)] = U64, [A(PROBE, WHY)] = STR,
};

POLICY(site, SITE) = {
	[A(SITE, ID)] = U32, [A(SITE, KIND)] = U8, [A(SITE, TYPE)] = U8,
	[A(SITE, STACK)] = U32, [A(SITE, BORN)] = U64, [A(SITE, DIED)] = U64,
	[A(SITE, FIRST_NS)] = U64, [A(SITE, LAST_NS)] = U64,
	[A(SITE, LAST_DIED_NS)] = U64, [A(SITE, LIFETIME_MAX_NS)] = U64,
	[A(SITE, LIFETIME_SUM_NS)] = U64, [A(SITE, LIFETIMES)] = { .type = NLA_UNSPEC },
	[A(SITE, RELEASE)] = NEST, [A(SITE, RELEASED_ELSEWHERE)] = U64,
	[A(SITE, TARGET)] = U32,
};

POLICY(release, RELEASE) = {
	[A(RELEASE, STACK)] = U32, [A(RELEASE, COUNT)] = U64,
};

POLICY(object, OBJECT) = {
	[A(OBJECT, KIND)] = U8, [A(OBJECT, TYPE)] = U8, [A(OBJECT, ID)] = U64,
	[A(OBJECT, COUNT)] = U32, [A(OBJECT, SITE)] = U32,
	[A(OBJECT, BORN_NS)] = U64, [A(OBJECT, FLAGS)] = U32,
	[A(OBJECT, SPACE)] = U32, [A(OBJECT, CLOCK)] = U32,
	[A(OBJECT, INTERVAL_NS)] = U64, [A(OBJECT, EXPIRATIONS)] = U64,
	[A(OBJECT, OVERRUNS)] = U64, [A(OBJECT, CTID)] = U64,
	[A(OBJECT, EXITED_NS)] = U64,
};

POLICY(stack, STACK) = {
	[A(STACK, ID)] = U32, [A(STACK, STATUS)] = U8, [A(STACK, GUESSED)] = U8,
	[A(STACK, PCS)] = { .type = NLA_UNSPEC },
	[A(STACK, TARGET)] = U32, [A(STACK, KEPT)] = U32, [A(STACK, IP)] = U64,
	[A(STACK, SP)] = U64, [A(STACK, BP)] = U64, [A(STACK, MEMORY)] = { .type = NLA_UNSPEC },
};

POLICY(batch, BATCH) = {
	[A(BATCH, CPU)] = U32, [A(BATCH, SEQ)] = U64, [A(BATCH, LOST)] = U64,
	[A(BATCH, EVENT)] = NEST,
};

POLICY(event, EVENT) = {
	[A(EVENT, OP)] = U8, [A(EVENT, KIND)] = U8, [A(EVENT, TARGET)] = U32,
	[A(EVENT, TIME_NS)] = U64, [A(EVENT, ID)] = U64, [A(EVENT, COUNT)] = U32,
	[A(EVENT, SITE)] = U32, [A(EVENT, STACK)] = U32, [A(EVENT, TID)] = U32,
};

/* Rejects lengths with which libnl's int arithmetic would overflow. */
static int parse(struct nlattr **tb, int max, struct nlattr *attrs, int len,
		 const struct nla_policy *policy)
{
	if (len < 0 || nla_parse(tb, max, attrs, len, (struct nla_policy *)policy))
		return -EINVAL;
	return 0;
}

static void copy_string(struct nlattr *a, char *to, size_t capacity)
{
	size_t len;

	if (!a)
		return;
	len = strnlen(nla_data(a), nla_len(a));
	if (len >= capacity)
		len = capacity - 1;
	memcpy(to, nla_data(a), len);
	to[len] = '\0';
	/* the target chooses its name: control characters must not reach a terminal */
	for (; *to; to++)
		if ((unsigned char)*to < ' ' || *to == 0x7f)
			*to = '?';
}

static int decode_kind(struct nlattr *nest, struct target *t)
{
	struct nlattr *tb[A(KIND, MAX) + 1];
	struct kind_totals *k;
	unsigned int id = KINDS;

	if (parse(tb, A(KIND, MAX), nla_data(nest), nla_len(nest), kind_policy))
		return -EINVAL;
	GET(tb, KIND, ID, 8, id);
	if (id >= KINDS)
		return 0;	/* of a newer kernel: ignored */
	k = &t->kind[id];
	k->present = true;
	GET(tb, KIND, BASELINE, 64, k->baseline);
	GET(tb, KIND, BASELINE_LIVE, 64, k->baseline_live);
	GET(tb, KIND, BORN, 64, k->born);
	GET(tb, KIND, DIED, 64, k->died);
	GET(tb, KIND, LIVE, 64, k->live);
	GET(tb, KIND, BYTES, 64, k->bytes);
	GET(tb, KIND, MISSED_BIRTHS, 64, k->missed_births);
	GET(tb, KIND, MISSED_DEATHS, 64, k->missed_deaths);
	GET(tb, KIND, REBORN, 64, k->reborn);
	GET(tb, KIND, FOREIGN, 64, k->foreign);
	GET(tb, KIND, UNTRACKED, 64, k->untracked);
	GET(tb, KIND, MOVED, 64, k->moved);
	return 0;
}

/* An older module does not count losses per target. */
static int decode_lost(struct nlattr *nest, struct target *t)
{
	struct status s;

	t->knows_lost = nest;
	if (nest && decode_status(nla_data(nest), nla_len(nest), &s))
		return -EINVAL;
	if (nest)
		t->lost = s.lost;
	return 0;
}

static void decode_pair(struct nlattr *a, char name[LEAKTRACE_PAIR_NAME_BYTES])
{
	snprintf(name, LEAKTRACE_PAIR_NAME_BYTES, "%.*s", nla_len(a), (const char *)nla_data(a));
	sanitize(name);
}

int decode_target(struct nlattr *attrs, int len, struct target *t)
{
	struct nlattr *tb[A(TARGET, MAX) + 1], *a;
	int rest;

	memset(t, 0, sizeof(*t));
	if (parse(tb, A(TARGET, MAX), attrs, len, target_policy))
		return -EINVAL;
	GET(tb, TARGET, ID, 32, t->id);
	GET(tb, TARGET, PID, 32, t->pid);
	GET(tb, TARGET, KINDS, 32, t->kinds);
	GET(tb, TARGET, FLAGS, 32, t->flags);
	GET(tb, TARGET, MAX_OBJECTS, 32, t->max_objects);
	GET(tb, TARGET, PARENT, 32, t->parent);
	GET(tb, TARGET, CHILDREN_DROPPED, 32, t->children_dropped);
	GET(tb, TARGET, NOW_NS, 64, t->now_ns);
	GET(tb, TARGET, ATTACHED_NS, 64, t->attached_ns);
	GET(tb, TARGET, EXITED_NS, 64, t->exited_ns);
	GET(tb, TARGET, EXIT_CODE, 32, t->exit_code);
	GET(tb, TARGET, EXECS, 32, t->execs);
	GET(tb, TARGET, GENERATION, 32, t->generation);
	GET(tb, TARGET, INEXACT, 32, t->inexact);
	GET(tb, TARGET, RECONCILED_NS, 64, t->reconciled_ns);
	copy_string(tb[A(TARGET, COMM)], t->comm, sizeof(t->comm));
	sanitize(t->comm);
	if (decode_lost(tb[A(TARGET, LOST)], t))
		return -EINVAL;
	nla_for_each_attr(a, attrs, len, rest) {
		if (nla_type(a) == A(TARGET, KIND) && decode_kind(a, t))
			return -EINVAL;
		if (nla_type(a) == A(TARGET, PAIR) && t->npairs < LEAKTRACE_PAIR_ACQUIRES_MAX)
			decode_pair(a, t->pair[t->npairs++]);
	}
	return 0;
}

int decode_status(struct nlattr *attrs, int len, struct status *s)
{
	struct nlattr *tb[A(STATUS, MAX) + 1];

	memset(s, 0, sizeof(*s));
	if (parse(tb, A(STATUS, MAX), attrs, len, status_policy))
		return -EINVAL;
	copy_string(tb[A(STATUS, VERSION)], s->version, sizeof(s->version));
	copy_string(tb[A(STATUS, STOPPED)], s->stopped, sizeof(s->stopped));
	GET(tb, STATUS, TRACING, 8, s->tracing);
	GET(tb, STATUS, TARGETS, 32, s->targets);
	GET(tb, STATUS, TARGETS_MAX, 32, s->targets_max);
	GET(tb, STATUS, OBJECTS, 64, s->objects);
	GET(tb, STATUS, OBJECTS_MAX, 64, s->objects_max);
	GET(tb, STATUS, PAGE_CELLS, 64, s->page_cells);
	GET(tb, STATUS, PAGE_CELLS_MAX, 64, s->page_cells_max);
	GET(tb, STATUS, SITES, 64, s->sites);
	GET(tb, STATUS, SITES_MAX, 64, s->sites_max);
	GET(tb, STATUS, STACKS, 64, s->stacks);
	GET(tb, STATUS, STACKS_MAX, 64, s->stacks_max);
	GET(tb, STATUS, RING_BYTES, 64, s->ring_bytes);
	GET(tb, STATUS, RING_USED_BYTES, 64, s->ring_used_bytes);
	GET(tb, STATUS, MEMORY_BYTES, 64, s->memory_bytes);
	GET(tb, STATUS, EVENTS, 64, s->events);
	GET(tb, STATUS, LOST_RING, 64, s->lost.ring);
	GET(tb, STATUS, LOST_SOCKET, 64, s->lost.socket);
	GET(tb, STATUS, LOST_OBJECTS, 64, s->lost.objects);
	GET(tb, STATUS, LOST_SITES, 64, s->lost.sites);
	GET(tb, STATUS, LOST_STACKS, 64, s->lost.stacks);
	GET(tb, STATUS, LOST_NESTED, 64, s->lost.nested);
	GET(tb, STATUS, LOST_WORK, 64, s->lost.work);
	GET(tb, STATUS, WORKS, 64, s->works);
	GET(tb, STATUS, CPUS, 64, s->cpus);
	GET(tb, STATUS, CPU_BYTES, 64, s->cpu_bytes);
	return 0;
}

int decode_probe(struct nlattr *attrs, int len, struct probe *p)
{
	struct nlattr *tb[A(PROBE, MAX) + 1];

	memset(p, 0, sizeof(*p));
	if (parse(tb, A(PROBE, MAX), attrs, len, probe_policy))
		return -EINVAL;
	copy_string(tb[A(PROBE, NAME)], p->name, sizeof(p->name));
	copy_string(tb[A(PROBE, WHY)], p->why, sizeof(p->why));
	GET(tb, PROBE, HOW, 8, p->how);
	GET(tb, PROBE, KINDS, 32, p->kinds);
	GET(tb, PROBE, REQUIRED, 8, p->required);
	GET(tb, PROBE, PRESENT, 8, p->present);
	GET(tb, PROBE, ATTACHED, 8, p->attached);
	GET(tb, PROBE, HITS, 64, p->hits);
	if (tb[A(PROBE, ERROR)])
		p->error = (int32_t)nla_get_u32(tb[A(PROBE, ERROR)]);
	return 0;
}

static int decode_release(struct nlattr *nest, struct site *s)
{
	struct nlattr *tb[A(RELEASE, MAX) + 1];
	struct release r = { 0 };

	if (parse(tb, A(RELEASE, MAX), nla_data(nest), nla_len(nest), release_policy))
		return -EINVAL;
	GET(tb, RELEASE, STACK, 32, r.stack);
	GET(tb, RELEASE, COUNT, 64, r.count);
	if (s->releases < LEAKTRACE_RELEASES_MAX)
		s->release[s->releases++] = r;
	return 0;
}

/* One array of numbers, or an attribute for each. */
static void decode_lifetimes(struct nlattr *nest, struct site *s)
{
	struct nlattr *a;
	unsigned int i = 0;
	int rest;

	if (!nest)
		return;
	if (nla_len(nest) == sizeof(s->lifetimes)) {
		memcpy(s->lifetimes, nla_data(nest), sizeof(s->lifetimes));
		return;
	}
	nla_for_each_nested(a, nest, rest)
		if (i < LEAKTRACE_LIFETIME_BUCKETS && nla_len(a) >= 4)
			s->lifetimes[i++] = nla_get_u32(a);
}

int decode_site(struct nlattr *attrs, int len, struct site *s)
{
	struct nlattr *tb[A(SITE, MAX) + 1], *a;
	int rest;

	memset(s, 0, sizeof(*s));
	if (parse(tb, A(SITE, MAX), attrs, len, site_policy))
		return -EINVAL;
	GET(tb, SITE, ID, 32, s->id);
	GET(tb, SITE, KIND, 8, s->kind);
	GET(tb, SITE, TYPE, 8, s->type);
	GET(tb, SITE, STACK, 32, s->stack);
	GET(tb, SITE, BORN, 64, s->born);
	GET(tb, SITE, DIED, 64, s->died);
	GET(tb, SITE, FIRST_NS, 64, s->first_ns);
	GET(tb, SITE, LAST_NS, 64, s->last_ns);
	GET(tb, SITE, LAST_DIED_NS, 64, s->last_died_ns);
	GET(tb, SITE, LIFETIME_MAX_NS, 64, s->lifetime_max_ns);
	GET(tb, SITE, LIFETIME_SUM_NS, 64, s->lifetime_sum_ns);
	GET(tb, SITE, RELEASED_ELSEWHERE, 64, s->released_elsewhere);
	GET(tb, SITE, TARGET, 32, s->target);
	if (s->kind >= KINDS)
		return -EINVAL;
	if (s->died > s->born)
		s->died = s->born;
	decode_lifetimes(tb[A(SITE, LIFETIMES)], s);
	nla_for_each_attr(a, attrs, len, rest)
		if (nla_type(a) == A(SITE, RELEASE) && decode_release(a, s))
			return -EINVAL;
	return 0;
}

int decode_object(struct nlattr *attrs, int len, struct object *o)
{
	struct nlattr *tb[A(OBJECT, MAX) + 1];

	memset(o, 0, sizeof(*o));
	o->count = 1;
	if (parse(tb, A(OBJECT, MAX), attrs, len, object_policy))
		return -EINVAL;
	GET(tb, OBJECT, KIND, 8, o->kind);
	GET(tb, OBJECT, TYPE, 8, o->type);
	GET(tb, OBJECT, ID, 64, o->id);
	GET(tb, OBJECT, COUNT, 32, o->count);
	GET(tb, OBJECT, SITE, 32, o->site);
	GET(tb, OBJECT, BORN_NS, 64, o->born_ns);
	GET(tb, OBJECT, FLAGS, 32, o->flags);
	GET(tb, OBJECT, SPACE, 32, o->space);
	GET(tb, OBJECT, CLOCK, 32, o->clock);
	if (o->kind == LEAKTRACE_KIND_TIMER) {
		GET(tb, OBJECT, INTERVAL_NS, 64, o->interval_ns);
		GET(tb, OBJECT, EXPIRATIONS, 64, o->expirations);
		GET(tb, OBJECT, OVERRUNS, 64, o->overruns);
	} else if (o->kind == LEAKTRACE_KIND_MAP) {
		GET(tb, OBJECT, BYTES, 64, o->bytes);
	} else if (o->kind == LEAKTRACE_KIND_HEAP) {
		GET(tb, OBJECT, BYTES, 64, o->bytes);
		GET(tb, OBJECT, MEAN_BYTES, 64, o->mean_bytes);
	} else {
		GET(tb, OBJECT, CTID, 64, o->ctid);
		GET(tb, OBJECT, EXITED_NS, 64, o->exited_ns);
	}
	return o->kind < KINDS ? 0 : -EINVAL;
}

enum { CHAIN_WORDS_MAX = LEAKTRACE_CHAIN_FRAMES_MAX * LEAKTRACE_CHAIN_FRAME_WORDS };

/* The addresses come first, and then a script's words, if there are any. */
static int split_words(struct stack *s, size_t n)
{
	while (s->npcs < n && !(s->pcs[s->npcs] & LEAKTRACE_CHAIN_WORD))
		s->npcs++;
	s->words = s->pcs + s->npcs;
	s->nwords = (n - s->npcs) / LEAKTRACE_CHAIN_FRAME_WORDS * LEAKTRACE_CHAIN_FRAME_WORDS;
	if (s->npcs <= LEAKTRACE_STACK_DEPTH_MAX && s->nwords <= CHAIN_WORDS_MAX)
		return 0;
	free(s->pcs);
	s->pcs = NULL;
	return -EINVAL;
}

int decode_stack(struct nlattr *attrs, int len, struct stack *s)
{
	struct nlattr *tb[A(STACK, MAX) + 1];
	size_t bytes = 0;

	memset(s, 0, sizeof(*s));
	if (parse(tb, A(STACK, MAX), attrs, len, stack_policy))
		return -EINVAL;
	GET(tb, STACK, ID, 32, s->id);
	GET(tb, STACK, STATUS, 8, s->status);
	GET(tb, STACK, GUESSED, 8, s->guessed);
	GET(tb, STACK, CHAIN, 8, s->chain);
	if (tb[A(STACK, PCS)])
		bytes = nla_len(tb[A(STACK, PCS)]);
	if (bytes % sizeof(uint64_t) || bytes / sizeof(uint64_t) > LEAKTRACE_STACK_DEPTH_MAX + CHAIN_WORDS_MAX)
		return -EINVAL;
	if (!bytes)
		return 0;
	s->pcs = malloc(bytes);
	if (!s->pcs)
		return -ENOMEM;
	memcpy(s->pcs, nla_data(tb[A(STACK, PCS)]), bytes);
	return split_words(s, bytes / sizeof(uint64_t));
}

int decode_stack_copy(struct nlattr *attrs, int len, struct stack_copy *c)
{
	struct nlattr *tb[A(STACK, MAX) + 1];

	memset(c, 0, sizeof(*c));
	if (parse(tb, A(STACK, MAX), attrs, len, stack_policy) || !tb[A(STACK, MEMORY)])
		return -EINVAL;
	GET(tb, STACK, ID, 32, c->id);
	GET(tb, STACK, STATUS, 8, c->status);
	GET(tb, STACK, TARGET, 32, c->target);
	GET(tb, STACK, KEPT, 32, c->kept);
	GET(tb, STACK, IP, 64, c->ip);
	GET(tb, STACK, SP, 64, c->sp);
	GET(tb, STACK, BP, 64, c->bp);
	c->bp_known = tb[A(STACK, BP)];
	c->memory = nla_data(tb[A(STACK, MEMORY)]);
	c->memory_bytes = nla_len(tb[A(STACK, MEMORY)]);
	return 0;
}

static int decode_event(struct nlattr *nest, struct event *e)
{
	struct nlattr *tb[A(EVENT, MAX) + 1];

	memset(e, 0, sizeof(*e));
	e->count = 1;
	if (parse(tb, A(EVENT, MAX), nla_data(nest), nla_len(nest), event_policy))
		return -EINVAL;
	GET(tb, EVENT, OP, 8, e->op);
	GET(tb, EVENT, KIND, 8, e->kind);
	GET(tb, EVENT, TARGET, 32, e->target);
	GET(tb, EVENT, TIME_NS, 64, e->time_ns);
	GET(tb, EVENT, ID, 64, e->id);
	GET(tb, EVENT, COUNT, 32, e->count);
	GET(tb, EVENT, SITE, 32, e->site);
	GET(tb, EVENT, STACK, 32, e->stack);
	GET(tb, EVENT, TID, 32, e->tid);
	return 0;
}

int decode_batch(struct nlattr *attrs, int len, struct batch *b,
		 void (*fn)(const struct event *e, void *arg), void *arg)
{
	struct nlattr *tb[A(BATCH, MAX) + 1], *a;
	struct event e;
	int rest;

	memset(b, 0, sizeof(*b));
	if (parse(tb, A(BATCH, MAX), attrs, len, batch_policy))
		return -EINVAL;
	GET(tb, BATCH, CPU, 32, b->cpu);
	GET(tb, BATCH, SEQ, 64, b->seq);
	GET(tb, BATCH, LOST, 64, b->lost);
	nla_for_each_attr(a, attrs, len, rest) {
		if (nla_type(a) != A(BATCH, EVENT))
			continue;
		if (decode_event(a, &e))
			return -EINVAL;
		if (fn)
			fn(&e, arg);
	}
	return 0;
}
