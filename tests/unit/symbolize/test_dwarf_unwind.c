// SPDX-License-Identifier: GPL-2.0
/*
 * Going on with a copied stack: our own, against backtrace(); and copies that are
 * cut, torn, or nothing but noise. x86-64 only: it reads registers by their names.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <linux/leaktrace.h>

#include "symbolize/dwarf_unwind.h"
#include "symbolize/stack.h"
#include "util/macros.h"
#include "check.h"

enum { DEEP = 20, ROUNDS = 300 };

static uint8_t memory[LEAKTRACE_STACK_REST_BYTES];
static void *truth[128];		/* truth[0] is in copy_here() */
static int ntruth;

static int deeper(struct stack_copy *c, int left);

static void __attribute__((noinline)) copy_here(struct stack_copy *c)
{
	static ucontext_t here;
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	getcontext(&here);
	ntruth = backtrace(truth, ARRAY_SIZE(truth));
	/* a sanitizer's own backtrace() is in it, too */
	for (int own = 0; own < ntruth; own++)
		if (truth[own] > (void *)copy_here && truth[own] < (void *)deeper) {
			ntruth -= own;
			memmove(truth, truth + own, ntruth * sizeof(*truth));
			break;
		}
	*c = (struct stack_copy){
		.id = 7, .status = LEAKTRACE_STACK_UNSUP, .kept = 1, .bp_known = true,
		.ip = here.uc_mcontext.gregs[REG_RIP], .sp = here.uc_mcontext.gregs[REG_RSP],
		.bp = here.uc_mcontext.gregs[REG_RBP], .memory = memory,
	};
	/* no sanitizer minds whose it is, and it ends where the stack does */
	n = pread(fd, memory, sizeof(memory), c->sp);
	CHECK(n > 0);
	c->memory_bytes = n > 0 ? n : 0;
	close(fd);
}

static int __attribute__((noinline)) deeper(struct stack_copy *c, int left)
{
	volatile int one = 1;

	if (left)
		return deeper(c, left - 1) + one;
	copy_here(c);
	return one;
}

/* The frame that stands is that of copy_here(). */
static void same_as_backtrace(const struct stack_copy *c)
{
	struct stack rest;

	CHECK(!dwarf_unwind(getpid(), c, &rest));
	CHECK(rest.id == 7 && rest.status == LEAKTRACE_STACK_ROOT);
	CHECK(rest.npcs == ntruth - 1 && ntruth > DEEP);
	for (int i = 0; i < rest.npcs && i < ntruth - 1; i++)
		CHECK(rest.pcs[i] == (uint64_t)truth[i + 1], "frame %d", i);
	free(rest.pcs);
}

static void whole(struct stack_copy c)
{
	struct stack rest;

	c.kept = 0;
	CHECK(!dwarf_unwind(getpid(), &c, &rest));
	CHECK(rest.npcs == ntruth && rest.pcs[0] == c.ip);
	free(rest.pcs);
}

/* As far as the memory goes, and then it says so. */
static void cut(struct stack_copy c)
{
	const int at = DEEP + 2;	/* main() */
	struct stack rest;
	size_t end = 0;

	while (end + 8 < c.memory_bytes && memcmp(memory + end, &truth[at], 8))
		end += 8;
	c.memory_bytes = end;
	CHECK(!dwarf_unwind(getpid(), &c, &rest));
	CHECK(rest.npcs == at - 1 && rest.status == LEAKTRACE_STACK_UNSUP);
	for (int i = 0; i < rest.npcs; i++)
		CHECK(rest.pcs[i] == (uint64_t)truth[i + 1]);
	free(rest.pcs);
	c.memory_bytes = 7;
	CHECK(dwarf_unwind(getpid(), &c, &rest) == -ENODATA && !rest.pcs);
}

/* void no_cfi(struct stack_copy *c, void (*fn)(struct stack_copy *c)): with a frame pointer */
void no_cfi(struct stack_copy *c, void (*fn)(struct stack_copy *c));
asm(".text\n"
    ".type no_cfi, @function\n"
    "no_cfi:\n"
    "	push %rbp\n"
    "	mov %rsp, %rbp\n"
    "	call *%rsi\n"
    "	pop %rbp\n"
    "	ret\n"
    ".size no_cfi, . - no_cfi\n");

/* Up to what has no call frame information, though a frame pointer would lead on. */
static void by_no_cfi(void)
{
	struct stack_copy c;
	struct stack rest;

	no_cfi(&c, copy_here);
	CHECK(!dwarf_unwind(getpid(), &c, &rest));
	CHECK(rest.npcs == 1 && rest.status == LEAKTRACE_STACK_UNSUP);
	CHECK(rest.npcs && rest.pcs[0] - (uint64_t)no_cfi < 16);
	free(rest.pcs);
}

static void nowhere(struct stack_copy c)
{
	struct stack rest;

	c.ip = 0x1234;
	CHECK(dwarf_unwind(getpid(), &c, &rest) == -ENODATA);
	c.kept = UINT32_MAX;
	CHECK(dwarf_unwind(getpid(), &c, &rest) == -ENODATA);
	c.kept = 1;
	CHECK(dwarf_unwind(0x7fffffff, &c, &rest) == -ESRCH);
}

/* Whatever is there: an end, and never more frames than a stack may have. */
static void noise(const struct stack_copy *c)
{
	static uint8_t torn[sizeof(memory)];
	struct stack_copy x = *c;
	struct stack rest;

	x.memory = torn;
	for (int i = 0; i < ROUNDS; i++) {
		memcpy(torn, memory, sizeof(torn));
		for (int k = 0; k < 1 << i % 12; k++)
			torn[random() % x.memory_bytes] = random();
		if (i % 7 == 0)
			x.bp = random();
		if (i % 11 == 0)
			x.sp = c->sp + random() % 64;
		if (!dwarf_unwind(getpid(), &x, &rest))
			CHECK(rest.npcs < LEAKTRACE_STACK_DEPTH_MAX);
		free(rest.pcs);
		x = *c;
		x.memory = torn;
	}
}

int main(void)
{
	struct stack_copy c;

	srandom(1);
	deeper(&c, DEEP);
	same_as_backtrace(&c);
	whole(c);
	cut(c);
	nowhere(c);
	noise(&c);
	by_no_cfi();
	return verdict("rest");
}
