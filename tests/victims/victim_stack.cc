// SPDX-License-Identifier: GPL-2.0
/*
 * Makes objects at the ends of call paths of every awkward sort, and notes the
 * path of each as backtrace() sees it. Commands: victim_stack_main.cc.
 * A line of the notes: "fd NUMBER PC…" or "page ADDRESS PC…", innermost first, without
 * the function that made the object.
 */
#include "victim_stack.h"

#include <cstdlib>
#include <functional>
#include <stdexcept>

#include <alloca.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

FILE *notes;
char *region_next;
unsigned int seed = 1;
bool only_descriptors, swap_out;
int doomed = -1;
const char *library;
static bool on_signal_stack, in_library;

static unsigned int random_below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

long pages_out;
char signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(4096)));
extern "C" void *__libc_stack_end;

/* Away with a stack, then count what is away, without touching it. */
static void send_out(char *from, char *end)
{
	static unsigned char in_memory[256];

	madvise(from, end - from, 21 /* MADV_PAGEOUT, v5.4 */);
	if (!mincore(from, end - from, in_memory))
		for (long i = 0; i < (end - from) / 4096; i++)
			pages_out += !(in_memory[i] & 1);
}

static void send_stacks_out()
{
	unsigned long here = (unsigned long)__builtin_frame_address(0) & -4096;
	unsigned long top = ((unsigned long)__libc_stack_end | 4095) + 1;
	bool on_main = here < top && top - here < 1 << 20;

	if (on_main)
		send_out((char *)here + 4096, (char *)top);
	else
		send_out(signal_stack, signal_stack + sizeof(signal_stack));
}

static void note(const char *what, unsigned long id, void **pcs, int n)
{
	fprintf(notes, "%s %lu", what, id);
	for (int i = 1; i < n; i++)
		fprintf(notes, " %p", pcs[i]);
	fputc('\n', notes);
}

NAMED void make_descriptor()
{
	void *pcs[300];
	int n = backtrace(pcs, 300);

	if (swap_out)
		send_stacks_out();
	note("fd", eventfd(0, 0), pcs, n);
}

NAMED static void make_page()
{
	void *pcs[300];
	int n = backtrace(pcs, 300);
	char *page = region_next;

	region_next += 4096;
	if (swap_out)
		send_stacks_out();
	*(volatile char *)page = 1;
	note("page", (unsigned long)page, pcs, n);
}

/* A descriptor dies here instead. */
NAMED static void close_doomed()
{
	int fd = doomed;

	doomed = -1;
	if (swap_out)
		send_stacks_out();
	close(fd);
	asm volatile("");
}

static void make()
{
	if (doomed >= 0)
		close_doomed();
	else if (only_descriptors || random_below(2))
		make_descriptor();
	else
		make_page();
	asm volatile("");
}

extern "C" NAMED void go_on(int left);

/* Every step ends with something to do after its call, or it would be a jump. */
NAMED static int plain(int left, int salt)
{
	char here[64];

	snprintf(here, sizeof(here), "%d", salt);
	go_on(left);
	return here[0];
}

NAMED static int with_alloca(int left)
{
	volatile char *p = (char *)alloca(16 + random_below(5000));

	p[0] = 1;
	go_on(left);
	return p[0];
}

NAMED static int realigned(int left)
{
	alignas(64) volatile char here[128];
	volatile char *p = (char *)alloca(16 + random_below(300));

	here[1] = p[0] = 1;
	go_on(left);
	return here[1] + p[0];
}

struct last_words {
	int left;
	NAMED ~last_words() { go_on(left); asm volatile(""); }
};

NAMED static void thrower(int left)
{
	last_words words{left};

	if (left >= 0)
		throw std::runtime_error("on purpose");
}

NAMED static int by_exception(int left)
{
	int result = 0;

	try {
		thrower(left);
	} catch (const std::runtime_error &e) {
		result = e.what()[0];
	}
	return result;
}

static int sorted_left;

static int compare(const void *a, const void *b)
{
	int left = sorted_left;

	if (left >= 0) {
		sorted_left = -1;
		go_on(left);
	}
	return *(const int *)a - *(const int *)b;
}

NAMED static int by_qsort(int left)
{
	int some[2] = { 2, 1 };

	sorted_left = left;
	qsort(some, 2, sizeof(some[0]), compare);
	return some[0];
}

static int signalled_left;

void on_signal(int)
{
	int left = signalled_left;

	signalled_left = -1;
	if (left >= 0)
		go_on(left);
	asm volatile("");
}

NAMED static int by_signal(int left, int signal)
{
	bool was = on_signal_stack;

	on_signal_stack = true;
	signalled_left = left;
	raise(signal);
	on_signal_stack = was;
	return was;
}

static void *thread_main(void *arg)
{
	go_on((int)(long)arg);
	return nullptr;
}

NAMED static int by_thread(int left)
{
	bool was = on_signal_stack;
	pthread_t thread;

	on_signal_stack = true;		/* the alternate one is not this thread's */
	if (!pthread_create(&thread, nullptr, thread_main, (void *)(long)left))
		pthread_join(thread, nullptr);
	on_signal_stack = was;
	return was;
}

NAMED static int by_function(int left)
{
	int result = 0;
	std::function<void(int)> f = [&](int n) { go_on(n); result++; };

	f(left);
	return result;
}

NAMED static int by_library(int left)
{
	void *lib = dlopen(library, RTLD_LAZY);
	auto call = lib ? (int (*)(void (*)(int), int))dlsym(lib, "call_back") : nullptr;

	in_library = true;
	if (call)
		call(go_on, left);
	in_library = false;
	if (lib)
		dlclose(lib);
	return call != nullptr;
}

extern "C" NAMED void go_on(int left)
{
	if (left <= 0)
		return make();
	switch (random_below(40)) {
	case 0: by_exception(left - 1); break;
	case 1: case 2: realigned(left - 1); break;
	case 3: case 4: with_alloca(left - 1); break;
	case 5: by_qsort(left - 1); break;
	case 6: by_function(left - 1); break;
	case 7: by_signal(left - 1, on_signal_stack ? SIGUSR2 : SIGUSR1); break;
	case 8: by_signal(left - 1, SIGUSR2); break;
	case 9:
		if (!random_below(8))
			by_thread(left - 1);
		else
			plain(left - 1, 1);
		break;
	case 10:
		if (!in_library && !random_below(20))
			by_library(left - 1);
		else
			plain(left - 1, 2);
		break;
	default: plain(left - 1, left);
	}
	asm volatile("");
}

void paths(int n)
{
	for (int i = 0; i < n; i++)
		go_on(i % 50 ? 3 + random_below(25) : 90);
}
