// SPDX-License-Identifier: GPL-2.0
/*
 * Leaks that have nothing in common but the loop. One is in a function that ends by a call
 * which does not return: the return address is the first byte of the next function.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define APART		__attribute__((noinline))
#define LEAKS(name, call) \
	static APART void name(void) { if ((call) < 0) _exit(1); }

static jmp_buf begin;

LEAKS(forget_event, eventfd(0, 0))
LEAKS(forget_poll, epoll_create1(0))
LEAKS(forget_clock, timerfd_create(CLOCK_MONOTONIC, 0))
LEAKS(forget_pipe, pipe((int[2]){ 0 }))

static APART __attribute__((noreturn)) void open_and_give_up(void)
{
	if (open("/etc/hostname", O_RDONLY) < 0)
		_exit(1);
	longjmp(begin, 1);
}

static APART __attribute__((noreturn)) void load(int n)
{
	volatile int frame[200];

	frame[n % 128] = n;
	if (frame[n % 128] != n)
		_exit(1);
	open_and_give_up();
}

static APART int after_load(int n)
{
	volatile char other[40];

	other[n % 32] = 2;
	usleep(20000);
	return other[n % 32];
}

int main(void)
{
	for (volatile unsigned int i = 0;; i++) {
		if (!setjmp(begin))
			load(i);
		if (i % 2 == 0)
			forget_event();
		if (i % 3 == 0)
			forget_poll();
		if (i % 5 == 0)
			forget_clock();
		if (i % 7 == 0)
			forget_pipe();
		after_load(i);
	}
}
