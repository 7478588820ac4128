// SPDX-License-Identifier: GPL-2.0
/*
 * Handles of a library (handles.h), as told. What is not a leak is given back.
 *
 *   new COUNT        kept for a while, and released
 *   leak COUNT       by the result, by pointer, by a function that passes on to another one, by
 *                    one that calls it: released by nobody
 *   fail COUNT       that are not handed out
 *   begin COUNT      the caller's own, again and again
 *   dirs COUNT       opendir() without closedir(), and as often with it
 *   churn THREADS    threads that acquire and release, until "calm"
 *   early COUNT      acquired; "late" releases them
 *   fork COUNT       a child that acquires so many, and exits
 *   counts           what was handed out and taken back since the last time
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>

#include "handles.h"
#include "victim.h"

enum { MAX_THREADS = 8, KEPT = 64 };

static pthread_t threads[MAX_THREADS];
static int nthreads, stop;
static unsigned long acquired, released;
static struct handle *early[1024];
static int nkept;
static struct handle *volatile last;

static void count(unsigned long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static void give_back(struct handle *h)
{
	if (!h)
		return;
	handle_free(h);
	count(&released);
}

NAMED struct handle *new_here(int how)
{
	struct handle *h = handle_new(how);

	if (h)
		count(&acquired);
	return h;
}

NAMED void leak_result_here(void)
{
	last = handle_new(1);
	count(&acquired);
}

NAMED void leak_pointed_here(void)
{
	struct handle *h;

	if (!handle_open(1, &h))
		count(&acquired);
	last = h;
}

NAMED void leak_passed_here(void)
{
	struct handle *h;

	if (!handle_open_default(&h))
		count(&acquired);
	last = h;
}

NAMED void leak_nested_here(void)
{
	struct handle *h;

	if (!handle_open_named(&h))
		count(&acquired);
	last = h;
}

NAMED void begin_here(struct handle *h, int how)
{
	if (!handle_begin(h, how))
		count(&acquired);
}

NAMED void leak_dir_here(void)
{
	last = (void *)opendir("/");
}

NAMED void use_dir_here(void)
{
	DIR *d = opendir("/");

	if (d)
		closedir(d);
}

static void make_new(int argc, char **argv)
{
	struct handle *kept[KEPT] = { NULL };

	for (long i = 0; i < number(argc, argv, 1, 1); i++) {
		give_back(kept[i % KEPT]);
		kept[i % KEPT] = new_here(1);
	}
	for (int i = 0; i < KEPT; i++)
		give_back(kept[i]);
	handle_free(NULL);
}

static void leak(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 1); i++) {
		leak_result_here();
		leak_pointed_here();
		leak_passed_here();
		leak_nested_here();
	}
}

static void fail_to(int argc, char **argv)
{
	struct handle *h = NULL, own;

	for (long i = 0; i < number(argc, argv, 1, 1); i++)
		if (new_here(-1) || !handle_open(-1, &h) || !handle_begin(&own, -1))
			fail("it did not fail");
}

static void begin(int argc, char **argv)
{
	struct handle own;

	for (long i = 0; i < number(argc, argv, 1, 1); i++) {
		begin_here(&own, 1);
		handle_end(&own);
		count(&released);
	}
}

static void dirs(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 1); i++) {
		leak_dir_here();
		use_dir_here();
	}
}

static void *churn_thread(void *arg)
{
	struct handle *h;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		give_back(new_here(1));
		if (!handle_open_default(&h)) {
			count(&acquired);
			give_back(h);
		}
		/* Of those who trace us, and of the others, somebody has to run, too. */
		usleep(100);
	}
	return NULL;
}

static void churn(int argc, char **argv)
{
	int n = number(argc, argv, 1, 2);

	stop = 0;
	for (; nthreads < n && nthreads < MAX_THREADS; nthreads++)
		if (pthread_create(&threads[nthreads], NULL, churn_thread, NULL))
			return fail("pthread_create");
}

static void calm(int argc, char **argv)
{
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	while (nthreads)
		pthread_join(threads[--nthreads], NULL);
}

static void make_early(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 1) && nkept < (int)ARRAY_SIZE(early); i++)
		early[nkept++] = new_here(1);
}

static void release_late(int argc, char **argv)
{
	while (nkept)
		give_back(early[--nkept]);
}

static void fork_one(int argc, char **argv)
{
	pid_t child = fork();
	int status;

	if (!child) {
		for (long i = 0; i < number(argc, argv, 1, 1); i++)
			leak_result_here();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		fail("the child");
}

static void counts(int argc, char **argv)
{
	say("acquired=%lu", __atomic_exchange_n(&acquired, 0, __ATOMIC_RELAXED));
	say("released=%lu", __atomic_exchange_n(&released, 0, __ATOMIC_RELAXED));
}

static const struct command commands[] = {
	{ "new", make_new }, { "leak", leak }, { "fail", fail_to }, { "begin", begin },
	{ "dirs", dirs }, { "churn", churn }, { "calm", calm }, { "early", make_early },
	{ "late", release_late }, { "fork", fork_one }, { "counts", counts }, { "exec", exec_self },
};

int main(void)
{
	return serve(commands, ARRAY_SIZE(commands));
}
