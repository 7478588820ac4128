/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer of the module's door. One noun a file:
 *
 *   main.c     processes of all privileges, and what they found together
 *   world.c    targets that live, stop, die and are replaced
 *   policy.c   what the running kernel says that the family takes
 *   make.c     requests: whole, with one thing wrong, and rubbish
 *   table.c    unwind tables: real, bent, and made up
 *   talk.c     sockets, and a judge of what comes back
 *   coverage.c branches taken, by KCOV
 */
#ifndef FUZZ_NETLINK_H
#define FUZZ_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <sys/types.h>

#include <linux/leaktrace.h>
#include <linux/leaktrace_gate.h>
#include <linux/leaktrace_pair.h>
#include <linux/leaktrace_unwind.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	VICTIMS = 4, SPANS = 16, TARGETS = 16, TABLES = 32, FILES = 24, REALS = 4,
	PROCESSES = 16, COMMANDS = 32, POLICIES = 16, FIELDS = 48, ERRNOS = 134, PCS = 1 << 20,
	MESSAGE_MAX = 8192,
};

/* --- policy.c: attributes by number, as the kernel's own policy has them --- */

struct field {
	uint8_t type;			/* enum netlink_attribute_type; 0: refused */
	uint64_t min, max;		/* numbers; mask: max */
};

struct command {
	uint8_t number;
	bool dumps;
	int policy;
	unsigned int weight;		/* how often, of all weights */
};

struct family {
	uint16_t id;
	uint32_t group[2];
	unsigned int ngroups, ncommands, npolicies, weights;
	struct command command[COMMANDS];
	struct field policy[POLICIES][FIELDS];
};

int family_ask(struct family *f);	/* 0 or -1, said why */

/* --- world.c: shared by all processes --- */

struct span {
	uint64_t start, end, offset;
	int real;			/* which of the real tables; -1: none */
};

struct victim {
	pid_t pid;
	unsigned int nspans;
	struct span span[SPANS];
};

/* What one process did and got. */
struct tally {
	uint64_t messages, sockets, dumps_left, events, overruns, answers;
	uint64_t sent[COMMANDS], granted[COMMANDS];
	uint64_t refused[ERRNOS];		/* 0: granted */
};

struct world {
	struct victim victim[VICTIMS];
	uint32_t standing;			/* target that keeps the probes on */
	uint32_t target[TARGETS], generation[TARGETS], ntargets;	/* the latest */
	uint32_t table[TABLES], ntables;
	uint32_t real[REALS];			/* ids; 0: not handed over */
	struct tally tally[PROCESSES];
	uint8_t seen[PCS];			/* by address in the module */
	time_t until;				/* 0: as long as it takes */
};

struct world *world_new(const char *program);
void world_stir(struct world *w, uint64_t *rng);	/* stops, kills, replaces */
void world_end(struct world *w);
bool victim_start(struct victim *v, const char *program);

/* --- table.c --- */

struct blob {
	void *data;
	size_t bytes;
};

extern struct blob real_table[REALS];
int table_real(const char *path);	/* which one; -1: there is no room, or no table */
int table_of(const struct blob *b);		/* a memfd with this one */
int table_file(uint64_t *rng, uint8_t *key);	/* a memfd with some table */
int plan_file(uint64_t *rng);	/* the same, with a plan of a gate that opens no door */
void table_refill(uint64_t *rng, int fd, uint8_t *key);

/* --- talk.c, make.c --- */

enum role { ROOT, PIDNS, PERFMON, NOBODY, USERNS, NETNS, ROLES };

struct talker {
	enum role role;
	uint64_t rng;
	const struct family *family;
	struct world *world;
	const struct victim *victim;	/* VICTIMS of them, by the numbers that it knows */
	struct tally *tally;
	int fd, early_fd;		/* early: opened before privilege was dropped; -1 */
	bool dumping;			/* asked for, and no end of it was heard */
	bool lied;			/* what follows that message is not heard */
	uint32_t seq;
	uint8_t command[1 << 16];	/* by sequence number */
	int file[FILES];
	uint8_t key[FILES][LEAKTRACE_UNWIND_KEY_BYTES];
};

static inline uint64_t random64(uint64_t *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng;
}

static inline unsigned int below(uint64_t *rng, unsigned int n)
{
	return (random64(rng) >> 16) % n;
}

size_t make_message(struct talker *t, uint8_t *to);	/* at most MESSAGE_MAX */
void talk(struct talker *t, uint64_t messages, bool coverage);
void talk_open(struct talker *t);
bool role_may(enum role role);		/* ask the module anything */
extern const char *const role_names[ROLES];

/* --- coverage.c --- */
int coverage_begin(void);		/* 0 or -1: no KCOV here */
void coverage_take(struct world *w);

#endif
