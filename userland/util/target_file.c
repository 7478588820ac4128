// SPDX-License-Identifier: GPL-2.0
/*
 * Opens the file behind a mapping. A path in /proc/PID/maps is a name in the
 * target's mount namespace, and at best the one that was valid at mmap time.
 * /proc/PID/map_files/ leads to the mapped inode itself, even if it was
 * deleted, replaced or is in a container, but requires CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE. Without it the path is opened, and its inode must be
 * the mapped one.
 *
 * The target chooses these paths: opening a FIFO would block, and opening a
 * device node can have side effects. So each is opened with O_PATH first, and
 * must be a regular file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/proc_maps.h"
#include "util/target_file.h"

/* Reopens an O_PATH descriptor for reading; always closes name_fd. */
static int readable(int name_fd, struct stat *st)
{
	char self[32];
	int fd;

	if (name_fd < 0)
		return -errno;
	if (fstat(name_fd, st) < 0)
		fd = -errno;
	else if (!S_ISREG(st->st_mode))
		fd = -EINVAL;
	else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", name_fd);
		fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(name_fd);
	return fd;
}

/**
 * open_root() - the root directory of a process
 * @pid: the process
 * @tid: a live thread of it
 *
 * Return: an O_PATH descriptor that outlives the process, or -errno.
 */
int open_root(pid_t pid, pid_t tid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/root", pid, tid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * open_inside() - open a file below a root directory
 * @root_fd: from open_root()
 * @path: no symlink and no ".." in it leads out of the root
 * @st: filled
 *
 * Return: a descriptor for reading, or -errno.
 */
int open_inside(int root_fd, const char *path, struct stat *st)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	if (root_fd < 0)
		return -EBADF;
	return readable(syscall(SYS_openat2, root_fd, path, &how, sizeof(how)), st);
}

/**
 * open_regular() - open a regular file in our own mount namespace
 *
 * Return: a descriptor for reading, or -errno.
 */
int open_regular(const char *path, struct stat *st)
{
	return readable(open(path, O_PATH | O_CLOEXEC), st);
}

static bool is_mapped_one(const struct map *map, const struct stat *st)
{
	return st->st_ino == map->inode && st->st_dev == map->dev;
}

/**
 * open_mapped() - open the file behind a mapping
 * @tid: a live thread of the process: once the first one has exited, what
 *	/proc has under the process's own number is empty
 * @root_fd: its root directory, or negative
 * @map: one of its mappings
 * @st: filled
 *
 * Return: a descriptor for reading; -ESTALE when the path now leads to another
 * file, or another -errno.
 */
int open_mapped(pid_t tid, int root_fd, const struct map *map, struct stat *st)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", tid,
		 (unsigned long long)map->start, (unsigned long long)map->end);
	fd = open_regular(path, st);
	if (fd >= 0)
		return fd;
	if (map->path[0] != '/')
		return fd;
	fd = open_inside(root_fd, map->path, st);
	if (fd >= 0 && is_mapped_one(map, st))
		return fd;
	if (fd >= 0)
		close(fd);
	fd = open_regular(map->path, st);
	if (fd >= 0 && !is_mapped_one(map, st)) {
		close(fd);
		fd = -ESTALE;
	}
	return fd;
}
