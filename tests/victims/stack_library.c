// SPDX-License-Identifier: GPL-2.0
/* Loaded and unloaded by victim_stack while it makes objects. */
__attribute__((noinline)) static int deeper(void (*f)(int), int left)
{
	volatile char here[40];

	here[0] = left;
	f(left);
	return here[0];
}

int call_back(void (*f)(int), int left)
{
	return deeper(f, left) + 1;
}
