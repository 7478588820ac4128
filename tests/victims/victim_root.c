// SPDX-License-Identifier: GPL-2.0
/*
 * Leaks with one root and several faces.
 *
 *   contexts N MS    N contexts, spread over MS, never freed: three eventfds, an
 *                    epoll, a timer and a thread that waits; "contexts=N"
 *   answers N MS     N requests open a file by conn_make; on_request drops it by
 *                    conn_drop, on_error, one in ten, does not; "kept=N"
 *   blocks N MS      N times, hold_blocks keeps 400 small blocks and by_the_way
 *                    makes a buffer and frees it; "pages=N" at least
 */
#include "victim.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct context {
	int wake, stop, done, poll;
	pthread_t thread;
	timer_t timer;
};

static void *waits(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static NAMED int context_make(void)
{
	struct context *c = malloc(sizeof(*c));
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };

	if (!c)
		return -ENOMEM;
	c->wake = eventfd(0, 0);
	c->stop = eventfd(0, 0);
	c->done = eventfd(0, 0);
	c->poll = epoll_create1(0);
	if (c->wake < 0 || c->stop < 0 || c->done < 0 || c->poll < 0)
		return -errno;
	if (timer_create(CLOCK_MONOTONIC, &ev, &c->timer))
		return -errno;
	return -pthread_create(&c->thread, NULL, waits, c);
}

static void contexts(int argc, char **argv)
{
	long n = number(argc, argv, 1, 30), ms = number(argc, argv, 2, 6000);
	long long start = now_ns();

	for (long i = 0; i < n; i++) {
		int err;

		sleep_until(start + ms * 1000000LL * i / n);
		err = context_make();
		if (err)
			return fail("context: %s", strerror(-err));
	}
	say("contexts=%ld", n);
}

static NAMED int conn_make(void)
{
	return open("/dev/null", O_RDONLY);
}

static NAMED void conn_drop(int fd)
{
	close(fd);
}

static NAMED void on_request(void)
{
	conn_drop(conn_make());
}

static NAMED int on_error(void)
{
	return conn_make() < 0;
}

static void answers(int argc, char **argv)
{
	long n = number(argc, argv, 1, 400), ms = number(argc, argv, 2, 8000), kept = 0;
	long long start = now_ns();

	for (long i = 0; i < n; i++) {
		sleep_until(start + ms * 1000000LL * i / n);
		if (i % 10 == 9)
			kept += !on_error();
		else
			on_request();
	}
	say("kept=%ld", kept);
}

static NAMED char *hold_blocks(long n)
{
	static char *last;

	for (long i = 0; i < n; i++) {
		char *block = malloc(120);

		if (!block)
			return NULL;
		memcpy(block, &last, sizeof(last));
		last = block;
	}
	return last;
}

static NAMED void by_the_way(void)
{
	char *buffer = malloc(40000);

	if (buffer)
		memset(buffer, 1, 40000);
	free(buffer);
}

static void blocks(int argc, char **argv)
{
	long n = number(argc, argv, 1, 100), ms = number(argc, argv, 2, 5000);
	long long start = now_ns();

	for (long i = 0; i < n; i++) {
		sleep_until(start + ms * 1000000LL * i / n);
		if (!hold_blocks(400))
			return fail("malloc: %m");
		by_the_way();
	}
	say("pages=%ld", n * 400 * 120 / 4096);
}

static const struct command commands[] = {
	{ "contexts", contexts },
	{ "answers", answers },
	{ "blocks", blocks },
};

int main(void)
{
	return serve(commands, ARRAY_SIZE(commands));
}
