// SPDX-License-Identifier: GPL-2.0
/*
 * Talks to the loaded module as nobody should, and as everybody does at once.
 *
 * usage: fuzz_netlink [--messages N] [--seconds T] [--seed S] [--coverage]
 *
 * Processes of all privileges and namespaces send N messages altogether, as the
 * kernel's policy lets one think of them. Those that may not ask must learn
 * nothing. Unwind tables go along, and stacks are walked over them. The same N and
 * S make the same requests, but for moments, and for the numbers of targets; after T
 * seconds it ends with what there was.
 *
 * Ends with a line of JSON: how many were answered what, and of each command how
 * many were sent and granted. Exit status 1 if an answer is not what it may be;
 * what the kernel has to say stands in its log.
 */
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "netlink.h"

enum { NOBODY_ID = 65534, PERFMON_BIT = 1 << (CAP_PERFMON - 32), STIR_US = 200000 };

/* Who sends how many of a hundred. */
static const struct {
	enum role role;
	unsigned int percent;
} plan[] = {
	{ ROOT, 12 }, { ROOT, 12 }, { ROOT, 12 }, { ROOT, 12 }, { ROOT, 12 }, { PIDNS, 10 },
	{ PERFMON, 10 }, { NOBODY, 8 }, { USERNS, 6 }, { NETNS, 6 },
};

static const char *const names[COMMANDS] = {
	[LEAKTRACE_CMD_TARGET_ADD] = "target-add", [LEAKTRACE_CMD_TARGET_DEL] = "target-del",
	[LEAKTRACE_CMD_TARGET_GET] = "target-get", [LEAKTRACE_CMD_STATUS_GET] = "status-get",
	[LEAKTRACE_CMD_PROBE_GET] = "probe-get", [LEAKTRACE_CMD_SITE_GET] = "site-get",
	[LEAKTRACE_CMD_OBJECT_GET] = "object-get", [LEAKTRACE_CMD_STACK_GET] = "stack-get",
	[LEAKTRACE_CMD_RECONCILE] = "reconcile", [LEAKTRACE_CMD_UNWIND_ADD] = "unwind-add",
	[LEAKTRACE_CMD_UNWIND_GET] = "unwind-get", [LEAKTRACE_CMD_MAPS_SET] = "maps-set",
	[LEAKTRACE_CMD_GATE_OPEN] = "gate-open", [LEAKTRACE_CMD_GATE_CLOSE] = "gate-close",
	[LEAKTRACE_CMD_GATE_GET] = "gate-get", [LEAKTRACE_CMD_PAIR_OPEN] = "pair-open",
};

static struct family family;
static struct world *world;
static char program[4096];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- what they may --- */

static void only_perfmon(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ 0 }, { PERFMON_BIT, PERFMON_BIT, 0 } };

	if (syscall(SYS_capset, &head, data))
		die("capset");
}

