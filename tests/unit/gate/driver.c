// SPDX-License-Identifier: GPL-2.0
/*
 * Uses the allocator of its own process through a gate, and compares: what it holds is what
 * the kernel's stand-in knows, to the byte, and what it uses is what it would be without.
 *
 *   [NEVER_THROWS=1] driver PLANNER MEAN THREADS ROUNDS
 *
 * It is built as C, as C++, static, and with musl. Prints what was counted.
 */
#include "kernel.h"

#include <malloc.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifdef __cplusplus
#include <new>
#endif

enum { SLOTS = 192 };

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);					\
		}							\
	} while (0)

struct held { unsigned char *at; size_t bytes; };

static int every_block;
static int nthreads;			/* that allocate now, if they are several */
static unsigned long unsampled;

/*
 * Whether the kernel knows a block by its address and size. Threads that share a countdown may
 * miss one: between the end of the countdown and its announcement another one's block is free.
 */
static void check_known(const void *at, size_t bytes)
{
	struct block *b;

	if (!every_block)
		return;
	kernel_lock();
	b = kernel_find((uint64_t)at);
	if (b)
		bytes -= b->size;
	else if (nthreads || kernel.full)	/* or both slots of its tag were taken */
		bytes = 0;
	unsampled += !b;
	kernel_unlock();
	CHECK(b || nthreads || kernel.full);
	CHECK(bytes == 0);
}

static void check_unknown(const void *at)
{
	struct block *b;

	if (!every_block)
		return;
	kernel_lock();
	b = kernel_find((uint64_t)at);
	kernel_unlock();
	CHECK(!b);
}

static void fill(struct held *h)
{
	for (size_t i = 0; i < h->bytes; i += 61)
		h->at[i] = (unsigned char)(i ^ h->bytes);
}

static void check_content(const struct held *h, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 61)
		if (h->at[i] != (unsigned char)(i ^ h->bytes)) {
			fprintf(stderr, "a block of %zu bytes has changed\n", h->bytes);
			exit(1);
		}
}

static uint64_t next(uint64_t *random)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return *random >> 33;
}

static void *aligned(uint64_t *random, size_t bytes)
{
	size_t alignment = (size_t)8 << next(random) % 10;
	void *at = NULL;

	switch (next(random) % 3) {
	case 0:
		CHECK(!posix_memalign(&at, alignment, bytes));
		break;
	case 1:
		at = memalign(alignment, bytes);
		break;
	case 2:
		at = aligned_alloc(alignment, bytes);
		break;
	}
	CHECK(at && (uintptr_t)at % alignment == 0);
	return at;
}

#ifdef __cplusplus
static void *of_operator(uint64_t *random, size_t bytes)
{
	switch (next(random) % 4) {
	case 0: return operator new(bytes);
	case 1: return operator new[](bytes);
	case 2: return operator new(bytes, std::nothrow);
	default: return operator new[](bytes, std::nothrow);
	}
}

static void release_operator(uint64_t *random, struct held *h)
{
	switch (next(random) % 3) {
	case 0: operator delete(h->at); break;
	case 1: operator delete[](h->at); break;
	default: operator delete(h->at, h->bytes); break;
	}
}
#endif

/* Of the first half of the slots; the second is of operators, where there are any. */
static void take(uint64_t *random, struct held *h, size_t i)
{
	size_t n = next(random) % 50 + 1;

	h->bytes = next(random) % (next(random) % 64 ? 600 : 300000);
	switch (next(random) % 6) {
	case 0:
		h->bytes = h->bytes / n * n;
		h->at = (unsigned char *)calloc(n, h->bytes / n);
		for (size_t j = 0; j < h->bytes; j++)
			CHECK(!h->at[j]);
		break;
	case 1:
		h->at = (unsigned char *)aligned(random, h->bytes);
		break;
	case 2:
		h->at = (unsigned char *)realloc(NULL, h->bytes);
		break;
	default:
		h->at = (unsigned char *)malloc(h->bytes);
	}
#ifdef __cplusplus
	if (i >= SLOTS / 2) {
		free(h->at);
		h->bytes += !h->bytes;		/* libstdc++ makes 1 of 0 */
		h->at = (unsigned char *)of_operator(random, h->bytes);
	}
#else
	(void)i;
#endif
	CHECK(h->at && (uintptr_t)h->at % 8 == 0);
	check_known(h->at, h->bytes);
	fill(h);
}

