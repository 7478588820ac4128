// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: whole ones, as the family's policy has them and such that they are
 * likely to be granted; the same with one thing wrong; and rubbish.
 */
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "../fuzz_chain.h"
#include "netlink.h"

enum { PAYLOAD_MAX = 6000 };
/* enum netlink_attribute_type */
enum { IS_U8 = 2, IS_U64 = 5, IS_BINARY = 10, IS_NESTED = 13 };

static const uint64_t edges[] = {
	0, 1, 2, 3, 4, 5, 15, 16, 31, 63, 127, 255, 256, 4095, 65535, 1ULL << 31,
	(1ULL << 31) - 1, (1ULL << 32) - 1, 1ULL << 47, (1ULL << 63) - 1, UINT64_MAX,
};

struct buffer {
	uint8_t *at;
	size_t bytes;
};

static uint64_t edge(struct talker *t)
{
	return edges[below(&t->rng, COUNT(edges))];
}

static void put(struct buffer *b, uint16_t type, const void *data, size_t bytes)
{
	struct nlattr a = { NLA_HDRLEN + bytes, type };

	if (b->bytes + NLA_ALIGN(a.nla_len) > PAYLOAD_MAX)
		return;
	memcpy(b->at + b->bytes, &a, sizeof(a));
	memset(b->at + b->bytes + NLA_ALIGN(a.nla_len) - 4, 0, bytes ? 4 : 0);
	memcpy(b->at + b->bytes + NLA_HDRLEN, data, bytes);
	b->bytes += NLA_ALIGN(a.nla_len);
}

/* --- values that mean something --- */

static unsigned int newest(uint32_t n, unsigned int room)
{
	return n ? (n - 1) % room : 0;
}

static uint32_t a_target(struct talker *t, uint32_t *generation)
{
	const struct world *w = t->world;
	unsigned int i = below(&t->rng, 4) ? newest(w->ntargets, TARGETS) : below(&t->rng, TARGETS);

	*generation = below(&t->rng, 8) ? w->generation[i] : below(&t->rng, 3);
	return below(&t->rng, 8) ? w->target[i] : edge(t);
}

static uint32_t a_pid(struct talker *t)
{
	switch (below(&t->rng, 12)) {
	case 0:
		return 1;
	case 1:
		return 2;
	case 2:
		return getpid();
	case 3:
		return 4194000;
	default:	/* the first stands already, but in a namespace of its own */
		return t->victim[t->role == PIDNS ? 0 : 1 + below(&t->rng, VICTIMS - 1)].pid;
	}
}

/* Of set TARGET; UNWIND's numbers begin where these end. */
static uint64_t target_value(struct talker *t, unsigned int attribute, uint32_t target)
{
	static const uint8_t flags[] = { 0, 0, 1, 2, 3, 16, 18 };
	static const uint32_t most[] = { 0, 0, 1, 50, 100000 };

	switch (attribute) {
	case LEAKTRACE_A_TARGET_ID:
		return target;
	case LEAKTRACE_A_TARGET_PID:
		return a_pid(t);
	case LEAKTRACE_A_TARGET_KINDS:
		return 1 + below(&t->rng, LEAKTRACE_KINDS_ALL);
	case LEAKTRACE_A_TARGET_FLAGS:
		return flags[below(&t->rng, COUNT(flags))];
	case LEAKTRACE_A_TARGET_MAX_OBJECTS:
		return most[below(&t->rng, COUNT(most))];
	case LEAKTRACE_A_TARGET_OBJECT_KIND:
		return below(&t->rng, __LEAKTRACE_KIND_MAX);
	}
	return edge(t);
}

static uint32_t a_table(struct talker *t)
{
	const struct world *w = t->world;

	if (!below(&t->rng, 30))
		return edge(t);
	return below(&t->rng, 4) ? w->table[below(&t->rng, TABLES)] : 0;
}

