// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors, as the links of /proc/PID/fd name them. No file is touched: one of a server
 * that does not answer would keep us waiting.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/leaktrace.h>

#include "look/item.h"
#include "model/socket_describe.h"
#include "util/hash.h"
#include "util/macros.h"

/* How the link of what is no file begins; name: what it is called, else as the link has it. */
static const struct {
	const char *link, *name;
	uint8_t type;
} links[] = {
	{ "anon_inode:[eventfd]", "eventfd", LEAKTRACE_TYPE_EVENTFD },
	{ "anon_inode:[eventpoll]", "epoll", LEAKTRACE_TYPE_EPOLL },
	{ "anon_inode:[timerfd]", "timerfd", LEAKTRACE_TYPE_TIMERFD },
	{ "anon_inode:[signalfd]", "signalfd", LEAKTRACE_TYPE_SIGNALFD },
	{ "anon_inode:inotify", "inotify", LEAKTRACE_TYPE_INOTIFY },
	{ "anon_inode:[fanotify]", "fanotify", LEAKTRACE_TYPE_FANOTIFY },
	{ "anon_inode:[pidfd]", "pidfd", LEAKTRACE_TYPE_PIDFD },
	{ "pidfd:", "pidfd", LEAKTRACE_TYPE_PIDFD },
	{ "anon_inode:[io_uring]", "io_uring", LEAKTRACE_TYPE_IO_URING },
	{ "anon_inode:bpf", NULL, LEAKTRACE_TYPE_BPF },
	{ "anon_inode:[perf_event]", "perf_event", LEAKTRACE_TYPE_PERF_EVENT },
	{ "anon_inode:[userfaultfd]", "userfaultfd", LEAKTRACE_TYPE_USERFAULTFD },
	{ "anon_inode:", NULL, LEAKTRACE_TYPE_ANON_INODE },
	{ "pipe:", "pipe", LEAKTRACE_TYPE_PIPE },
	{ "/memfd:", NULL, LEAKTRACE_TYPE_MEMFD },
	{ "/dev/shm/", NULL, LEAKTRACE_TYPE_FILE },
	{ "/dev/", NULL, LEAKTRACE_TYPE_DEVICE },
};

static bool read_fd(int dir, const char *fd, char link[PATH_MAX])
{
	ssize_t n = readlinkat(dir, fd, link, PATH_MAX - 1);

	link[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

int look_fds(pid_t pid, struct look_items *items)
{
	char path[40], link[PATH_MAX];
	struct look_item *item;
	struct dirent *e;
	int err = 0;
	DIR *d;

	items->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	if (!d)
		return -errno;
	while (!err && (e = readdir(d))) {
		if (!isdigit((unsigned char)*e->d_name) || !read_fd(dirfd(d), e->d_name, link))
			continue;
		item = look_item_add(items);
		if (!item) {
			err = -ENOMEM;
			break;
		}
		item->id = strtoull(e->d_name, NULL, 10);
		item->mark = hash_bytes(HASH_START, link, strlen(link));
	}
	closedir(d);
	look_items_sort(items);
	return err;
}

static bool is_directory(pid_t pid, uint64_t fd)
{
	unsigned int flags = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%" PRIu64, pid, fd);
	f = fopen(path, "re");
	while (f && !flags && fgets(line, sizeof(line), f))
		sscanf(line, "flags: %o", &flags);
	if (f)
		fclose(f);
	return flags & O_DIRECTORY;
}

static void name_socket(pid_t pid, uint64_t inode, struct look_name *name)
{
	char *group = socket_group(pid, inode);

	/* its digits are addresses and ports */
	name->type = LEAKTRACE_TYPE_SOCKET;
	snprintf(name->text, sizeof(name->text), "%s", group ?: "socket");
	free(group);
}

bool look_fd_name(pid_t pid, const struct look_item *item, struct look_name *name)
{
	char path[64], link[PATH_MAX];
	uint64_t inode;
	size_t i = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd/%" PRIu64, pid, item->id);
	if (!read_fd(AT_FDCWD, path, link) || hash_bytes(HASH_START, link, strlen(link)) != item->mark)
		return false;
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1) {
		name_socket(pid, inode, name);
		return true;
	}
	while (i < ARRAY_SIZE(links) && strncmp(link, links[i].link, strlen(links[i].link)))
		i++;
	if (i < ARRAY_SIZE(links))
		look_name_set(name, links[i].type, links[i].name ?: link);
	else
		look_name_set(name, is_directory(pid, item->id) ? LEAKTRACE_TYPE_DIRECTORY : LEAKTRACE_TYPE_FILE, link);
	return true;
}
