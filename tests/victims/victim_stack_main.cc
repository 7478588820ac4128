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
 *   load 0 -       loads the library
 *   fork 0 -       forks a child that stays in the kernel until released, and then
 *                  unloads the library; "child=PID"
 *   called N FILE  makes N descriptors, called back by the library
 *   release N FILE the child makes N descriptors, called back by the library
 */
#include "victim_stack.h"

#include <algorithm>
#include <string>

#include <dlfcn.h>
#include <execinfo.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

static void *loaded;
static int (*loaded_call)(void (*)(int), int);
static char *hold_page;			/* where the kernel writes a child's id, before it runs */
static int faults, child_faults, to_child[2], from_child[2];

static void load(int)
{
	loaded = dlopen(library, RTLD_NOW);
	loaded_call = (int (*)(void (*)(int), int))dlsym(loaded, "call_back");
}

NAMED static void make_called(int)
{
	make_descriptor();
	asm volatile("");
}

static void called(int n)
{
	while (n--)
		loaded_call(make_called, 0);
}

/* Faults of @hold_page, and of what a child has there, are ours to resolve. */
static int hold_faults()
{
	struct uffdio_register range = {};
	struct uffdio_api api = {};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	hold_page = (char *)mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	api.api = UFFD_API;
	api.features = UFFD_FEATURE_EVENT_FORK;
	range.range.start = (unsigned long)hold_page;
	range.range.len = 4096;
	range.mode = UFFDIO_REGISTER_MODE_MISSING;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		perror("userfaultfd");
	return fd;
}

/* fork() waits until this is read. */
static void *take_fork(void *)
{
	struct uffd_msg message;

	if (read(faults, &message, sizeof(message)) == sizeof(message))
		child_faults = message.arg.fork.ufd;
	return nullptr;
}

[[noreturn]] static void be_child()
{
	char file[4000] = "";
	int n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(to_child[0], &n, sizeof(n)) > 0 && read(to_child[0], file, sizeof(file)) > 0) {
		notes = fopen(file, "w");
		while (n--)
			loaded_call(make_called, 0);
		fclose(notes);
	}
	if (write(from_child[1], "", 1) == 1)
		pause();
	_exit(0);
}

/* Its first page fault is in the kernel, before it returns from fork() the first time. */
static void fork_and_unload(int)
{
	struct uffd_msg message;
	pthread_t thread;
	long child;

	faults = hold_faults();
	if (pipe(to_child) || pipe(from_child) ||
	    pthread_create(&thread, nullptr, take_fork, nullptr))
		return;
	child = syscall(SYS_clone, CLONE_CHILD_SETTID | SIGCHLD, nullptr, nullptr, hold_page,
			nullptr);
	if (!child)
		be_child();
	pthread_join(thread, nullptr);
	if (read(child_faults, &message, sizeof(message)) == sizeof(message))
		printf("child=%ld\n", child);
	dlclose(loaded);
}

static void release(int n, const char *file)
{
	struct uffdio_zeropage page = {};
	char end;

	page.range.start = (unsigned long)hold_page;
	page.range.len = 4096;
	if (write(to_child[1], &n, sizeof(n)) < 0 || write(to_child[1], file, strlen(file)) < 0 ||
	    ioctl(child_faults, UFFDIO_ZEROPAGE, &page) || read(from_child[0], &end, 1) != 1)
		perror("release");
	munmap(hold_page, 4096);	/* or the next fork() waits for who reads of it */
	for (int fd : { faults, child_faults, to_child[0], to_child[1], from_child[0], from_child[1] })
		close(fd);
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
	{ "loading", while_loading }, { "raw", raw }, { "load", load },
	{ "called", called }, { "fork", fork_and_unload },
};

static void obey(char *self, const char *what, int n, const char *file)
{
	if (!strcmp(what, "execs"))
		return execs(self, n, file);
	if (!strcmp(what, "release"))
		return release(n, file);
	notes = strcmp(file, "-") ? fopen(file, "w") : nullptr;
	for (auto &command : commands)
		if (!strcmp(what, command.name))
			command.run(n);
	if (notes)
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
