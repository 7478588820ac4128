// SPDX-License-Identifier: GPL-2.0
/*
 * What small acts cost, in nanoseconds, which under icount are guest
 * instructions: a trivial system call, open and close of /dev/null, the same from
 * a stack that lies elsewhere each time ("anew"), the first touch of a page, unmapping
 * a page, malloc and free; and of a target's: a timer's and a child's life.
 *
 * usage: bench [ROUNDS [DEPTH [OPENS]]]
 * Each act has 5 frames on the stack, _start to its own, and DEPTH more; it does its
 * thing OPENS times (200) a run, children a quarter of it. Says "ready PID", waits for
 * a line, then prints "NAME COST MEAN" for each, per operation, the smallest of ROUNDS
 * runs and their mean; "done"; waits for a line, and if that is "go ROUNDS DEPTH OPENS"
 * does it again.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGES 1024L
#define CALLS 1000L

/* A function with a frame of its own, whatever the compiler thinks of it. */
#define ACT static __attribute__((noipa)) long long

static long opens = 200;

/* Without libc's frame, and what it does besides. */
static inline long raw(long number, long a, long b, long c)
{
	register long flags __asm__("r10") = 0;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(flags)
			 : "rcx", "r11", "memory");
	return result;
}

static inline void open_and_close(void)
{
	raw(SYS_close, raw(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY), 0, 0);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct cost {
	const char *name;
	long long smallest, sum;
};

static void add(struct cost *c, long long cost)
{
	if (!c->sum || cost < c->smallest)
		c->smallest = cost;
	c->sum += cost;
}

/* A new clock still measures itself: wait until a fixed loop costs the same. */
static void settle(void)
{
	long long last = 0, cost;

	for (int i = 0, same = 0; i < 1000 && same < 5; i++) {
		long long start = now();

		for (volatile int k = 0; k < 100000; k++)
			;
		cost = now() - start;
		same = cost > last * 99 / 100 && cost < last * 101 / 100 ? same + 1 : 0;
		last = cost;
	}
}

ACT trivial(void)
{
	long long start = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now() - start) / CALLS;
}

ACT open_close(void)
{
	long long start = now();

	for (int i = 0; i < opens; i++)
		open_and_close();
	return (now() - start) / opens;
}

/* At another distance from the page's end each time: unlike any stack of late. */
static __attribute__((noinline)) void open_close_at(int i)
{
	char *pad = alloca(16 * (i % 200) + 16);

	__asm__ volatile("" : : "r"(pad) : "memory");
	open_and_close();
}

ACT anew(void)
{
	long long start = now();

	for (int i = 0; i < opens; i++)
		open_close_at(i);
	return (now() - start) / opens;
}

ACT allocate(void)
{
	long long start = now();

	for (int i = 0; i < opens; i++) {
		void *p = malloc(100);

		__asm__ volatile("" : "+r"(p) : : "memory");
		free(p);
	}
	return (now() - start) / opens;
}

static long long unmap;	/* what it took last */

ACT pages(void)
{
	long long start, middle, end;
	char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, PAGES * 4096, MADV_NOHUGEPAGE);
	start = now();
	for (long i = 0; i < PAGES; i++)
		((volatile char *)p)[i * 4096] = 1;
	middle = now();
	munmap(p, PAGES * 4096);
	end = now();
	unmap = (end - middle) / PAGES;
	return (middle - start) / PAGES;
}

ACT timers(void)
{
	long long start = now();

	for (int i = 0; i < opens; i++) {
		int id;

		if (!syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id))
			syscall(SYS_timer_delete, id);
	}
	return (now() - start) / opens;
}

static int leave(void *arg __attribute__((unused)))
{
	return 0;
}

static char stack[65536] __attribute__((aligned(16)));

ACT children(void)
{
	long long start = now();

	for (int i = 0; i < opens / 4; i++) {
		pid_t pid = clone(leave, stack + sizeof(stack),
				  CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

		waitpid(pid, NULL, 0);
	}
	return (now() - start) / (opens / 4);
}

/* Not a loop, whatever the compiler thinks of it. */
ACT below(int depth, long long (*act)(void))
{
	long long cost = depth > 1 ? below(depth - 1, act) : act();

	__asm__ volatile("" : "+r"(cost) : : "memory");
	return cost;
}

static inline __attribute__((always_inline)) long long at(int depth, long long (*act)(void))
{
	return depth ? below(depth, act) : act();
}

static inline __attribute__((always_inline)) void measure(int rounds, int depth)
{
	struct cost call = { .name = "getppid" }, file = { .name = "open+close" };
	struct cost new = { .name = "anew" }, timer = { .name = "timer" };
	struct cost first = { .name = "touch" }, last = { .name = "unmap" };
	struct cost child = { .name = "clone" }, heap = { .name = "malloc" };
	struct cost *all[] = { &call, &file, &new, &first, &last, &timer, &child, &heap };

	for (int i = 0; i < rounds; i++) {
		add(&call, at(depth, trivial));
		add(&file, at(depth, open_close));
		add(&new, at(depth, anew));
		add(&first, at(depth, pages));
		add(&last, unmap);
		add(&timer, at(depth, timers));
		add(&child, at(depth, children));
		add(&heap, at(depth, allocate));
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		printf("%s %lld %lld\n", all[i]->name, all[i]->smallest, all[i]->sum / rounds);
	printf("done\n");
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	int depth = argc > 2 ? atoi(argv[2]) : 0;
	char line[64];

	if (argc > 3)
		opens = atol(argv[3]);
	memset(stack, 0, sizeof(stack));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	settle();
	do {
		sscanf(line, "go %d %d %ld", &rounds, &depth, &opens);
		measure(rounds, depth);
	} while (fgets(line, sizeof(line), stdin) && !strncmp(line, "go", 2));
	return 0;
}
