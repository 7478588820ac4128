// SPDX-License-Identifier: GPL-2.0
/*
 * What small acts cost, in nanoseconds, which under icount are guest
 * instructions: a trivial system call, open and close of /dev/null, the same from
 * a stack that lies elsewhere each time ("anew"), the first touch of a page, unmapping a page, malloc and free; and of a target's: a
 * timer's and a child's life.
 *
 * usage: bench [ROUNDS [DEPTH]]     DEPTH more calls on the stack of each act
 * Says "ready PID", waits for a line, then prints "NAME COST" for each, the
 * smallest of ROUNDS runs, per operation; "done"; waits for a line.
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
#define OPENS 200L

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long smallest(long long a, long long b)
{
	return a < b ? a : b;
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

static long long trivial(void)
{
	long long start = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now() - start) / CALLS;
}

static long long open_close(void)
{
	long long start = now();

	for (int i = 0; i < OPENS; i++)
		close(open("/dev/null", O_RDONLY));
	return (now() - start) / OPENS;
}

/* At another distance from the page's end each time: unlike any stack of late. */
static __attribute__((noinline)) void open_close_at(int i)
{
	char *pad = alloca(16 * (i % 200) + 16);

	__asm__ volatile("" : : "r"(pad) : "memory");
	close(open("/dev/null", O_RDONLY));
}

static long long anew(void)
{
	long long start = now();

	for (int i = 0; i < OPENS; i++)
		open_close_at(i);
	return (now() - start) / OPENS;
}

static long long allocate(void)
{
	long long start = now();

	for (int i = 0; i < OPENS; i++) {
		void *p = malloc(100);

		__asm__ volatile("" : "+r"(p) : : "memory");
		free(p);
	}
	return (now() - start) / OPENS;
}

static long long touch, unmap;

static long long pages(void)
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
	touch = smallest(touch, (middle - start) / PAGES);
	unmap = smallest(unmap, (end - middle) / PAGES);
	return 0;
}

static long long timers(void)
{
	long long start = now();

	for (int i = 0; i < OPENS; i++) {
		int id;

		if (!syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id))
			syscall(SYS_timer_delete, id);
	}
	return (now() - start) / OPENS;
}

static int leave(void *arg __attribute__((unused)))
{
	return 0;
}

static char stack[65536] __attribute__((aligned(16)));

static long long children(void)
{
	long long start = now();

	for (int i = 0; i < 50; i++) {
		pid_t pid = clone(leave, stack + sizeof(stack),
				  CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

		waitpid(pid, NULL, 0);
	}
	return (now() - start) / 50;
}

/* Not a loop, whatever the compiler thinks of it. */
static __attribute__((noinline)) long long below(int depth, long long (*act)(void))
{
	long long cost = depth > 0 ? below(depth - 1, act) : act();

	__asm__ volatile("" : "+r"(cost) : : "memory");
	return cost;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	int depth = argc > 2 ? atoi(argv[2]) : 0;
	long long call, file, file_anew, timer, child, heap;
	char line[64];

	memset(stack, 0, sizeof(stack));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	settle();
	call = file = file_anew = touch = unmap = timer = child = heap = 1LL << 60;
	for (int i = 0; i < rounds; i++) {
		call = smallest(call, below(depth, trivial));
		file = smallest(file, below(depth, open_close));
		file_anew = smallest(file_anew, below(depth, anew));
		below(depth, pages);
		timer = smallest(timer, below(depth, timers));
		child = smallest(child, below(depth, children));
		heap = smallest(heap, below(depth, allocate));
	}
	printf("getppid %lld\nopen+close %lld\nanew %lld\ntouch %lld\nunmap %lld\n"
	       "timer %lld\nclone %lld\nmalloc %lld\ndone\n",
	       call, file, file_anew, touch, unmap, timer, child, heap);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	return 0;
}
