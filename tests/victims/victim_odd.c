// SPDX-License-Identifier: GPL-2.0
/*
 * Call frame information that is right, and more than the kernel evaluates: a
 * shift in an expression. A walk ends in odd(), which libdw knows the caller of.
 * "hold N" keeps N descriptors by way of it, "plain N" by another. x86-64 only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

__attribute__((noinline)) int by_hold(void)
{
	volatile char here[32];

	here[0] = (char)eventfd(0, 0);
	return here[0];
}

/*
 * int odd(int (*fn)(void)): calls it. Its CFA is sp + (4 << 3); where that of its
 * caller was is in bp no more.
 */
int odd(int (*fn)(void));
asm(".text\n"
    ".globl odd\n"
    ".type odd, @function\n"
    "odd:\n"
    "	.cfi_startproc\n"
    "	push %rbp\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	.cfi_rel_offset %rbp, 0\n"
    "	sub $16, %rsp\n"
    /* DW_CFA_def_cfa_expression, 6 bytes: breg7 0, lit4, lit3, shl, plus */
    "	.cfi_escape 0x0f, 0x06, 0x77, 0x00, 0x34, 0x33, 0x24, 0x22\n"
    "	mov $1, %ebp\n"
    "	call *%rdi\n"
    "	add $16, %rsp\n"
    "	pop %rbp\n"
    "	ret\n"
    "	.cfi_endproc\n"
    ".size odd, . - odd\n");

__attribute__((noinline)) int by_holder(int n)
{
	int sum = 0;

	while (n-- > 0)
		sum += odd(by_hold);
	return sum;
}

__attribute__((noinline)) int by_plain(int n)
{
	int sum = 0;

	while (n-- > 0)
		sum += by_hold();
	return sum;
}

int main(void)
{
	char what[8];
	int n;

	printf("ready %d\n", getpid());
	fflush(stdout);
	while (scanf("%7s %d", what, &n) == 2) {
		if (*what == 'h')
			by_holder(n);
		else
			by_plain(n);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