static void put_map(struct talker *t, struct buffer *b, uint16_t type, const struct span *s)
{
	uint64_t bias = below(&t->rng, 4) ? s->start - s->offset : edge(t);
	uint32_t table = a_table(t), flags = below(&t->rng, 4);
	uint8_t bytes[80];
	struct buffer nest = { bytes, 0 };

	if (s->real >= 0 && below(&t->rng, 2))
		table = t->world->real[s->real];
	if (below(&t->rng, 60))
		put(&nest, LEAKTRACE_A_MAP_START, &s->start, 8);
	if (below(&t->rng, 60))
		put(&nest, LEAKTRACE_A_MAP_END, &s->end, 8);
	put(&nest, LEAKTRACE_A_MAP_BIAS, &bias, 8);
	put(&nest, LEAKTRACE_A_MAP_TABLE, &table, 4);
	if (below(&t->rng, 2))
		put(&nest, LEAKTRACE_A_MAP_FLAGS, &flags, 4);
	put(b, type | NLA_F_NESTED, bytes, nest.bytes);
}

/* Code of a target, or anything that is sorted. */
static void put_maps(struct talker *t, struct buffer *b, uint16_t type)
{
	const struct victim *v = &t->victim[below(&t->rng, VICTIMS)];
	struct span s = { .real = -1 };

	if (below(&t->rng, 4)) {
		for (unsigned int i = 0; i < v->nspans && i < SPANS; i++)
			put_map(t, b, type, &v->span[i]);
		return;
	}
	for (unsigned int n = 1 + below(&t->rng, 40); n; n--) {
		s.start = s.end + (below(&t->rng, 2) ? 0 : random64(&t->rng) >> (17 + below(&t->rng, 40)));
		s.end = s.start + 1 + (random64(&t->rng) >> (24 + below(&t->rng, 40)));
		s.offset = edge(t);
		put_map(t, b, type, &s);
	}
}

/* Made ones, and some of these with a byte wrong. */
static void put_chain(struct talker *t, struct buffer *b, uint16_t type)
{
	uint8_t bytes[128];
	struct choices choices = { bytes, sizeof(bytes) };
	struct leaktrace_chain chain;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = random64(&t->rng) >> 32;
	chain = make_chain(&choices);
	if (!below(&t->rng, 3))
		((uint8_t *)&chain)[below(&t->rng, below(&t->rng, 2) ? 16 : sizeof(chain))] = edge(t);
	put(b, type, &chain, sizeof(chain));
}

static void put_number(struct buffer *b, uint16_t attribute, uint8_t type, uint64_t n)
{
	put(b, attribute, &n, 1 << (type - IS_U8));
}

/* --- whole ones --- */

static void put_unwind(struct talker *t, struct buffer *b, unsigned int attribute,
		       uint32_t target, uint32_t generation)
{
	unsigned int i = below(&t->rng, FILES);
	uint32_t fd = t->file[i];

	switch (attribute) {
	case LEAKTRACE_A_UNWIND_TARGET:
		put(b, attribute, &target, 4);
		return;
	case LEAKTRACE_A_UNWIND_GENERATION:
		put(b, attribute, &generation, 4);
		return;
	case LEAKTRACE_A_UNWIND_FD:
		if (!below(&t->rng, 12))
			fd = below(&t->rng, 4) ? below(&t->rng, 64) : edge(t);
		put(b, attribute, &fd, 4);
		return;
	case LEAKTRACE_A_UNWIND_KEY:
		put(b, attribute, t->key[i], LEAKTRACE_UNWIND_KEY_BYTES);
		return;
	case LEAKTRACE_A_UNWIND_CHAIN:
		if (below(&t->rng, 2))
			put_chain(t, b, attribute);
		return;
	}
}

