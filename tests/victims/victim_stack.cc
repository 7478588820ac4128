// SPDX-License-Identifier: GPL-2.0
/*
 * Makes objects at the ends of call paths of every awkward sort, and notes the
 * path of each as backtrace() sees it. Built without frame pointers, as
 * distributions build. Commands:
 *   paths N FILE   N paths, a descriptor or a page at the end of each
 *   async N FILE   N descriptors made in a handler, wherever the signal struck
 * A line of FILE: "fd NUMBER PC…" or "page ADDRESS PC…", innermost first, without
 * the function that made the object.
 */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

#include <alloca.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define NAMED __attribute__((noinline, noipa))

static FILE *notes;
static char *region, *region_next;
static unsigned int seed = 1;
static bool on_signal_stack, in_library;
static const char *library;

static unsigned int random_below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void note(const char *what, unsigned long id, void **pcs, int n)
{
	fprintf(notes, "%s %lu", what, id);
	for (int i = 1; i < n; i++)
		fprintf(notes, " %p", pcs[i]);
	fputc('\n', notes);
}

NAMED static void make_descriptor()
{
	void *pcs[300];
	int n = backtrace(pcs, 300);

	note("fd", eventfd(0, 0), pcs, n);
}

NAMED static void make_page()
{
	void *pcs[300];
	int n = backtrace(pcs, 300);
	char *page = region_next;

	region_next += 4096;
	*(volatile char *)page = 1;
	note("page", (unsigned long)page, pcs, n);
}

static void make()
{
	if (random_below(2))
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

static void on_signal(int)
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

static void paths(int n)
{
	for (int i = 0; i < n; i++)
		go_on(i % 50 ? 3 + random_below(25) : 75);
}

static volatile int async_left;

static void on_tick(int)
{
	if (async_left > 0) {
		async_left = async_left - 1;
		make_descriptor();
	}
	asm volatile("");
}

/* What a signal may strike: short functions, all prologue and epilogue. */
NAMED static int fibonacci(int n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

NAMED static void async(int n)
{
	struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	std::string text(200, 'x');
	unsigned long sum = 0;

	async_left = n;
	setitimer(ITIMER_REAL, &tick, nullptr);
	while (async_left > 0) {
		sum += fibonacci(12) + strlen(text.c_str());
		std::sort(text.begin(), text.end());
		text = std::to_string(sum) + text.substr(0, 100);
	}
	memset(&tick, 0, sizeof(tick));
	setitimer(ITIMER_REAL, &tick, nullptr);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {};

	action.sa_handler = handler;
	action.sa_flags = flags;
	sigaction(signal, &action, nullptr);
}

static void prepare(const char *self)
{
	static char stack[256 << 10], path[4096];
	struct rlimit many = { 65536, 65536 };
	stack_t alternate = {};
	void *warm[4];

	alternate.ss_sp = stack;
	alternate.ss_size = sizeof(stack);
	sigaltstack(&alternate, nullptr);
	setrlimit(RLIMIT_NOFILE, &many);
	handle(SIGUSR1, on_signal, SA_ONSTACK | SA_NODEFER);
	handle(SIGUSR2, on_signal, SA_NODEFER);
	handle(SIGALRM, on_tick, SA_RESTART);
	region = (char *)mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	madvise(region, 64 << 20, MADV_NOHUGEPAGE);
	region_next = region;
	backtrace(warm, 4);		/* loads libgcc_s */
	snprintf(path, sizeof(path), "%.*s/libstack.so",
		 (int)(strrchr(self, '/') - self), self);
	library = path;
}

int main(int argc, char **argv)
{
	char line[4096], what[16], file[4000];
	int n;

	(void)argc;
	prepare(argv[0]);
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%15s %d %3999s", what, &n, file) != 3)
			break;
		notes = fopen(file, "w");
		if (!strcmp(what, "paths"))
			paths(n);
		else
			async(n);
		fclose(notes);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