static void resize(uint64_t *random, struct held *h)
{
	size_t old = h->bytes, bytes = next(random) % (next(random) % 32 ? 900 : 400000) + 1;
	struct held was = *h;
	size_t n = next(random) % 9 + 1;

	if (next(random) % 4) {
		was.at = (unsigned char *)realloc(h->at, bytes);
	} else {
		bytes = (bytes / n + 1) * n;
		was.at = (unsigned char *)reallocarray(h->at, bytes / n, n);
	}
	CHECK(was.at);
	check_content(&was, old < bytes ? old : bytes);
	h->at = was.at;
	h->bytes = bytes;
	check_known(h->at, bytes);
	fill(h);
}

static void release(uint64_t *random, struct held *h, size_t i)
{
	check_content(h, h->bytes);
#ifdef __cplusplus
	if (i >= SLOTS / 2) {
		release_operator(random, h);
		h->at = NULL;
		return;
	}
#else
	(void)random;
	(void)i;
#endif
	free(h->at);
	h->at = NULL;
}

static int rounds;

static void *storm(void *seed)
{
	struct held held[SLOTS];
	uint64_t random = (uint64_t)seed;

	memset(held, 0, sizeof(held));
	for (int i = 0; i < rounds; i++) {
		size_t slot = next(&random) % SLOTS;
		struct held *h = &held[slot];

		if (!h->at)
			take(&random, h, slot);
		else if (next(&random) % 3 == 0 && slot < SLOTS / 2)
			resize(&random, h);
		else
			release(&random, h, slot);
	}
	for (size_t i = 0; i < SLOTS; i++)
		if (held[i].at)
			release(&random, &held[i], i);
	return NULL;
}

/* --- what a program may notice --- */

static void *volatile kept;

__attribute__((noinline)) static void check_overflow(void)
{
	void *(*volatile make)(size_t) = malloc;
	void *(*volatile clear)(size_t, size_t) = calloc;
	void *(*volatile change)(void *, size_t) = realloc;
	unsigned char *at = (unsigned char *)make(100);

	memset(at, 7, 100);
	CHECK(!make((size_t)1 << 62));
	CHECK(!make(~(size_t)0));
	CHECK(!clear((size_t)1 << 33, (size_t)1 << 33));
	CHECK(!clear((size_t)3 << 61, 2));
	CHECK(!change(at, (size_t)1 << 62));
	check_known(at, 100);		/* it has not been released */
	for (int i = 0; i < 100; i++)
		CHECK(at[i] == 7);
	free(at);
	check_unknown(at);
	free(NULL);
	at = (unsigned char *)make(0);
	if (at)
		check_known(at, 0);
	free(at);
	CHECK(posix_memalign((void **)&at, 3, 100) == EINVAL);
	errno = 99;
	kept = make(10);
	CHECK(errno == 99);
	free(kept);
	CHECK(errno == 99);
}

/* Released by a size of 0, or not: as the allocator sees it. */
static void check_realloc_zero(void)
{
	void *(*volatile change)(void *, size_t) = realloc;
	void *at = malloc(50), *again = change(at, 0);

	if (!again)
		check_unknown(at);
	else
		free(again);
}

#ifdef __cplusplus
static void check_exceptions(void)
{
	bool caught = false;
	void *(*volatile make)(size_t) = operator new;

	try {
		kept = make((size_t)1 << 62);
	} catch (const std::bad_alloc &) {
		caught = true;
	}
	CHECK(caught);
}
#endif