static void put_gate(struct talker *t, struct buffer *b, unsigned int attribute, uint32_t target)
{
	uint32_t fd = plan_file(&t->rng);

	if (attribute == LEAKTRACE_A_GATE_TARGET)
		put(b, attribute, &target, 4);
	else if (attribute == LEAKTRACE_A_GATE_FD)
		put(b, attribute, &fd, 4);
}

/* At its doors, which are at the lowest addresses, is no code. */
static void put_pair(struct talker *t, struct buffer *b, unsigned int attribute, uint32_t target)
{
	struct leaktrace_pair_door door[3] = {
		{ .address = 0x10000, .role = LEAKTRACE_PAIR_ENTER, .handle = LEAKTRACE_PAIR_POINTED,
		  .argument = 1, .name = "acquire" },
		{ .address = 0x10001, .role = LEAKTRACE_PAIR_LEAVE },
		{ .address = 0x10002, .role = LEAKTRACE_PAIR_RELEASE, .argument = 1, .name = "release" },
	};
	uint8_t *bytes = (uint8_t *)door;

	for (unsigned int n = below(&t->rng, 3); n; n--)
		bytes[below(&t->rng, sizeof(door))] ^= 1 << below(&t->rng, 8);
	if (attribute == LEAKTRACE_A_PAIR_TARGET)
		put(b, attribute, &target, 4);
	else if (attribute == LEAKTRACE_A_PAIR_DOORS)
		put(b, attribute, door, sizeof(door) - (below(&t->rng, 20) ? 0 : below(&t->rng, sizeof(door))));
}

static void put_field(struct talker *t, struct buffer *b, const struct command *c,
		      unsigned int attribute, uint32_t target, uint32_t generation)
{
	const struct field *f = &t->family->policy[c->policy][attribute];
	bool pair = c->number >= LEAKTRACE_CMD_PAIR_OPEN;
	bool gate = !pair && c->number >= LEAKTRACE_CMD_GATE_OPEN;
	bool unwind = !pair && !gate && c->number >= LEAKTRACE_CMD_UNWIND_ADD;

	if (f->type == IS_NESTED) {
		if (unwind || below(&t->rng, 2))
			put_maps(t, b, attribute);
	} else if (pair) {
		put_pair(t, b, attribute, target);
	} else if (gate) {
		put_gate(t, b, attribute, target);
	} else if (unwind) {
		put_unwind(t, b, attribute, target, generation);
	} else if (f->type >= IS_U8 && f->type <= IS_U64) {
		put_number(b, attribute, f->type, target_value(t, attribute, target));
	} else if (attribute == LEAKTRACE_A_TARGET_CHAIN && below(&t->rng, 2)) {
		put_chain(t, b, attribute);
	}
}

static const struct command *whole(struct talker *t, struct buffer *b)
{
	const struct family *f = t->family;
	const struct command *c = f->command;
	unsigned int at = below(&t->rng, f->weights);
	uint32_t generation, target = a_target(t, &generation);

	for (; at >= c->weight; c++)
		at -= c->weight;
	/* To take the probes off and put them on again costs more than all else. */
	if (c->number == LEAKTRACE_CMD_TARGET_DEL && target == t->world->standing)
		target = below(&t->rng, 50) ? target + 1 : target;
	for (unsigned int a = 1; c->policy >= 0 && a < FIELDS; a++)
		if (f->policy[c->policy][a].type &&
		    below(&t->rng, c->number == LEAKTRACE_CMD_TARGET_DEL ? 400 : 12))
			put_field(t, b, c, a, target, generation);
	return c;
}

/* --- and others --- */

