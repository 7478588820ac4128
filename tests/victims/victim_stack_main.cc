// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of victim_stack. Built without frame pointers, as distributions build.
 *   paths N FILE   N paths, a descriptor or a page at the end of each
 *   async N FILE   N descriptors made in a handler, wherever the signal struck
 *   swapped N FILE paths, but the stack is swapped out when the object is made;
 *                  "out=N": pages that were not in memory then, all in all
 *   dying N FILE   N descriptors that die at the end of one of two paths, swapped out
 *   loading N FILE paths, while another thread loads and unloads a library
 *   execs N FILE   N programs one after the other, five descriptors in each
 *   raw N FILE     N descriptors made through code that mprotect() made executable;
 *                  notes nothing, as backtrace() does not know that code
 */
#include "victim_stack.h"

#include <algorithm>
#include <string>

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

static void swapped(int n)
{
	swap_out = true;
	pages_out = 0;
	paths(n);
	swap_out = false;
	printf("out=%ld\n", pages_out);
}

NAMED static int make_doomed()
{
	int fd = eventfd(0, 0);

	asm volatile("");
	return fd;
}

static void dying(int n)
{
	swap_out = true;
	while (n--) {
		doomed = make_doomed();
		seed = 2 * (n % 2);	/* neither path leads through a thread */
		paths(1);
	}
	swap_out = false;
}

static volatile bool loading;

static void nothing(int)
{
}

static void *load_and_unload(void *)
{
	while (loading) {
		void *lib = dlopen(library, RTLD_NOW);
		auto call = lib ? (int (*)(void (*)(int), int))dlsym(lib, "call_back") : nullptr;

		if (call)
			call(nothing, 0);
		if (lib)
			dlclose(lib);
	}
	return nullptr;
}

static void while_loading(int n)
{
	pthread_t thread;

	loading = true;
	if (pthread_create(&thread, nullptr, load_and_unload, nullptr))
		return;
	paths(n);
	loading = false;
	pthread_join(thread, nullptr);
}

NAMED static void make_raw(int)
{
	eventfd(0, 0);
	asm volatile("");
}

/* The library's bytes as a loader of one's own might bring them in. */
NAMED static void raw(int n)
{
	void *lib = dlopen(library, RTLD_NOW);
	int fd = open(library, O_RDONLY);
	Dl_info info;
	char *code;

	if (!lib || !dladdr(dlsym(lib, "call_back"), &info))
		return;
	code = (char *)mmap(nullptr, 1 << 20, PROT_READ, MAP_PRIVATE, fd, 0);
	mprotect(code + 0x1000, 0x1000, PROT_READ | PROT_EXEC);
	auto call = (int (*)(void (*)(int), int))
		(code + ((char *)info.dli_saddr - (char *)info.dli_fbase));
	dlclose(lib);
	close(fd);
	while (n--)
		call(make_raw, 0);
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
	static char path[4096];
	struct rlimit many = { 65536, 65536 };
	stack_t alternate = {};
	void *warm[4];

	alternate.ss_sp = signal_stack;
	alternate.ss_size = sizeof(signal_stack);
	sigaltstack(&alternate, nullptr);
	setrlimit(RLIMIT_NOFILE, &many);
	handle(SIGUSR1, on_signal, SA_ONSTACK | SA_NODEFER);
	handle(SIGUSR2, on_signal, SA_NODEFER);
	handle(SIGALRM, on_tick, SA_RESTART);
	region_next = (char *)mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	madvise(region_next, 64 << 20, MADV_NOHUGEPAGE);
	backtrace(warm, 4);		/* loads libgcc_s */
	snprintf(path, sizeof(path), "%.*s/libstack.so",
		 (int)(strrchr(self, '/') - self), self);
	library = path;
}

/* Returns in the last of them. */
static void execs(char *self, int left, const char *file)
{
	char number[16];
	char *args[] = { self, (char *)"execs", number, (char *)file, nullptr };

	notes = fopen(file, "a");
	seed = left;
	only_descriptors = true;	/* pages end with the program */
	paths(5);
	only_descriptors = false;
	fclose(notes);
	snprintf(number, sizeof(number), "%d", left - 1);
	if (left > 1)
		execv(self, args);
}

static const struct {
	const char *name;
	void (*run)(int n);
} commands[] = {
	{ "paths", paths }, { "async", async }, { "swapped", swapped }, { "dying", dying },
	{ "loading", while_loading }, { "raw", raw },
};

static void obey(char *self, const char *what, int n, const char *file)
{
	if (!strcmp(what, "execs"))
		return execs(self, n, file);
	notes = fopen(file, "w");
	for (auto &command : commands)
		if (!strcmp(what, command.name))
			command.run(n);
	fclose(notes);
}

int main(int argc, char **argv)
{
	char line[4096], what[16], file[4000];
	int n;

	prepare(argv[0]);
	if (argc > 3) {
		execs(argv[0], atoi(argv[2]), argv[3]);
		puts("ok");
	} else {
		printf("ready %d\n", getpid());
	}
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%15s %d %3999s", what, &n, file) != 3)
			break;
		obey(argv[0], what, n, file);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