/* Calls a function with known values in all callee-saved registers: are they still there? */
static uint64_t with_known_registers(void *function, uint64_t a, uint64_t b)
{
	uint64_t result, wrong;

	asm volatile("push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15\n\t"
		     "mov %[f], %%rax; mov %[v], %%r11\n\t"
		     "mov (%%r11),%%rbx; mov 8(%%r11),%%rbp; mov 16(%%r11),%%r12\n\t"
		     "mov 24(%%r11),%%r13; mov 32(%%r11),%%r14; mov 40(%%r11),%%r15\n\t"
		     "push %%r11\n\t"
		     "mov %%rsp,%%r10; and $-16,%%rsp; push %%r10; push %%r10\n\t"
		     "call *%%rax\n\t"
		     "pop %%rsp; pop %%r11; xor %%ecx,%%ecx\n\t"
		     "cmp (%%r11),%%rbx; setne %%dl; or %%dl,%%cl\n\t"
		     "cmp 8(%%r11),%%rbp; setne %%dl; or %%dl,%%cl\n\t"
		     "cmp 16(%%r11),%%r12; setne %%dl; or %%dl,%%cl\n\t"
		     "cmp 24(%%r11),%%r13; setne %%dl; or %%dl,%%cl\n\t"
		     "cmp 32(%%r11),%%r14; setne %%dl; or %%dl,%%cl\n\t"
		     "cmp 40(%%r11),%%r15; setne %%dl; or %%dl,%%cl\n\t"
		     "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx\n\t"
		     : "=a"(result), "=c"(wrong), "+D"(a), "+S"(b)
		     : [f] "r"(function), [v] "d"(kernel_saved)
		     : "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK(!(wrong & 0xff));
	return result;
}

static void check_registers(void)
{
	uint64_t a, b;

	kernel.check_saved = 1;
	a = with_known_registers((void *)malloc, 40, 0);
	b = with_known_registers((void *)calloc, 4, 10);
	a = with_known_registers((void *)realloc, a, 80);
	with_known_registers((void *)free, a, 0);
	with_known_registers((void *)free, b, 0);
	a = with_known_registers((void *)memalign, 64, 80);
	with_known_registers((void *)free, a, 0);
	kernel.check_saved = 0;
	CHECK(!kernel.bad_saved);
}

/* --- children and signals meanwhile --- */

static volatile unsigned int signals;

static void on_alarm(int signo)
{
	(void)signo;
	signals++;
}

static void *forks(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < 12; i++) {
		int status;
		pid_t child;

		kernel_lock();
		child = fork();
		kernel_unlock();
		if (!child) {
			rounds = 300;
			/*
			 * A thread that fork did not copy may have used up a countdown, and announces
			 * nothing here: who shares it is not sampled. Real children close their doors.
			 */
			every_block = 0;
			storm((void *)(uintptr_t)i);
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child && !status);
	}
	return NULL;
}

static void run(int n)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	pthread_t thread[64], forker;

	nthreads = n;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	CHECK(!pthread_create(&forker, NULL, forks, NULL));
	for (int i = 0; i < n; i++)
		CHECK(!pthread_create(&thread[i], NULL, storm, (void *)(uintptr_t)(i + 1)));
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	pthread_join(forker, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
}

static void print_doors(void)
{
	for (uint32_t i = 0; i < kernel.header->ndoors; i++)
		if (!(kernel.door[i].flags & LEAKTRACE_GATE_DOOR_F_DEATH))
			printf("%s %lu ", kernel.door[i].name, (unsigned long)kernel.of_door[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	uint64_t live = 0;
	int exact;

	if (argc < 5)
		return 2;
	every_block = !strcmp(argv[2], "1");
	rounds = atoi(argv[4]);
	kernel_open(argv[1], argv[2]);
	check_overflow();
	check_realloc_zero();
#ifdef __cplusplus
	if (!getenv("NEVER_THROWS"))
		check_exceptions();
#endif
	if (every_block)
		check_registers();
	run(atoi(argv[3]));
	for (size_t i = 0; i < NBLOCKS; i++)
		live += kernel.block[i].address != 0;
	exact = kernel.births == kernel.deaths + live && live < 64 && !kernel.doubles &&
		unsampled * 4 <= kernel.births;
	printf("%lu births, %lu deaths, %lu live, %lu doubles, %lu strangers, %lu drops, %lu full, "
	       "%lu inner, %lu undone, %u signals: ", kernel.births, kernel.deaths, live,
	       kernel.doubles, kernel.strangers, kernel.drops, kernel.full, kernel.inner,
	       kernel.undone, signals);
	print_doors();
	return !exact;
}
