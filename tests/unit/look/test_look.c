// SPDX-License-Identifier: GPL-2.0
/* Looks at ourselves: what is new, what is gone, and what only seems to have stayed. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "look/look.h"
#include "model/site.h"
#include "util/units.h"
#include "check.h"

#define MIB	(1UL << 20)

static struct look l;

static const struct kind_totals *again(unsigned int kind)
{
	/* a point of time of its own */
	usleep(2000);
	CHECK(look_again(&l, false));
	return &l.model.target.kind[kind];
}

static const struct look_group *group(uint8_t kind, const char *name)
{
	for (size_t i = 0; i < l.groups.n; i++)
		if (l.groups.group[i].kind == kind && !strcmp(l.groups.group[i].name, name))
			return &l.groups.group[i];
	return NULL;
}

static const struct site *site(uint8_t kind, const char *name)
{
	const struct look_group *g = group(kind, name);

	return g && g->site ? &l.model.sites[g->site - 1] : NULL;
}

static void test_descriptors(void)
{
	const struct kind_totals *fd = again(LEAKTRACE_KIND_FD);
	uint64_t live = fd->live;
	const struct site *s;
	int null, event, spare;

	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	event = eventfd(0, EFD_CLOEXEC);
	fd = again(LEAKTRACE_KIND_FD);
	CHECK(fd->live == live + 2 && fd->born == 2 && !fd->died);
	s = site(LEAKTRACE_KIND_FD, "eventfd");
	CHECK(s && s->type == LEAKTRACE_TYPE_EVENTFD && s->born == 1);
	/* the number is the same, but it is another */
	spare = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	dup3(spare, event, O_CLOEXEC);
	close(spare);
	fd = again(LEAKTRACE_KIND_FD);
	CHECK(fd->live == live + 2 && fd->born == 3 && fd->died == 1);
	s = site(LEAKTRACE_KIND_FD, "eventfd");
	CHECK(s && s->died == 1 && s->lifetime_max_ns);
	CHECK(site(LEAKTRACE_KIND_FD, "/dev/zero") && site(LEAKTRACE_KIND_FD, "/dev/zero")->type == LEAKTRACE_TYPE_DEVICE);
	close(event);
	close(null);
	fd = again(LEAKTRACE_KIND_FD);
	CHECK(fd->live == live && fd->died == 3);
}

static void test_baseline(int old)
{
	const struct kind_totals *fd = &l.model.target.kind[LEAKTRACE_KIND_FD];
	uint64_t baseline = fd->baseline_live;

	close(old);
	fd = again(LEAKTRACE_KIND_FD);
	CHECK(fd->baseline_live == baseline - 1 && fd->baseline >= baseline);
	CHECK(group(LEAKTRACE_KIND_FD, "/proc/#/fd") || group(LEAKTRACE_KIND_FD, "/"), "it had a name");
}

static void *wait_there(void *gate)
{
	pthread_setname_np(pthread_self(), "worker-17");
	pthread_barrier_wait(gate);
	pthread_barrier_wait(gate);
	return NULL;
}

static void test_threads_and_timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	bool timers = !l.no_timers;
	pthread_barrier_t gate;
	const struct site *s;
	pthread_t thread;
	timer_t timer;

	pthread_barrier_init(&gate, NULL, 2);
	pthread_create(&thread, NULL, wait_there, &gate);
	pthread_barrier_wait(&gate);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	again(LEAKTRACE_KIND_THREAD);
	s = site(LEAKTRACE_KIND_THREAD, "worker-#");
	CHECK(s && s->born == 1 && !s->died);
	s = site(LEAKTRACE_KIND_TIMER, "CLOCK_MONOTONIC, signal 10");
	CHECK(!timers || (s && s->born == 1));
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
	timer_delete(timer);
	again(LEAKTRACE_KIND_THREAD);
	CHECK(site(LEAKTRACE_KIND_THREAD, "worker-#") && site(LEAKTRACE_KIND_THREAD, "worker-#")->died == 1);
	s = site(LEAKTRACE_KIND_TIMER, "CLOCK_MONOTONIC, signal 10");
	CHECK(!timers || (s && s->died == 1));
}

/* Between two mappings that are not to be touched, so that the kernel joins it with none; no thread's stack is as large. */
static void test_memory(void)
{
	const char *name = "anonymous, 9.0 MiB, rw-p";
	char *room = mmap(NULL, 16 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *m = room + 4 * MIB;
	const struct kind_totals *page = again(LEAKTRACE_KIND_PAGE);
	uint64_t before = page->live;

	mprotect(m, 9 * MIB, PROT_READ | PROT_WRITE);
	madvise(room, 16 * MIB, MADV_NOHUGEPAGE);
	memset(m, 1, 4 * MIB);
	page = again(LEAKTRACE_KIND_PAGE);
	CHECK(page->live >= before + 4 * MIB / PAGE_BYTES && page->live < before + 5 * MIB / PAGE_BYTES);
	CHECK(site(LEAKTRACE_KIND_MAP, name) && site(LEAKTRACE_KIND_MAP, name)->born == 1);
	/* it shrinks, and is still the same */
	munmap(m + 6 * MIB, 3 * MIB);
	madvise(m, 3 * MIB, MADV_DONTNEED);
	page = again(LEAKTRACE_KIND_PAGE);
	CHECK(page->live >= before + 1 * MIB / PAGE_BYTES && page->live < before + 2 * MIB / PAGE_BYTES);
	CHECK(page->died >= 2 * MIB / PAGE_BYTES);
	CHECK(site(LEAKTRACE_KIND_MAP, name) && !site(LEAKTRACE_KIND_MAP, name)->died);
	/* and grows downwards, as those of malloc do */
	mprotect(m - 1 * MIB, 1 * MIB, PROT_READ | PROT_WRITE);
	again(LEAKTRACE_KIND_MAP);
	CHECK(site(LEAKTRACE_KIND_MAP, name) && !site(LEAKTRACE_KIND_MAP, name)->died);
	munmap(room, 16 * MIB);
	again(LEAKTRACE_KIND_MAP);
	CHECK(site(LEAKTRACE_KIND_MAP, name) && site(LEAKTRACE_KIND_MAP, name)->died == 1);
}

/* live = baseline + born - died, of each kind and of all groups of it. */
static void test_sums(void)
{
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &l.model.target.kind[k];
		uint64_t live = 0, baseline = 0;

		for (size_t i = 0; i < l.groups.n; i++) {
			live += l.groups.group[i].kind == k ? l.groups.group[i].live : 0;
			baseline += l.groups.group[i].kind == k ? l.groups.group[i].baseline : 0;
		}
		CHECK(n->live == n->baseline + n->born - n->died, "kind %d", k);
		CHECK(n->live == live && n->baseline == baseline, "kind %d", k);
	}
}

int main(void)
{
	char err[512];
	int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(!look_begin(&l, getpid(), err, sizeof(err)));
	test_descriptors();
	test_threads_and_timers();
	test_memory();
	test_baseline(old);
	test_sums();
	look_end(&l);
	memset(&l, 0, sizeof(l));
	CHECK(look_begin(&l, 0x7ffffffe, err, sizeof(err)) && strstr(err, "no process"));
	look_end(&l);
	return verdict("looks");
}
