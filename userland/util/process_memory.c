// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the memory of another process. One system call reads up to 1,024
 * pieces; it stops at the first that is not mapped, and reading resumes behind
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/process_memory.h"
#include "util/units.h"

/** memory_read() - copy from a process; 0 or -errno */
int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	struct iovec here = { to, bytes }, there = { (void *)(uintptr_t)at, bytes };
	ssize_t got;

	if (!bytes)
		return 0;
	got = process_vm_readv(pid, &here, 1, &there, 1, 0);
	return got < 0 ? -errno : (size_t)got == bytes ? 0 : -EFAULT;
}

/** memory_is_alive() - whether the address space that pagemap refers to still exists */
bool memory_is_alive(int pagemap)
{
	uint64_t entry;

	/* an open pagemap pins the mm struct, but reads fail once the address space is torn down */
	return pagemap < 0 || pread(pagemap, &entry, sizeof(entry), 0) != 0;
}

/* Marks which of n pages are present or swapped out; all of them if pagemap cannot be read. */
static void which_are_there(int pagemap, uint64_t page, size_t n, uint64_t *entry)
{
	ssize_t got = pagemap < 0 ? -1 : pread(pagemap, entry, n * sizeof(*entry), page * sizeof(*entry));

	for (size_t i = 0; i < n; i++)
		entry[i] = got != (ssize_t)(n * sizeof(*entry)) || entry[i] >> 62;
}

/** memory_read_populated() - copy, without populating pages; 0 or -errno */
int memory_read_populated(pid_t pid, int pagemap, uint64_t at, void *to, size_t bytes)
{
	enum { AT_ONCE = 512 };
	uint64_t there[AT_ONCE];
	size_t n = 0, i = 0;		/* requested, processed */
	int err = 0;

	while (bytes && !err) {
		size_t run = PAGE_BYTES - at % PAGE_BYTES, first;

		if (i == n) {
			size_t pages = (at % PAGE_BYTES + bytes + PAGE_BYTES - 1) / PAGE_BYTES;

			n = pages < AT_ONCE ? pages : AT_ONCE;
			which_are_there(pagemap, at / PAGE_BYTES, n, there);
			i = 0;
		}
		for (first = i++; i < n && there[i] == there[first]; i++)
			run += PAGE_BYTES;
		if (run > bytes)
			run = bytes;
		if (there[first])
			err = memory_read(pid, at, to, run);
		else
			memset(to, 0, run);
		at += run;
		to = (char *)to + run;
		bytes -= run;
	}
	return err;
}

/** memory_read_pieces() - copy many pieces; sets good in each */
void memory_read_pieces(pid_t pid, struct memory_piece *pieces, size_t n)
{
	enum { AT_ONCE = 1024 };		/* IOV_MAX */
	struct iovec here[AT_ONCE], there[AT_ONCE];
	size_t done = 0;

	while (done < n) {
		size_t count = n - done < AT_ONCE ? n - done : AT_ONCE, i;
		ssize_t got;

		for (i = 0; i < count; i++) {
			struct memory_piece *p = &pieces[done + i];

			here[i] = (struct iovec){ p->to, p->bytes };
			there[i] = (struct iovec){ (void *)(uintptr_t)p->at, p->bytes };
			p->good = false;
		}
		got = process_vm_readv(pid, here, count, there, count, 0);
		for (i = 0; i < count && got >= (ssize_t)pieces[done].bytes; i++) {
			got -= pieces[done].bytes;
			pieces[done++].good = true;
		}
		if (i < count)
			done++;			/* this one is not mapped */
	}
}

/** memory_write() - copy into a process, even to its read-only pages; 0 or -errno */
int memory_write(pid_t pid, uint64_t at, const void *from, size_t bytes)
{
	char path[40];
	ssize_t put;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	put = pwrite(fd, from, bytes, at);
	err = put < 0 ? -errno : (size_t)put == bytes ? 0 : -EFAULT;
	close(fd);
	return err;
}
