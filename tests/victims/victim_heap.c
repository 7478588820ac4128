// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of malloc: kept in lists, lost, freed between others.
 *
 *   keep COUNT BYTES       blocks in a list
 *   lose COUNT BYTES       blocks to which nothing refers, amid kept ones
 *   lose_chain COUNT BYTES blocks of which each refers to the next one
 *   lose_objects COUNT     of the C++ class shop::Basket, each with a block of its own
 *   keep_hidden COUNT BYTES
 *                          kept by addresses into the middle, by tagged ones, and by ones
 *                          in a block with a mapping of its own
 *   keep_in_kernel         blocks that only epoll and a timer refer to
 *   decoy                  memory with what looks like headers of blocks, as a guest's has
 *   fragment COUNT BYTES   blocks of which every other one is freed, for good
 *   cache COUNT BYTES      frees so many of a size at once
 *   threads COUNT BLOCKS BYTES
 *                          threads that keep a list each, in arenas of their own, and wait
 *   storm COUNT            threads that allocate and free without end
 *   calm                   ends them
 *   sbrk BYTES             memory amid the main arena's that is not malloc's
 *   info                   mallinfo2(), a line for each of its numbers
 *   trim                   malloc_trim(0); answers "trimmed=BYTES", by RSS
 */
#include "victim.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

struct node {
	struct node *next;
	char rest[];
};

struct node *kept, *hidden;	/* not static: nobody reads them */
char *middle[4096];
uintptr_t *tagged;
static long nmiddle, ntagged;
static bool stormy;
static pthread_t storm_thread[64];
static long nstorm;

void lose_basket(void);	/* victim_heap_object.cc */

NAMED static struct node *new_node(long bytes, struct node *next)
{
	struct node *n = malloc(bytes);

	memset(n, 0x5a, bytes);
	n->next = next;
	return n;
}

/*
 * Where the last addresses may still be: below the stack pointer, and in registers,
 * which a function with variable arguments puts onto the stack.
 */
NAMED static void wipe_stack(void)
{
	volatile char room[128 << 10];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
	asm volatile("xor %%esi, %%esi\n\txor %%edx, %%edx\n\txor %%ecx, %%ecx\n\t"
		     "xor %%edi, %%edi\n\txor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\t"
		     "xor %%r10d, %%r10d\n\txor %%r11d, %%r11d"
		     : : : "rsi", "rdx", "rcx", "rdi", "r8", "r9", "r10", "r11");
}

/* Has it done where the stack is wiped afterwards. */
NAMED static void forget(void (*act)(long n, long bytes), long n, long bytes)
{
	char room[1024];

	asm volatile("" : : "r"(room) : "memory");
	act(n, bytes);
	asm volatile("" : : "r"(room) : "memory");
}

NAMED static void keep_all(long n, long bytes)
{
	while (n--)
		kept = new_node(bytes, kept);
}

static void keep(int argc, char **argv)
{
	keep_all(number(argc, argv, 1, 1), number(argc, argv, 2, 100));
}

NAMED static void lose_all(long n, long bytes)
{
	while (n--) {
		memset(malloc(bytes), 0x33, bytes);
		keep_all(1, bytes);
	}
}

static void lose(int argc, char **argv)
{
	forget(lose_all, number(argc, argv, 1, 1), number(argc, argv, 2, 100));
	wipe_stack();
}

NAMED static void lose_list(long n, long bytes)
{
	struct node *first = NULL;

	while (n--)
		first = new_node(bytes, first);
}

static void lose_chain(int argc, char **argv)
{
	forget(lose_list, number(argc, argv, 1, 1), number(argc, argv, 2, 100));
	wipe_stack();
}

NAMED static void lose_baskets(long n, long bytes)
{
	while (n--)
		lose_basket();
}

static void lose_objects(int argc, char **argv)
{
	forget(lose_baskets, number(argc, argv, 1, 1), 0);
	wipe_stack();
}

NAMED static void hide(long n, long bytes)
{
	tagged = malloc(1 << 20);
	memset(tagged, 0, 1 << 20);
	for (long i = 0; i < n && nmiddle < (long)ARRAY_SIZE(middle); i++) {
		middle[nmiddle++] = (char *)new_node(bytes, NULL) + bytes - 1;
		tagged[ntagged++] = (uintptr_t)new_node(bytes, NULL) | 0xabcd000000000005;
		tagged[ntagged++] = (uintptr_t)new_node(bytes, NULL);
		hidden = new_node(bytes, hidden);
	}
}

static void keep_hidden(int argc, char **argv)
{
	forget(hide, number(argc, argv, 1, 1), number(argc, argv, 2, 100));
	wipe_stack();
}

NAMED static void give_to_kernel(long n, long bytes)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = new_node(111, NULL) };
	struct sigevent expiry = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
				   .sigev_value.sival_ptr = new_node(222, NULL) };
	int fd = epoll_create1(0);
	timer_t timer;

	/* standard input is where commands come from */
	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, 0, &event) || timer_create(CLOCK_MONOTONIC, &expiry, &timer))
		fail("no epoll or timer: %s", strerror(errno));
	memset(&event, 0, sizeof(event));
	memset(&expiry, 0, sizeof(expiry));
}

