// SPDX-License-Identifier: GPL-2.0
/*
 * Events at a rate. usage: flood
 * Says "ready PID"; then for each line "PAIRS MS" opens and closes /dev/null PAIRS
 * times a millisecond, or as often as it can (0), for MS milliseconds, and says how
 * many events that were, and in how many nanoseconds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MS_NS 1000000LL

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_until(long long at)
{
	struct timespec t = { at / 1000000000, at % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static long long flood(long pairs, long ms)
{
	long long start = now(), end = start + ms * MS_NS, events = 0;

	for (long long due = start + MS_NS; now() < end; due += MS_NS) {
		for (long i = 0; pairs ? i < pairs : now() < due; i++) {
			close(open("/dev/null", O_RDONLY));
			events += 2;
		}
		if (pairs)
			wait_until(due);
	}
	return events;
}

int main(void)
{
	long pairs, ms;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	while (scanf("%ld %ld", &pairs, &ms) == 2) {
		long long start = now(), events = flood(pairs, ms);

		printf("%lld %lld\n", events, now() - start);
	}
	return 0;
}