/* In there others have no numbers, or those of somebody else. */
static void into_pidns(struct talker *t)
{
	static struct victim inside[VICTIMS];
	pid_t pid;
	int how;

	if (unshare(CLONE_NEWPID))
		die("a PID namespace");
	pid = fork();
	if (pid) {
		if (waitpid(pid, &how, 0) < 0)
			die("wait");
		_exit(WIFEXITED(how) ? WEXITSTATUS(how) : 2);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memcpy(inside, world->victim, sizeof(inside));
	if (!victim_start(&inside[0], program))
		die(program);
	kill(inside[0].pid, SIGSTOP);
	t->victim = inside;
}

static void become(struct talker *t)
{
	if (t->role == NOBODY || t->role == USERNS)
		t->early_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	switch (t->role) {
	case PIDNS:
		into_pidns(t);
		break;
	case PERFMON:
		only_perfmon();
		break;
	case NOBODY:
		if (setgroups(0, NULL) || setresgid(NOBODY_ID, NOBODY_ID, NOBODY_ID) ||
		    setresuid(NOBODY_ID, NOBODY_ID, NOBODY_ID))
			die("setresuid");
		break;
	case USERNS:
		if (unshare(CLONE_NEWUSER))
			die("a user namespace");
		break;
	case NETNS:
		if (unshare(CLONE_NEWNET))
			die("a network namespace");
		break;
	default:
		break;
	}
}

/* In a process of its own. */
static void play(unsigned int number, uint64_t seed, uint64_t messages, bool coverage)
{
	static struct talker t;

	t = (struct talker){
		.role = plan[number].role, .rng = seed * 0x9e3779b97f4a7c15 + number + 1,
		.family = &family, .world = world, .victim = world->victim,
		.tally = &world->tally[number],
		.fd = -1, .early_fd = -1,
	};
	become(&t);
	for (int i = 0; i < FILES; i++)
		t.file[i] = i < FILES - 1 ? table_file(&t.rng, t.key[i]) : 0; /* no table */
	coverage = coverage && role_may(t.role);
	if (coverage && coverage_begin())
		die("KCOV");
	talk_open(&t);
	talk(&t, messages * plan[number].percent / 100, coverage);
	exit(0);		/* and with the first of a namespace, all in it */
}

/* --- one request after the other, for ourselves --- */

struct request {
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct { struct nlattr a; uint32_t value; } number[2];
};

/* Numbers of two attributes, if not 0. The u32 @want (u64 too) of the answer; 0: none. */
static uint64_t ask(int cmd, const uint32_t *attributes, unsigned int n, unsigned int want)
{
	static uint8_t answer[1 << 16];
	struct request r = { .h = { NLMSG_HDRLEN + GENL_HDRLEN + n * 8, family.id,
				    NLM_F_REQUEST | NLM_F_ACK, 1, 0 }, .g = { cmd, 1, 0 } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint64_t value = 0;
	bool more = true;

	for (unsigned int i = 0; i < n; i++) {
		r.number[i].a = (struct nlattr){ 8, attributes[2 * i] };
		r.number[i].value = attributes[2 * i + 1];
	}
	if (send(fd, &r, r.h.nlmsg_len, 0) < 0)
		die("send");
	while (more) {
		ssize_t bytes = recv(fd, answer, sizeof(answer), 0);
		struct nlmsghdr *h = (void *)answer;
		uint8_t *at = answer + NLMSG_HDRLEN + GENL_HDRLEN;

		if (bytes < (ssize_t)NLMSG_HDRLEN)
			die("recv");
		more = h->nlmsg_type != NLMSG_ERROR;
		while (more && at < answer + bytes) {
			struct nlattr *a = (void *)at;

			if (a->nla_type == want)
				memcpy(&value, a + 1, a->nla_len == 8 ? 4 : 8);
			at += NLA_ALIGN(a->nla_len);
		}
	}
	close(fd);
	return value;
}

/* Tables of the targets' own code: walks that get somewhere. */
static void hand_over(void)
{
	for (int i = 0; i < REALS && real_table[i].data; i++) {
		int fd = table_of(&real_table[i]);
		uint32_t a[] = { LEAKTRACE_A_UNWIND_FD, fd };

		world->real[i] = ask(LEAKTRACE_CMD_UNWIND_ADD, a, 1, LEAKTRACE_A_UNWIND_ID);
		close(fd);
	}
}

static void stand_in(void)
{
	uint32_t a[] = { LEAKTRACE_A_TARGET_PID, world->victim[0].pid,
			 LEAKTRACE_A_TARGET_FLAGS, LEAKTRACE_TARGET_F_BACKGROUND };

	uint32_t id = ask(LEAKTRACE_CMD_TARGET_ADD, a, 2, LEAKTRACE_A_TARGET_ID);

	if (id)			/* else it is one already */
		world->standing = id;
}

/* --- all of them --- */

static int wait_for(pid_t *pid, uint64_t seed)
{
	uint64_t rng = seed + 0x1234567;
	int status = 0, how, running = COUNT(plan);

	for (unsigned int round = 0; running; round++) {
		usleep(STIR_US);
		world_stir(world, &rng);
		if (round % 4 == 0)
			stand_in();
		if (round % 64 == 0)
			hand_over();
		if (round % 128 == 127)		/* probes go, and all tables */
			ask(LEAKTRACE_CMD_TARGET_DEL, NULL, 0, 0);
		for (unsigned int i = 0; i < COUNT(plan); i++) {
			if (!pid[i] || waitpid(pid[i], &how, WNOHANG) != pid[i])
				continue;
			if (how) {
				fprintf(stderr, "%s ended with %#x\n", role_names[plan[i].role], how);
				status = 1;
			}
			pid[i] = 0;
			running--;
		}
	}
	return status;
}

static uint64_t sum(size_t offset)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < COUNT(plan); i++)
		n += *(uint64_t *)((char *)&world->tally[i] + offset);
	return n;
}