static void keep_in_kernel(int argc, char **argv)
{
	forget(give_to_kernel, 0, 0);
	wipe_stack();
}

static void decoy(int argc, char **argv)
{
	char *all = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long at = 0; at < 32 << 20; at += 80 * 4096) {
		((size_t *)(all + at))[0] = 0;
		((size_t *)(all + at))[1] = (33 * 4096) | 2;
	}
}

NAMED static void fragment_all(long n, long bytes)
{
	void **all = mmap(NULL, n * sizeof(*all), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < n; i++) {
		all[i] = malloc(bytes);
		memset(all[i], 1, bytes);
	}
	for (long i = 0; i < n; i += 2) {
		free(all[i]);
		all[i] = NULL;
	}
}

static void fragment(int argc, char **argv)
{
	fragment_all(number(argc, argv, 1, 1), number(argc, argv, 2, 100));
}

static void cache(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), bytes = number(argc, argv, 2, 100);
	void *all[64];

	for (long i = 0; i < n && i < 64; i++)
		all[i] = malloc(bytes);
	for (long i = 0; i < n && i < 64; i++)
		free(all[i]);
}

/* --- threads --- */

struct work {
	long blocks, bytes;
	int ready;
	struct node *list;
};

static void *keep_and_wait(void *arg)
{
	struct work *w = arg;

	for (long i = 0; i < w->blocks; i++)
		w->list = new_node(w->bytes, w->list);
	wake_word(&w->ready, 1);
	for (;;)
		pause();
	return NULL;
}

static void threads(int argc, char **argv)
{
	pthread_t thread;

	for (long n = number(argc, argv, 1, 1); n--;) {
		struct work *w = calloc(1, sizeof(*w));

		w->blocks = number(argc, argv, 2, 1);
		w->bytes = number(argc, argv, 3, 100);
		if (pthread_create(&thread, NULL, keep_and_wait, w)) {
			fail("no thread");
			return;
		}
		wait_word(&w->ready, 0);
	}
	wipe_stack();
}

static void *allocate_and_free(void *arg)
{
	unsigned long seed = (unsigned long)arg * 2654435761u + 1;
	struct node *mine[64] = { 0 };

	while (__atomic_load_n(&stormy, __ATOMIC_RELAXED)) {
		struct node **n;

		seed = seed * 6364136223846793005 + 1442695040888963407;
		n = &mine[seed >> 58];
		if (*n) {
			free((*n)->next);
			free(*n);
			*n = NULL;
		} else {
			*n = new_node(16 + (seed >> 40) % 2000, NULL);
			(*n)->next = new_node(16 + (seed >> 30) % 200, NULL);
		}
	}
	for (int i = 0; i < 64; i++)
		if (mine[i]) {
			free(mine[i]->next);
			free(mine[i]);
		}
	return NULL;
}

static void storm(int argc, char **argv)
{
	stormy = true;
	for (nstorm = 0; nstorm < number(argc, argv, 1, 1) && nstorm < 64; nstorm++)
		if (pthread_create(&storm_thread[nstorm], NULL, allocate_and_free, (void *)nstorm)) {
			fail("no thread");
			return;
		}
}

static void calm(int argc, char **argv)
{
	__atomic_store_n(&stormy, false, __ATOMIC_RELAXED);
	for (long i = 0; i < nstorm; i++)
		pthread_join(storm_thread[i], NULL);
	nstorm = 0;
}

static void take_sbrk(int argc, char **argv)
{
	char *p = sbrk(number(argc, argv, 1, 4096));

	memset(p, 0x77, number(argc, argv, 1, 4096));
}

/* --- the truth --- */

static void info(int argc, char **argv)
{
	struct mallinfo2 m = mallinfo2();

	say("arena=%zu\nblocks=%zu\nfast_blocks=%zu\nmapped_blocks=%zu\nmapped=%zu\nfast=%zu\nused=%zu\n"
	    "free=%zu\ntop=%zu", m.arena, m.ordblks, m.smblks, m.hblks, m.hblkhd, m.fsmblks, m.uordblks,
	    m.fordblks, m.keepcost);
}

/* Without allocating. */
static long rss_bytes(void)
{
	static char text[4096];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	long n = read(fd, text, sizeof(text) - 1);
	char *rss;

	close(fd);
	text[n > 0 ? n : 0] = 0;
	rss = strstr(text, "Rss:");
	return rss ? strtol(rss + 4, NULL, 10) * 1024 : 0;
}

static void trim(int argc, char **argv)
{
	long before = rss_bytes();

	malloc_trim(0);
	say("trimmed=%ld", before - rss_bytes());
}

int main(void)
{
	static const struct command commands[] = {
		{ "keep", keep }, { "lose", lose }, { "lose_chain", lose_chain }, { "lose_objects", lose_objects },
		{ "keep_hidden", keep_hidden }, { "keep_in_kernel", keep_in_kernel }, { "decoy", decoy },
		{ "fragment", fragment }, { "cache", cache }, { "threads", threads },
		{ "storm", storm }, { "calm", calm }, { "sbrk", take_sbrk }, { "info", info }, { "trim", trim },
	};

	return serve(commands, ARRAY_SIZE(commands));
}
