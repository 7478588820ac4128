// SPDX-License-Identifier: GPL-2.0
/*
 * Threads and processes by every road in and out.
 *
 *   raw N             N threads by clone(2) without libc, at by_raw
 *   raw3 N            the same by clone3(2), at by_raw3
 *   end N             the N oldest of raw and raw3 exit
 *   joined N          N by pthread_create at by_joined, all ended and joined
 *   detached N        N detached, all ended
 *   unjoined N        N that have ended and that nobody joins
 *   running N         N by pthread_create at by_running that go on
 *   pairs N           N times made and waited for, at by_pair
 *   sigev N           N timers with SIGEV_THREAD that fire once
 *   fork N            N children that stand still, at by_fork
 *   zombies N         N children that have exited and that nobody reaps
 *   reap              waits for all zombies
 *   kill N            ends and reaps the N newest of fork's children
 *   vfork N           N children by vfork that exit at once, reaped
 *   grandchild        a child whose own child stands still
 *   fail N            N clones that fail
 *   leader_exit       the first thread exits, the others live on
 *   exec              starts itself anew; all threads but one end
 * Answers "tid=" or "child=" for each that was made.
 */
#include "victim.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LIMIT 512
#define STACK 16384

/* A raw thread's, all touched before "ready". */
static char stacks[LIMIT][STACK] __attribute__((aligned(STACK)));
static int words[LIMIT]; /* 1: go on; 2: end */
static int tids[LIMIT];	 /* cleared by the kernel */
static int first, last;

static pid_t children[LIMIT];
static int n_children;
static int *shared;

static void stand(void *arg)
{
	wait_word(arg, 1);
}

static void leave(void *arg)
{
}

static NAMED long by_raw(int i)
{
	return spawn(SPAWN_FLAGS_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		     stacks[i] + STACK, stand, &words[i], &tids[i], &tids[i]);
}

/* clone3 takes its arguments in memory, else as spawn() */
static NAMED long by_raw3(int i)
{
	void **top = (void **)(stacks[i] + STACK) - 2;
	struct clone_args args = {
		.flags = SPAWN_FLAGS_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		.child_tid = (uintptr_t)&tids[i],
		.parent_tid = (uintptr_t)&tids[i],
		.stack = (uintptr_t)stacks[i],
		.stack_size = STACK - 2 * sizeof(void *),
	};
	long ret;

	top[0] = &words[i];
	top[1] = (void *)stand;
	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "pop %%rdi\n\t"
		     "pop %%rax\n\t"
		     "call *%%rax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "mov $60, %%eax\n\t"
		     "syscall\n\t"
		     "ud2\n\t"
		     "1:"
		     : "=a"(ret)
		     : "0"((long)SYS_clone3), "D"(&args), "S"(sizeof(args))
		     : "rcx", "r11", "memory");
	return ret;
}

static int pair_tid;
static char pair_stack[STACK] __attribute__((aligned(STACK)));

static NAMED long by_pair(void)
{
	return spawn(SPAWN_FLAGS_THREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		     pair_stack + STACK, leave, NULL, &pair_tid, &pair_tid);
}

static void raw(int argc, char **argv)
{
	bool three = !strcmp(argv[0], "raw3");
	long ret;

	for (long n = number(argc, argv, 1, 1); n--; last++) {
		if (last == LIMIT)
			return fail("too many");
		words[last] = 1;
		ret = three ? by_raw3(last) : by_raw(last);
		if (ret < 0)
			return fail("%s", strerror(-ret));
		say("tid=%ld", ret);
	}
}

static void end(int argc, char **argv)
{
	int tid;

	for (long n = number(argc, argv, 1, 1); n-- && first < last; first++) {
		wake_word(&words[first], 2);
		while ((tid = __atomic_load_n(&tids[first], __ATOMIC_ACQUIRE)))
			wait_word(&tids[first], tid);
		/* the word is cleared a little before the task has gone */
		while (sys(SYS_tgkill, getpid(), tids[first], 0) == 0)
			sched_yield();
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void *forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static NAMED pthread_t by_joined(void)
{
	pthread_t t = 0;

	return pthread_create(&t, NULL, nothing, NULL) ? 0 : t;
}

static NAMED pthread_t by_detached(void)
{
	pthread_attr_t attr;
	pthread_t t = 0;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	return pthread_create(&t, &attr, nothing, NULL) ? 0 : t;
}

static NAMED pthread_t by_unjoined(void)
{
	pthread_t t = 0;

	return pthread_create(&t, NULL, nothing, NULL) ? 0 : t;
}

static NAMED pthread_t by_running(void)
{
	pthread_t t = 0;

	return pthread_create(&t, NULL, forever, NULL) ? 0 : t;
}

static long tasks(void)
{
	char line[64];
	long n = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Threads: %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* Until as many tasks as that are left. */
static void settle(long n)
{
	while (tasks() > n)
		sched_yield();
}

static void posix(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), before = tasks();
	bool goes_on = !strcmp(argv[0], "running");
	pthread_t t;

	for (long i = 0; i < n; i++) {
		if (!strcmp(argv[0], "joined")) {
			t = by_joined();
			if (t)
				pthread_join(t, NULL);
		} else if (!strcmp(argv[0], "detached")) {
			t = by_detached();
		} else if (!strcmp(argv[0], "unjoined")) {
			t = by_unjoined();
		} else {
			t = by_running();
		}
		if (!t)
			return fail("pthread_create");
	}
	settle(before + (goes_on ? n : 0));
	say("tasks=%ld", tasks());
}

static void pairs(int argc, char **argv)
{
	long ret;
	int tid;

	for (long n = number(argc, argv, 1, 1); n--;) {
		ret = by_pair();
		if (ret < 0)
			return fail("pair: %s", strerror(-ret));
		while ((tid = __atomic_load_n(&pair_tid, __ATOMIC_ACQUIRE)))
			wait_word(&pair_tid, tid);
	}
}

static int fired;

static void on_timer(union sigval value)
{
	__atomic_add_fetch(&fired, 1, __ATOMIC_RELEASE);
}

static void sigev(int argc, char **argv)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = on_timer,
	};
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	long n = number(argc, argv, 1, 1), before = tasks();
	timer_t id;

	fired = 0;
	for (long i = 0; i < n; i++)
		if (timer_create(CLOCK_MONOTONIC, &ev, &id) ||
		    timer_settime(id, 0, &soon, NULL))
			return fail("timer_create: %m");
	while (__atomic_load_n(&fired, __ATOMIC_ACQUIRE) < n)
		sched_yield();
	/* libc's own helper stays */
	settle(before + 1);
	say("tasks=%ld", tasks());
}

