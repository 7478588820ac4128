/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the victims share. A victim says "ready PID", then reads commands from
 * its standard input, one a line, and ends the answer to each with "ok" or
 * "failed WHY". Its answers are the truth that a test holds a report against.
 *
 * The acts are inline system calls in functions that are never inlined, so
 * that the function's name is the innermost frame, whatever libc does with the
 * frame pointer.
 */
#ifndef VICTIM_H
#define VICTIM_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NAMED __attribute__((noinline, noipa))
#define INLINE static inline __attribute__((always_inline, unused))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Returns what the kernel returned: negative errno on failure. */
INLINE long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

#define SYS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define SYS0(nr) sys6(nr, 0, 0, 0, 0, 0, 0)
#define SYS1(nr, a) sys6(nr, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(nr, a, b) sys6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(nr, a, b, c) sys6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(nr, a, b, c, d) \
	sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(nr, a, b, c, d, e) \
	sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS6(nr, a, b, c, d, e, f) \
	sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* sys(number, arguments…) */
#define sys(...) \
	SYS_PICK(__VA_ARGS__, SYS6, SYS5, SYS4, SYS3, SYS2, SYS1, SYS0)(__VA_ARGS__)

#define SPAWN_FLAGS_THREAD 0x50f00 /* VM FS FILES SIGHAND THREAD SYSVSEM */

/*
 * Starts a task on a stack of its own, without libc: fn(arg), then exit(2).
 * fn may make inline system calls only: it has its maker's thread pointer.
 */
INLINE long spawn(unsigned long flags, void *stack_top, void (*fn)(void *),
		  void *arg, int *parent_tid, int *child_tid)
{
	register long r10 asm("r10") = (long)child_tid;
	register long r8 asm("r8") = 0;
	void **top = stack_top;
	long ret;

	*--top = (void *)fn;
	*--top = arg;
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
		     : "0"((long)SYS_clone), "D"(flags), "S"(top), "d"(parent_tid),
		       "r"(r10), "r"(r8)
		     : "rcx", "r11", "memory");
	return ret;
}

struct command {
	const char *name;
	void (*run)(int argc, char **argv);
};

/* A line of the answer. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The command failed; the first reason stands. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says "ready PID" and serves until the end of input or "exit". */
int serve(const struct command *commands, size_t n);

/* The number in argv[i], or the default. */
long number(int argc, char **argv, int i, long otherwise);

/* The command "exec": starts the program anew, under its own name. */
void exec_self(int argc, char **argv);
/* Kills and reaps *child, if there is one, and sets it to 0. */
void end_child(pid_t *child);

/* Waits until *word is no longer value. */
void wait_word(int *word, int value);
void wake_word(int *word, int value);

INLINE long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void sleep_until(long long ns);

#endif
