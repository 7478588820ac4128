// SPDX-License-Identifier: GPL-2.0
/*
 * What the first touch of a page costs when several threads of a process do it at the
 * same time, each in memory of its own.
 *
 * usage: faults PAGES ROUNDS
 * Says "ready PID" and waits for a line; for each line prints "THREADS NANOSECONDS" for 1,
 * 2, 4 and 8 threads: the time from the first touch to the last one, by pages of one
 * thread, the smallest of ROUNDS; then "done". Ends with its input.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096L
#define BLOCK_BYTES (2L << 20)
#define MAX_THREADS 8

static long pages;
static char *area[MAX_THREADS];
static pthread_barrier_t begin, end;
static atomic_int leaving;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Whole huge pages' worth, so that no two threads have one in common; in small pages. */
static char *area_make(void)
{
	size_t bytes = pages * PAGE_BYTES;
	char *p = mmap(NULL, bytes + BLOCK_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	p += -(size_t)p & (BLOCK_BYTES - 1);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static void area_touch(volatile char *p)
{
	for (long i = 0; i < pages; i++)
		p[i * PAGE_BYTES] = 1;
}

static void *worker(void *p)
{
	for (;;) {
		pthread_barrier_wait(&begin);
		if (atomic_load(&leaving))
			return NULL;
		area_touch(p);
		pthread_barrier_wait(&end);
	}
}

static long long round_ns(int n)
{
	long long start = now_ns();

	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	start = now_ns() - start;
	for (int i = 0; i < n; i++)
		madvise(area[i], pages * PAGE_BYTES, MADV_DONTNEED);
	return start / pages;
}

static long long measure(int n, int rounds)
{
	long long best = 0, cost;
	pthread_t thread[MAX_THREADS];

	pthread_barrier_init(&begin, NULL, n + 1);
	pthread_barrier_init(&end, NULL, n + 1);
	for (int i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, worker, area[i]))
			exit(1);
	for (int i = 0; i < rounds; i++) {
		cost = round_ns(n);
		if (!best || cost < best)
			best = cost;
	}
	atomic_store(&leaving, 1);
	pthread_barrier_wait(&begin);
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&leaving, 0);
	pthread_barrier_destroy(&begin);
	pthread_barrier_destroy(&end);
	return best;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 10;
	char line[16];

	pages = argc > 1 ? atol(argv[1]) : 2048;
	if (pages < 1 || rounds < 1)
		return 2;
	for (int i = 0; i < MAX_THREADS; i++)
		area[i] = area_make();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	while (fgets(line, sizeof(line), stdin)) {
		for (int n = 1; n <= MAX_THREADS; n *= 2)
			printf("%d %lld\n", n, measure(n, rounds));
		printf("done\n");
	}
	return 0;
}