static void bend(struct talker *t, struct buffer *b, struct command *c)
{
	static const uint8_t sizes[] = { 0, 1, 2, 4, 8, 33 };
	struct nlattr *first = (struct nlattr *)b->at;
	uint64_t n = edge(t);

	switch (below(&t->rng, 9)) {
	case 0:
		/* without an id all targets go */
		if (c->number == LEAKTRACE_CMD_TARGET_DEL && below(&t->rng, 10))
			break;
		b->bytes -= b->bytes ? below(&t->rng, b->bytes) : 0;
		break;
	case 1:
		if (b->bytes)
			b->at[below(&t->rng, b->bytes)] ^= 1 << below(&t->rng, 8);
		break;
	case 2:
		put(b, 1 + below(&t->rng, 40), edges, sizes[below(&t->rng, COUNT(sizes))]);
		break;
	case 3:
		if (b->bytes <= PAYLOAD_MAX / 2) {
			memcpy(b->at + b->bytes, b->at, b->bytes);
			b->bytes *= 2;
		}
		break;
	case 4:
		if (b->bytes)
			first->nla_len = below(&t->rng, 2) ? below(&t->rng, 6) : n;
		break;
	case 5:
		if (b->bytes)
			first->nla_type ^= below(&t->rng, 2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
		break;
	case 6:
		c->dumps = !c->dumps;
		break;
	case 7:
		c->number = below(&t->rng, 256);
		break;
	default:
		put(b, 1 + below(&t->rng, LEAKTRACE_A_TARGET_MAX), &n, 1 << below(&t->rng, 4));
	}
}

static void rubbish(struct talker *t, struct buffer *b, struct command *c)
{
	static const uint16_t sizes[] = { 0, 1, 3, 4, 8, 20, 64, 400, 4000 };

	c->number = below(&t->rng, 32);
	c->dumps = below(&t->rng, 2);
	b->bytes = sizes[below(&t->rng, COUNT(sizes))];
	if (c->number == LEAKTRACE_CMD_TARGET_DEL && b->bytes < 8 && below(&t->rng, 50))
		b->bytes = 20;
	for (size_t i = 0; i < b->bytes; i += 8) {
		uint64_t word = random64(&t->rng);

		memcpy(b->at + i, &word, 8);
	}
}

static uint32_t lie(struct talker *t, uint32_t length)
{
	static const uint32_t lies[] = { 0, 15, 16, 17, 20, UINT32_MAX };
	unsigned int i = below(&t->rng, COUNT(lies) + 1);

	return i < COUNT(lies) ? lies[i] : length + 1;
}

size_t make_message(struct talker *t, uint8_t *to)
{
	struct nlmsghdr *h = (struct nlmsghdr *)to;
	struct genlmsghdr *g = NLMSG_DATA(h);
	struct buffer b = { to + NLMSG_HDRLEN + GENL_HDRLEN, 0 };
	struct command c = { 0 };
	unsigned int how = below(&t->rng, 10);
	size_t bytes;

	if (how < 9) {
		c = *whole(t, &b);
		if (how < 3)
			bend(t, &b, &c);
	} else {
		rubbish(t, &b, &c);
	}
	bytes = NLMSG_HDRLEN + GENL_HDRLEN + b.bytes;
	*h = (struct nlmsghdr){ bytes, t->family->id,
				NLM_F_REQUEST | (c.dumps ? NLM_F_DUMP : NLM_F_ACK), ++t->seq, 0 };
	*g = (struct genlmsghdr){ c.number, LEAKTRACE_FAMILY_VERSION, 0 };
	if (!below(&t->rng, 30)) {
		h->nlmsg_flags ^= 1 << below(&t->rng, 16);
		g->version = below(&t->rng, 256);
		g->reserved = below(&t->rng, 3) ? 0 : 0xffff;
	}
	t->lied = !below(&t->rng, 60);
	if (t->lied)
		h->nlmsg_len = lie(t, bytes);
	t->dumping |= c.dumps;
	t->command[t->seq % COUNT(t->command)] = c.number % COMMANDS;
	t->tally->sent[c.number % COMMANDS] += c.number < COMMANDS;
	memset(to + bytes, 0, NLMSG_ALIGN(bytes) - bytes);
	return NLMSG_ALIGN(bytes);
}
