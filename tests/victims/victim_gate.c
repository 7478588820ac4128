// SPDX-License-Identifier: GPL-2.0
/*
 * An allocator whose entries are known to the byte (tests/lib/gate.py has doors for them), and
 * a program that uses it. It counts for itself what it has got and given back.
 *
 *   leak COUNT BYTES    blocks that stay, from leak_here()
 *   keep COUNT BYTES    blocks that "drop" gives back, from keep_here()
 *   drop
 *   resize COUNT        reallocates as many: half of them grow, half can't
 *   churn THREADS       threads that get and give back without end, and look whether
 *                       what they have written is still there
 *   forks, vforks, execs
 *                       a thread that makes children without end; each child uses the
 *                       allocator and looks for doors in its own text
 *   signals             a thread that sends signals to all
 *   calm                ends all of these, and gives back what they have
 *   counts              born=, died=, children=, broken= and doors= (of children)
 *   text                digest= of the text of the allocator
 */
#include "victim.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

void *victim_alloc(size_t bytes);
void victim_free(void *block);
void *victim_realloc(void *block, size_t bytes);
extern char victim_text[], victim_text_end[], victim_island[];

/* The island stays as the gate has left it: it is not compared. */
asm(".pushsection .text.victim,\"ax\",@progbits\n"
	".p2align 12\n"
	".globl victim_text\n"
	"victim_text:\n"
	".globl victim_alloc\n.type victim_alloc, @function\n"
	"victim_alloc:\n"
	".cfi_startproc\n"
	"push %rbx\n"
	".cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbx, 0\n"
	"mov %rdi, %rbx\n"
	".globl victim_alloc_door\n"
	"victim_alloc_door:\n"
	"cmpb $0, victim_flag(%rip)\n"
	"jne 1f\n"
	"1: mov %rbx, %rdi\n"
	"call malloc@PLT\n"
	"pop %rbx\n"
	".cfi_adjust_cfa_offset -8\n.cfi_restore rbx\n"
	"ret\n"
	".cfi_endproc\n.size victim_alloc, . - victim_alloc\n"
	".p2align 4\n"
	".globl victim_free\n.type victim_free, @function\n"
	"victim_free:\n"
	".cfi_startproc\n"
	"test %rdi, %rdi\n"
	"je 2f\n"
	"sub $8, %rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	"call free@PLT\n"
	"add $8, %rsp\n"
	".cfi_adjust_cfa_offset -8\n"
	"2: ret\n"
	".cfi_endproc\n.size victim_free, . - victim_free\n"
	".p2align 4\n"
	".globl victim_island\n"
	"victim_island:\n"
	".fill 16, 1, 0x90\n"
	".globl victim_realloc\n.type victim_realloc, @function\n"
	"victim_realloc:\n"
	".cfi_startproc\n"
	"sub $8, %rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	".globl victim_realloc_door\n"
	"victim_realloc_door:\n"
	"cmpb $0, victim_flag(%rip)\n"
	"jne 3f\n"
	"3: call realloc@PLT\n"
	"add $8, %rsp\n"
	".cfi_adjust_cfa_offset -8\n"
	"ret\n"
	".cfi_endproc\n.size victim_realloc, . - victim_realloc\n"
	".globl victim_text_end\n"
	"victim_text_end:\n"
	".p2align 12\n"
	".popsection\n");

char victim_flag;

enum { INT3 = (char)0xcc, MANY = 1 << 20, HELD = 64, THREADS = 64 };

static void *blocks[MANY];
static long nblocks;
static long born, died, children, broken, doors;
static bool going;
static pthread_t threads[THREADS];
static int nthreads;
static unsigned char pristine[4096];

static size_t text_bytes(void)
{
	return victim_text_end - victim_text;
}

/* Bytes that are not as they were, but for the island. */
static long count_differences(bool traps)
{
	long n = 0;

	for (size_t i = 0; i < text_bytes(); i++)
		n += victim_text[i] != (char)pristine[i] &&
		     (traps || victim_text[i] != INT3) &&
		     (victim_text + i < victim_island || victim_text + i >= victim_island + 16);
	return n;
}

INLINE void *get(size_t bytes)
{
	void *block = victim_alloc(bytes);

	if (block)
		__atomic_add_fetch(&born, 1, __ATOMIC_RELAXED);
	return block;
}

INLINE void put(void *block)
{
	if (!block)
		return;
	__atomic_add_fetch(&died, 1, __ATOMIC_RELAXED);
	victim_free(block);
}

NAMED static void *leak_here(size_t bytes)
{
	void *block = get(bytes);

	memset(block, 1, bytes);
	return block;
}

NAMED static void *keep_here(size_t bytes)
{
	void *block = get(bytes);

	memset(block, 2, bytes);
	return block;
}

static void leak(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 1); i > 0; i--)
		asm volatile("" :: "r"(leak_here(number(argc, argv, 2, 64))));
}

static void keep(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 1); i > 0 && nblocks < MANY; i--)
		blocks[nblocks++] = keep_here(number(argc, argv, 2, 64));
}

