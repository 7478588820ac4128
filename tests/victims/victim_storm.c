// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads at once.
 *
 *   storm THREADS TOTAL LEFT   opens TOTAL descriptors and closes all but LEFT,
 *                              at storm_open; "opened=N" "closed=N"
 *   pages THREADS PAGES ROUNDS each thread maps, touches at storm_touch and
 *                              unmaps PAGES, ROUNDS times; "touched=N"
 *   timers THREADS TOTAL       makes and deletes, at storm_timer
 *   spawn THREADS TOTAL        threads that make threads, at storm_spawn
 *   lock PAGES                 one system call populates them, each in a mapping of its
 *                              own, shared, by reading
 *   lend                       a child has the memory, too, and stays; "pid=N"
 * or, for a bystander: victim_storm churn   opens, closes, maps, touches and
 * unmaps until it is killed; victim_storm live does so, too, makes threads and
 * children, and is a new program every now and then. Either rests $STORM_REST times
 * as long as it works: a guest may have more processors than its host
 */
#include "victim.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#define THREADS 64

static int start_word, running;
static long total[THREADS], left[THREADS], pages, rounds;
static long opened, closed, failed;
static char stacks[THREADS][8192] __attribute__((aligned(16)));
static int tids[THREADS];

static NAMED long storm_open(void)
{
	return sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
}

static NAMED long storm_close(long fd)
{
	return sys(SYS_close, fd);
}

static NAMED void storm_touch(char *p, long n)
{
	for (; n--; p += 4096)
		*(volatile char *)p = 1;
}

static NAMED long storm_timer(void)
{
	int id;
	long ret = sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);

	return ret < 0 ? ret : sys(SYS_timer_delete, id);
}

static void leave(void *arg)
{
}

static NAMED long storm_spawn(long i)
{
	return spawn(SPAWN_FLAGS_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		     stacks[i] + sizeof(stacks[i]), leave, NULL, &tids[i], &tids[i]);
}

static void count(long *which, long by)
{
	__atomic_add_fetch(which, by, __ATOMIC_RELAXED);
}

static void *open_close(void *arg)
{
	long me = (long)arg, fd;

	wait_word(&start_word, 0);
	for (long i = 0; i < total[me]; i++) {
		fd = storm_open();
		if (fd < 0) {
			count(&failed, 1);
			continue;
		}
		count(&opened, 1);
		if (i < left[me])
			continue;
		if (storm_close(fd))
			count(&failed, 1);
		count(&closed, 1);
	}
	return NULL;
}

static void *touch_unmap(void *arg)
{
	wait_word(&start_word, 0);
	for (long i = 0; i < rounds; i++) {
		char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		storm_touch(p, pages);
		count(&opened, pages);
		munmap(p, pages * 4096);
		count(&closed, pages);
	}
	return NULL;
}

static void *make_timers(void *arg)
{
	long me = (long)arg;

	wait_word(&start_word, 0);
	for (long i = 0; i < total[me]; i++)
		count(storm_timer() ? &failed : &opened, 1);
	return NULL;
}

/* A thread on stack i, until it is gone: the stack is used again. */
static long spawn_and_wait(long i)
{
	long ret = storm_spawn(i);
	int tid;

	if (ret < 0)
		return ret;
	while ((tid = __atomic_load_n(&tids[i], __ATOMIC_ACQUIRE)))
		wait_word(&tids[i], tid);
	while (sys(SYS_tgkill, getpid(), ret, 0) == 0)
		sched_yield();
	return 0;
}

static void *make_threads(void *arg)
{
	long me = (long)arg;

	wait_word(&start_word, 0);
	for (long i = 0; i < total[me]; i++)
		count(spawn_and_wait(me) ? &failed : &opened, 1);
	return NULL;
}

static void run(long n, void *(*body)(void *), long all, long remain)
{
	pthread_t t[THREADS];

	opened = closed = failed = 0;
	start_word = 0;
	if (n > THREADS)
		return fail("too many threads");
	for (long i = 0; i < n; i++) {
		total[i] = all / n + (i < all % n);
		left[i] = remain / n + (i < remain % n);
	}
	for (running = 0; running < n; running++)
		if (pthread_create(&t[running], NULL, body, (void *)(long)running))
			return fail("pthread_create");
	wake_word(&start_word, 1);
	while (running)
		pthread_join(t[--running], NULL);
	say("opened=%ld", opened);
	say("closed=%ld", closed);
	if (failed)
		fail("%ld failed", failed);
}

static void storm(int argc, char **argv)
{
	run(number(argc, argv, 1, 16), open_close, number(argc, argv, 2, 200000),
	    number(argc, argv, 3, 0));
}

static void storm_pages(int argc, char **argv)
{
	pages = number(argc, argv, 2, 64);
	rounds = number(argc, argv, 3, 100);
	run(number(argc, argv, 1, 8), touch_unmap, 0, 0);
}

static void storm_timers(int argc, char **argv)
{
	run(number(argc, argv, 1, 8), make_timers, number(argc, argv, 2, 2000), 0);
}

static void storm_spawns(int argc, char **argv)
{
	run(number(argc, argv, 1, 8), make_threads, number(argc, argv, 2, 2000), 0);
}

static void churn_once(void)
{
	const char *rest = getenv("STORM_REST");
	long long began_ns = now_ns();
	char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	storm_touch(p, 16);
	munmap(p, 65536);
	for (int i = 0; i < 50; i++)
		storm_close(storm_open());
	storm_timer();
	if (rest)
		usleep(atoi(rest) * (now_ns() - began_ns) / 1000);
}

static __attribute__((noreturn)) void churn(void)
{
	say("ready %d", getpid());
	for (;;)
		churn_once();
}

static void bear_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		churn_once();
		spawn_and_wait(0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Its output may be closed by whoever has heard that it is ready. */
static void live(char **argv, bool first)
{
	char *again[] = { argv[0], "live", "on", NULL };

	if (first)
		say("ready %d", getpid());
	storm_open();
	for (int i = 0; i < 6; i++) {
		churn_once();
		spawn_and_wait(0);
		bear_child();
	}
	execv("/proc/self/exe", again);
}

static void lock(int argc, char **argv)
{
	long n = number(argc, argv, 1, 6000), apart = 2 * 4096;
	char *all = mmap(NULL, n * apart, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; all != MAP_FAILED && i < n; i++)
		if (mprotect(all + i * apart, 4096, PROT_READ))
			fail("mprotect: %s", strerror(errno));
	if (all == MAP_FAILED || mlockall(MCL_CURRENT))
		fail("mlockall: %s", strerror(errno));
}

static __attribute__((noreturn)) int stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void lend(int argc, char **argv)
{
	static char stack[16384] __attribute__((aligned(16)));

	(void)argc;
	(void)argv;
	say("pid=%d", clone(stay, stack + sizeof(stack), CLONE_VM, NULL));
}

static const struct command commands[] = {
	{ "lend", lend }, { "lock", lock }, { "storm", storm }, { "pages", storm_pages },
	{ "timers", storm_timers }, { "spawn", storm_spawns },
};

int main(int argc, char **argv)
{
	memset(stacks, 0, sizeof(stacks));
	if (argc > 1 && !strcmp(argv[1], "churn"))
		churn();
	if (argc > 1 && !strcmp(argv[1], "live"))
		live(argv, argc == 2);
	return serve(commands, ARRAY_SIZE(commands));
}
