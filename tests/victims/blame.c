// SPDX-License-Identifier: GPL-2.0
/*
 * Leaks a descriptor through open(), which fortified headers wrap in a function of their
 * own. With an argument it closes it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int flags = O_RDONLY;
static int kept;

static __attribute__((noinline)) int forget_log(const char *path)
{
	int fd = open(path, flags);

	kept++;
	return fd;
}

int main(int argc, char **argv)
{
	(void)argv;
	for (;;) {
		int fd = forget_log("/dev/null");

		if (fd < 0)
			abort();
		if (argc > 1)
			close(fd);
		usleep(40000);
	}
}