static void drop(int argc, char **argv)
{
	while (nblocks)
		put(blocks[--nblocks]);
}

static void resize(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 2); i > 0; i--) {
		void *block = keep_here(64), *more = victim_realloc(block, i & 1 ? 1UL << 60 : 4096);

		if (more) {
			born++;
			died++;
			block = more;
		}
		put(block);
	}
}

/* Who opens and closes is to get somewhere, on a slow machine, too. */
static void yield_to_others(void)
{
	setpriority(PRIO_PROCESS, gettid(), 10);
}

static void *churn_fn(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	unsigned char *held[HELD] = { };
	size_t size[HELD];

	yield_to_others();
	while (__atomic_load_n(&going, __ATOMIC_RELAXED)) {
		int i = rand_r(&seed) % HELD;

		if (held[i] && (held[i][0] != (i & 0xff) || held[i][size[i] - 1] != (i & 0xff)))
			__atomic_add_fetch(&broken, 1, __ATOMIC_RELAXED);
		put(held[i]);
		size[i] = 1 + rand_r(&seed) % 2000;
		held[i] = get(size[i]);
		held[i][0] = i;
		held[i][size[i] - 1] = i;
	}
	for (int i = 0; i < HELD; i++)
		put(held[i]);
	return NULL;
}

static void start(void *(*fn)(void *), long arg)
{
	__atomic_store_n(&going, true, __ATOMIC_RELAXED);
	if (nthreads < THREADS && !pthread_create(&threads[nthreads], NULL, fn, (void *)arg))
		nthreads++;
}

static void churn(int argc, char **argv)
{
	for (long i = 0; i < number(argc, argv, 1, 4); i++)
		start(churn_fn, i + 1);
}

/*
 * Exit status: 1: a door is open or half open; 2: the allocator is broken. Forked while a door
 * was about to be opened, it has int3 of a uprobe, which the kernel removes when it is hit.
 */
static int child_main(void)
{
	long bad = count_differences(false);
	char *block = NULL;

	for (int i = 0; i < 20; i++) {
		block = victim_realloc(victim_alloc(100 + i), 200 + i);
		memset(block, 3, 200 + i);
		victim_free(block);
	}
	return bad || count_differences(true) ? 1 : block ? 0 : 2;
}

static void child_ended(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return;
	__atomic_add_fetch(&children, 1, __ATOMIC_RELAXED);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		__atomic_add_fetch(&doors, 1, __ATOMIC_RELAXED);
	else if (status)
		__atomic_add_fetch(&broken, 1, __ATOMIC_RELAXED);
}

static void *forks_fn(void *unused)
{
	yield_to_others();
	while (__atomic_load_n(&going, __ATOMIC_RELAXED)) {
		pid_t pid = fork();

		if (!pid)
			_exit(child_main());
		child_ended(pid);
	}
	return NULL;
}

static void forks(int argc, char **argv)
{
	start(forks_fn, 0);
}

static void *vforks_fn(void *unused)
{
	static char *const args[] = { "/bin/true", NULL };
	pid_t pid;

	yield_to_others();
	while (__atomic_load_n(&going, __ATOMIC_RELAXED))
		if (!posix_spawn(&pid, args[0], NULL, NULL, args, NULL))
			child_ended(pid);
	return NULL;
}

static void vforks(int argc, char **argv)
{
	start(vforks_fn, 0);
}

static void on_signal(int sig) { }

static void *signals_fn(void *unused)
{
	yield_to_others();
	while (__atomic_load_n(&going, __ATOMIC_RELAXED)) {
		for (int i = 0; i < nthreads; i++)
			if (!pthread_equal(threads[i], pthread_self()))
				pthread_kill(threads[i], SIGUSR1);
		usleep(100);
	}
	return NULL;
}

static void signals(int argc, char **argv)
{
	start(signals_fn, 0);
}

/* In the order in which they came: who sends signals came last, and is the first to go. */
static void calm(int argc, char **argv)
{
	__atomic_store_n(&going, false, __ATOMIC_RELAXED);
	while (nthreads)
		pthread_join(threads[--nthreads], NULL);
}

static void counts(int argc, char **argv)
{
	say("born=%ld\ndied=%ld\nchildren=%ld\nbroken=%ld\ndoors=%ld", born, died, children, broken,
	    doors);
}

static void text(int argc, char **argv)
{
	say("differences=%ld", count_differences(true));
}

static void run_other(int argc, char **argv)
{
	execl(argc > 1 ? argv[1] : "/bin/sleep", "other", "1000", NULL);
}

int main(void)
{
	static const struct command commands[] = {
		{ "leak", leak }, { "keep", keep }, { "drop", drop }, { "resize", resize },
		{ "churn", churn }, { "forks", forks }, { "vforks", vforks }, { "signals", signals },
		{ "calm", calm }, { "counts", counts }, { "text", text }, { "exec", run_other },
	};
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &sa, NULL);
	memcpy(pristine, victim_text, text_bytes());
	return serve(commands, ARRAY_SIZE(commands));
}