#define SUM(what) sum(offsetof(struct tally, what))

static void say(time_t seconds, uint64_t objects_left, bool coverage)
{
	const char *comma = "";
	unsigned int branches = 0;

	printf("{\"messages\": %lu, \"seconds\": %ld, \"answers\": {", SUM(messages), seconds);
	for (int i = 0; i < ERRNOS; i++) {
		uint64_t n = sum(offsetof(struct tally, refused) + i * sizeof(uint64_t));

		if (!n)
			continue;
		printf("%s\"%s\": %lu", comma, i ? strerrorname_np(i) : "OK", n);
		comma = ", ";
	}
	printf("}, \"data\": %lu, \"events\": %lu, \"overruns\": %lu, \"sockets\": %lu, "
	       "\"dumps_left\": %lu, \"commands\": {", SUM(answers), SUM(events), SUM(overruns),
	       SUM(sockets), SUM(dumps_left));
	comma = "";
	for (int i = 0; i < COMMANDS; i++) {
		if (!names[i])
			continue;
		printf("%s\"%s\": [%lu, %lu]", comma, names[i],
		       sum(offsetof(struct tally, sent) + i * sizeof(uint64_t)),
		       sum(offsetof(struct tally, granted) + i * sizeof(uint64_t)));
		comma = ", ";
	}
	for (unsigned int i = 0; i < PCS; i++)
		branches += world->seen[i];
	printf("}, \"objects_left\": %lu", objects_left);
	if (coverage)
		printf(", \"branches\": %u", branches);
	printf("}\n");
}

/* Nothing may be left of it. */
static int clean_up(uint64_t *objects)
{
	uint64_t targets;

	world_end(world);
	ask(LEAKTRACE_CMD_TARGET_DEL, NULL, 0, 0);
	targets = ask(LEAKTRACE_CMD_STATUS_GET, NULL, 0, LEAKTRACE_A_STATUS_TARGETS);
	*objects = ask(LEAKTRACE_CMD_STATUS_GET, NULL, 0, LEAKTRACE_A_STATUS_OBJECTS);
	if (!targets && !*objects &&
	    !ask(LEAKTRACE_CMD_STATUS_GET, NULL, 0, LEAKTRACE_A_STATUS_STOPPED))
		return 0;
	fprintf(stderr, "afterwards: %lu targets, %lu objects, or it gave up\n", targets, *objects);
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t messages = 100000, seed = 1, seconds = 0, objects;
	time_t begin = time(NULL);
	pid_t pid[COUNT(plan)];
	bool coverage = false;
	int status;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--coverage"))
			coverage = true;
		else if (i + 1 < argc && !strcmp(argv[i], "--messages"))
			messages = strtoul(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--seconds"))
			seconds = strtoul(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			seed = strtoul(argv[++i], NULL, 0);
		else
			return fprintf(stderr, "usage: fuzz_netlink [--messages N] [--seconds T] "
				       "[--seed S] [--coverage]\n"), 2;
	}
	if (readlink("/proc/self/exe", program, sizeof(program) - 32) < 0 || family_ask(&family))
		return 2;
	strcat(dirname(program), "/victim_storm");
	world = world_new(program);
	world->until = seconds ? begin + (time_t)seconds : 0;
	hand_over();
	stand_in();
	for (unsigned int i = 0; i < COUNT(plan); i++) {
		pid[i] = fork();
		if (!pid[i])
			play(i, seed, messages, coverage);
	}
	status = wait_for(pid, seed) | clean_up(&objects);
	say(time(NULL) - begin, objects, coverage);
	return status;
}
