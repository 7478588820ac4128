// SPDX-License-Identifier: GPL-2.0
/*
 * Acts on another process's memory.
 * usage: remote write PID ADDRESS PAGES     process_vm_writev
 *        remote pageout PID ADDRESS PAGES   process_madvise(MADV_PAGEOUT)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct iovec to, from;
	size_t pages, i;
	ssize_t n;
	pid_t pid;
	char *addr;

	if (argc != 5)
		return 2;
	pid = atoi(argv[2]);
	addr = (char *)strtoull(argv[3], NULL, 0);
	pages = strtoull(argv[4], NULL, 0);
	if (!strcmp(argv[1], "write")) {
		static char byte = 'r';

		for (i = 0; i < pages; i++) {
			from = (struct iovec){ &byte, 1 };
			to = (struct iovec){ addr + i * 4096, 1 };
			n = process_vm_writev(pid, &from, 1, &to, 1, 0);
			if (n != 1) {
				perror("process_vm_writev");
				return 1;
			}
		}
	} else {
		int pidfd = syscall(SYS_pidfd_open, pid, 0);

		to = (struct iovec){ addr, pages * 4096 };
		n = syscall(SYS_process_madvise, pidfd, &to, 1, MADV_PAGEOUT, 0);
		if (n < 0) {
			perror("process_madvise");
			return 1;
		}
	}
	return 0;
}
