// SPDX-License-Identifier: GPL-2.0
/*
 * The twenty programs that leak, and their twins that do not.
 * usage: victim_leak KIND WAY [twin]
 *   KIND   fd page timer thread
 *   WAY    plain library thread child mixed
 * The object is made at leak_KIND_here, _in_library, _in_thread, _in_child or
 * _among_pairs. mixed also makes and releases 1,000 a second at pair_KIND_here.
 *
 *   hold N     opens N descriptors, which are no leak
 *   go N MS    makes N objects, spread over MS; "made=N" "released=N"
 *              "pairs=N", and "child=PID" for child
 *
 * A twin calls the same functions just as often and keeps no more than four
 * at a time, the oldest going first. What is left at the end depends:
 *   plain, child   nothing
 *   library        a pool: all N are made in the first moment and kept
 *   thread, mixed  the last four
 */
#include "leak.h"

#include <signal.h>
#include <pthread.h>
#include <sys/prctl.h>

enum kind { FD, PAGE, TIMER, THREAD };
static const char *const kinds[] = { "fd", "page", "timer", "thread" };
static const char *const ways[] = { "plain", "library", "thread", "child", "mixed" };
enum way { PLAIN, LIBRARY, IN_THREAD, CHILD, MIXED };

LEAK_FUNCTIONS(here)
LEAK_FUNCTIONS(in_thread)
LEAK_FUNCTIONS(in_child)
LEAK_FUNCTIONS(among_pairs)

static long (*const makers[][4])(struct slot *slot) = {
	LEAK_TABLE(here), LEAK_TABLE(in_library), LEAK_TABLE(in_thread),
	LEAK_TABLE(in_child), LEAK_TABLE(among_pairs),
};

#define KEPT 4
#define LIMIT 256

static enum kind kind;
static enum way way;
static bool twin;
static struct slot slots[LIMIT], pair_slot;
static long objects[LIMIT];

/* Shared with the thread or the child that does the work. */
static struct work {
	int state; /* 1: go, 2: done */
	long n, ms;
	long made, released, pairs, error;
} *work;

void slot_stand(void *arg)
{
	struct slot *slot = arg;

	while (__atomic_load_n(&slot->word, __ATOMIC_ACQUIRE) == 1)
		sys(SYS_futex, &slot->word, 0 /* FUTEX_WAIT */, 1, NULL);
}

static NAMED long release(enum kind k, long object, struct slot *slot)
{
	int tid;

	switch (k) {
	case FD:
		return sys(SYS_close, object);
	case PAGE:
		return sys(SYS_munmap, object, 4096);
	case TIMER:
		return sys(SYS_timer_delete, object);
	case THREAD:
		wake_word(&slot->word, 2);
		while ((tid = __atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE)))
			wait_word(&slot->tid, tid);
		/* its number outlives the word; the stack is used again */
		while (sys(SYS_tgkill, getpid(), object, 0) == 0)
			sched_yield();
		return 0;
	}
	return -EINVAL;
}

#define PAIR(kind, KIND)                                                       \
	static NAMED long pair_##kind##_here(struct slot *slot)                \
	{                                                                      \
		return MAKE_##KIND(slot);                                      \
	}
PAIR(fd, FD)
PAIR(page, PAGE)
PAIR(timer, TIMER)
PAIR(thread, THREAD)

static long one_pair(void)
{
	static long (*const pair_makers[])(struct slot *slot) = {
		pair_fd_here, pair_page_here, pair_timer_here, pair_thread_here,
	};
	long object = pair_makers[kind](&pair_slot);

	if (object < 0)
		return object;
	work->pairs++;
	return release(kind, object, &pair_slot);
}

static void do_work(void)
{
	long long start = now_ns(), span = work->ms * 1000000LL;
	bool pool = twin && way == LIBRARY;
	long oldest = 0, newest = 0, ret;

	for (long i = 0; i < work->n; i++) {
		long long next = start + (pool ? 0 : span * i / work->n);

		if (way == MIXED)
			while (now_ns() < next) {
				long long rest = now_ns() + 1000000;

				ret = one_pair();
				if (ret < 0)
					work->error = ret;
				sleep_until(rest);
			}
		sleep_until(next);
		ret = makers[way][kind](&slots[newest % LIMIT]);
		if (ret < 0) {
			work->error = ret;
			break;
		}
		objects[newest++ % LIMIT] = ret;
		work->made++;
		if (twin && !pool && newest - oldest > KEPT) {
			release(kind, objects[oldest % LIMIT], &slots[oldest % LIMIT]);
			oldest++;
			work->released++;
		}
	}
	sleep_until(start + span);
	while (twin && (way == PLAIN || way == CHILD) && oldest < newest) {
		release(kind, objects[oldest % LIMIT], &slots[oldest % LIMIT]);
		oldest++;
		work->released++;
	}
}

static void *worker(void *arg)
{
	/* the stack that work will stand on */
	volatile char room[16384];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 0;
	/* what the first call of a function touches is not the leak's */
	now_ns();
	wake_word(&work->state, 3);
	while (__atomic_load_n(&work->state, __ATOMIC_ACQUIRE) != 1)
		wait_word(&work->state, 3);
	do_work();
	wake_word(&work->state, 2);
	for (;;)
		pause();
	return NULL;
}

static void wait_done(void)
{
	int state;

	while ((state = __atomic_load_n(&work->state, __ATOMIC_ACQUIRE)) != 2)
		wait_word(&work->state, state);
}

static void hold(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 1); i > 0; i--)
		if (MAKE_FD(NULL) < 0)
			return fail("open: %m");
}

static void go(int argc, char **argv)
{
	pid_t pid;

	work->n = number(argc, argv, 1, 40);
	work->ms = number(argc, argv, 2, 8000);
	if (work->n > LIMIT)
		return fail("too many");
	switch (way) {
	case IN_THREAD:
		wake_word(&work->state, 1);
		wait_done();
		break;
	case CHILD:
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			do_work();
			wake_word(&work->state, 2);
			for (;;)
				pause();
		}
		if (pid < 0)
			return fail("fork: %m");
		wait_done();
		say("child=%d", pid);
		break;
	default:
		do_work();
	}
	say("made=%ld", work->made);
	say("released=%ld", work->released);
	say("pairs=%ld", work->pairs);
	if (work->error)
		fail("%s", strerror(-work->error));
}

static int word(const char *const *words, size_t n, const char *which)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], which))
			return i;
	fprintf(stderr, "victim_leak: what is '%s'?\n", which);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = { { "go", go }, { "hold", hold } };
	volatile char room[16384];
	pthread_t t;

	if (argc < 3)
		return 2;
	kind = word(kinds, ARRAY_SIZE(kinds), argv[1]);
	way = word(ways, ARRAY_SIZE(ways), argv[2]);
	twin = argc > 3 && !strcmp(argv[3], "twin");
	/* all that is no object of the leak is there before the test attaches */
	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 0;
	memset(slots, 0, sizeof(slots));
	memset(&pair_slot, 0, sizeof(pair_slot));
	memset(objects, 0xff, sizeof(objects));
	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (way == IN_THREAD) {
		if (pthread_create(&t, NULL, worker, NULL))
			return 1;
		while (__atomic_load_n(&work->state, __ATOMIC_ACQUIRE) != 3)
			wait_word(&work->state, 0);
	}
	return serve(commands, ARRAY_SIZE(commands));
}
