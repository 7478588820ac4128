// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc/PID/fd says, in leaktrace's words: "FD TYPE" a line.
 * usage: procfds PID [TID]
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *prefix, *type;
} names[] = {
	{ "socket:", "socket" },
	{ "pipe:", "pipe" },
	{ "anon_inode:[eventpoll]", "epoll" },
	{ "anon_inode:[eventfd]", "eventfd" },
	{ "anon_inode:[timerfd]", "timerfd" },
	{ "anon_inode:[signalfd]", "signalfd" },
	{ "anon_inode:inotify", "inotify" },
	{ "anon_inode:[fanotify]", "fanotify" },
	{ "anon_inode:[pidfd]", "pidfd" },
	{ "pidfd:", "pidfd" },
	{ "anon_inode:[io_uring]", "io_uring" },
	{ "anon_inode:bpf", "bpf" },
	{ "anon_inode:[perf_event]", "perf_event" },
	{ "anon_inode:[userfaultfd]", "userfaultfd" },
	{ "anon_inode:", "anon_inode" },
	{ "/memfd:", "memfd" },
};

static const char *type_of(const char *path)
{
	char target[4096];
	struct stat st;
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(target, names[i].prefix, strlen(names[i].prefix)))
			return names[i].type;
	if (stat(path, &st))
		return "unknown";
	if (S_ISDIR(st.st_mode))
		return "directory";
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return "device";
	if (S_ISFIFO(st.st_mode))
		return "pipe";
	if (S_ISSOCK(st.st_mode))
		return "socket";
	return "file";
}

int main(int argc, char **argv)
{
	char dir[64], path[128];
	struct dirent *e;
	DIR *d;

	if (argc < 2)
		return 2;
	if (argc > 2)
		snprintf(dir, sizeof(dir), "/proc/%s/task/%s/fd", argv[1], argv[2]);
	else
		snprintf(dir, sizeof(dir), "/proc/%s/fd", argv[1]);
	d = opendir(dir);
	if (!d) {
		perror(dir);
		return 1;
	}
	while ((e = readdir(d))) {
		const char *type;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.32s", dir, e->d_name);
		type = type_of(path);
		if (type)
			printf("%s %s\n", e->d_name, type);
	}
	closedir(d);
	return 0;
}
