// SPDX-License-Identifier: GPL-2.0
/*
 * Built with musl, whose own code has no call frame information: a walk begins and
 * ends in it. "hold N" keeps N descriptors.
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

__attribute__((noinline)) int by_holder(int n)
{
	int sum = 0;

	while (n-- > 0)
		sum += by_hold();
	return sum;
}

int main(void)
{
	int n;

	printf("ready %d\n", getpid());
	fflush(stdout);
	while (scanf(" hold %d", &n) == 1) {
		by_holder(n);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
