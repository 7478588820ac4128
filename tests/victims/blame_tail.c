// SPDX-License-Identifier: GPL-2.0
/*
 * Leaks a descriptor in a function that ends by a jump to open(), and is in no stack. With
 * an argument its caller closes it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int flags = O_RDONLY;

static __attribute__((noinline)) int forget_by_jump(const char *path)
{
	return open(path, flags);
}

static __attribute__((noinline)) int handle(void)
{
	int fd = forget_by_jump("/dev/null");

	return fd < 0 ? abort(), fd : fd;
}

int main(int argc, char **argv)
{
	(void)argv;
	for (;;) {
		int fd = handle();

		if (argc > 1)
			close(fd);
		usleep(40000);
	}
}