static NAMED pid_t by_fork(void)
{
	return fork();
}

static NAMED pid_t by_zombie(void)
{
	return fork();
}

static void fork_children(int argc, char **argv)
{
	bool zombie = !strcmp(argv[0], "zombies");
	siginfo_t info;
	pid_t pid;

	for (long n = number(argc, argv, 1, 1); n--;) {
		pid = zombie ? by_zombie() : by_fork();
		if (pid < 0 || n_children == LIMIT)
			return fail("fork: %m");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (zombie)
				_exit(0);
			for (;;)
				pause();
		}
		if (zombie)
			waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
		else
			children[n_children++] = pid;
		say("child=%d", pid);
	}
}

static void reap(int argc, char **argv)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void kill_children(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n-- && n_children;) {
		kill(children[--n_children], SIGKILL);
		waitpid(children[n_children], NULL, 0);
	}
}

static void vfork_children(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;) {
		pid_t pid = spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, pair_stack + STACK,
				  leave, NULL, NULL, NULL);

		if (pid < 0)
			return fail("vfork");
		waitpid(pid, NULL, 0);
	}
}

static NAMED pid_t by_grandfork(void)
{
	return fork();
}

static void grandchild(int argc, char **argv)
{
	pid_t pid;

	__atomic_store_n(shared, 0, __ATOMIC_RELEASE);
	pid = by_fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pid = by_grandfork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		wake_word(shared, pid);
		for (;;)
			pause();
	}
	if (pid < 0)
		return fail("fork: %m");
	children[n_children++] = pid;
	wait_word(shared, 0);
	say("child=%d", pid);
	say("grandchild=%d", *shared);
}

static void failures(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;) {
		/* a thread without shared memory: EINVAL */
		sys(SYS_clone, CLONE_THREAD, 0, NULL, NULL, 0);
		/* a number that is taken: EEXIST, after most of fork was done */
		int tid = getpid();
		struct clone_args args = {
			.exit_signal = SIGCHLD,
			.set_tid = (uintptr_t)&tid, .set_tid_size = 1,
		};

		if (sys(SYS_clone3, &args, sizeof(args)) >= 0)
			return fail("clone3 did not fail");
	}
}

static void *serve_on(void *arg);

static void leader_exit(int argc, char **argv)
{
	pthread_t t;

	if (pthread_create(&t, NULL, serve_on, (void *)(long)sys(SYS_gettid)))
		return fail("pthread_create");
	pthread_exit(NULL);
}

static const struct command commands[] = {
	{ "raw", raw }, { "raw3", raw }, { "end", end }, { "joined", posix },
	{ "detached", posix }, { "unjoined", posix }, { "running", posix },
	{ "pairs", pairs }, { "sigev", sigev }, { "fork", fork_children },
	{ "zombies", fork_children }, { "reap", reap }, { "kill", kill_children },
	{ "vfork", vfork_children }, { "grandchild", grandchild },
	{ "fail", failures }, { "leader_exit", leader_exit }, { "exec", exec_self },
};

/* Goes on with the dialogue once the leader is a zombie; "ready" says so. */
static void *serve_on(void *arg)
{
	char path[64], line[256];
	FILE *f;
	char state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", (long)arg);
	while (state != 'Z') {
		f = fopen(path, "r");
		if (!f)
			break;
		if (fgets(line, sizeof(line), f))
			sscanf(strrchr(line, ')') + 2, "%c", &state);
		fclose(f);
		sched_yield();
	}
	exit(serve(commands, ARRAY_SIZE(commands)));
}

int main(int argc, char **argv)
{
	memset(stacks, 0, sizeof(stacks));
	memset(pair_stack, 0, sizeof(pair_stack));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return serve(commands, ARRAY_SIZE(commands));
}
