// SPDX-License-Identifier: GPL-2.0
/* Descriptors come by many roads: "road NAME [N]". */
#include "victim_fd.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

/* --- roads in: each returns how many descriptors were born, or -errno --- */

#define ROAD(name) static NAMED long by_##name(void)

int plain_fd; /* any open file, born before "ready" */
int listener;
static struct sockaddr_un address;
static socklen_t address_len;
static char scratch[64] = "/tmp/victim-fd.XXXXXX";

long by_hold(void)
{
	long fd = sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);

	if (fd >= 0)
		held[held_last++ % ARRAY_SIZE(held)] = fd;
	return fd < 0 ? fd : 1;
}

#define ONE(call) ({ long _r = (call); _r < 0 ? _r : 1; })

ROAD(open) { return ONE(sys(SYS_open, scratch, O_RDONLY)); }
ROAD(openat) { return ONE(sys(SYS_openat, AT_FDCWD, scratch, O_RDWR)); }
ROAD(openat2)
{
	struct open_how how = { .flags = O_RDONLY };

	return ONE(sys(SYS_openat2, AT_FDCWD, scratch, &how, sizeof(how)));
}
ROAD(creat) { return ONE(sys(SYS_creat, scratch, 0600)); }
ROAD(tmpfile) { return ONE(sys(SYS_open, "/tmp", O_TMPFILE | O_RDWR, 0600)); }
ROAD(o_path) { return ONE(sys(SYS_open, scratch, O_PATH)); }
ROAD(directory) { return ONE(sys(SYS_open, "/proc", O_RDONLY | O_DIRECTORY)); }
ROAD(device) { return ONE(sys(SYS_open, "/dev/zero", O_RDONLY)); }
ROAD(proc_file) { return ONE(sys(SYS_open, "/proc/self/stat", O_RDONLY)); }
ROAD(by_handle)
{
	struct {
		struct file_handle head;
		char room[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	long ret;
	int mount_id;

	ret = sys(SYS_name_to_handle_at, AT_FDCWD, scratch, &handle, &mount_id, 0);
	if (ret < 0)
		return ret;
	return ONE(sys(SYS_open_by_handle_at, plain_fd, &handle, O_RDONLY));
}
ROAD(socket) { return ONE(sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0)); }
ROAD(socketpair)
{
	int pair[2];
	long ret = sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);

	return ret < 0 ? ret : 2;
}
NAMED long connect_client(void)
{
	long fd = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	long ret;

	if (fd < 0)
		return fd;
	ret = sys(SYS_connect, fd, &address, address_len);
	return ret < 0 ? ret : fd;
}
static int client = -1;
ROAD(accept) { return ONE(sys(SYS_accept, listener, NULL, NULL)); }
ROAD(accept4) { return ONE(sys(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC)); }
ROAD(dup) { return ONE(sys(SYS_dup, plain_fd)); }
static int free_number = 500;
ROAD(dup2) { return ONE(sys(SYS_dup2, plain_fd, free_number++)); }
ROAD(dup3) { return ONE(sys(SYS_dup3, plain_fd, free_number++, O_CLOEXEC)); }
ROAD(f_dupfd) { return ONE(sys(SYS_fcntl, plain_fd, F_DUPFD, 10)); }
ROAD(f_dupfd_cloexec) { return ONE(sys(SYS_fcntl, plain_fd, F_DUPFD_CLOEXEC, 10)); }
ROAD(pipe)
{
	int ends[2];
	long ret = sys(SYS_pipe, ends);

	return ret < 0 ? ret : 2;
}
ROAD(pipe2)
{
	int ends[2];
	long ret = sys(SYS_pipe2, ends, O_CLOEXEC);

	return ret < 0 ? ret : 2;
}

/* A socketpair from before "ready", to send descriptors to oneself. */
static int post[2];

ROAD(scm_rights)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fds[2] = { plain_fd, listener };
	long ret;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	ret = sys(SYS_sendmsg, post[0], &msg, 0);
	if (ret < 0)
		return ret;
	msg.msg_controllen = sizeof(control);
	ret = sys(SYS_recvmsg, post[1], &msg, 0);
	if (ret < 0)
		return ret;
	return msg.msg_controllen ? 2 : -EBADMSG;
}
ROAD(pidfd_open) { return ONE(sys(SYS_pidfd_open, getpid(), 0)); }
static int own_pidfd;
ROAD(pidfd_getfd) { return ONE(sys(SYS_pidfd_getfd, own_pidfd, plain_fd, 0)); }
static int clone_pidfd_made;
static void leave(void *arg) { }
static char small_stack[65536] __attribute__((aligned(16)));
ROAD(clone_pidfd)
{
	/* A child that ends at once, without a copy of memory. */
	long pid = spawn(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
			 small_stack + sizeof(small_stack), leave, NULL,
			 &clone_pidfd_made, NULL);

	if (pid < 0)
		return pid;
	sys(SYS_wait4, pid, NULL, 0, NULL);
	return 1;
}
ROAD(epoll_create) { return ONE(sys(SYS_epoll_create, 1)); }
ROAD(epoll_create1) { return ONE(sys(SYS_epoll_create1, 0)); }
ROAD(eventfd) { return ONE(sys(SYS_eventfd2, 0, 0)); }
ROAD(timerfd) { return ONE(sys(SYS_timerfd_create, CLOCK_MONOTONIC, 0)); }
ROAD(signalfd)
{
	unsigned long mask = 1UL << (SIGUSR2 - 1);

	return ONE(sys(SYS_signalfd4, -1, &mask, 8, 0));
}
ROAD(inotify) { return ONE(sys(SYS_inotify_init1, 0)); }
ROAD(fanotify) { return ONE(sys(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY)); }
ROAD(memfd) { return ONE(sys(SYS_memfd_create, "victim", 0)); }
ROAD(userfaultfd) { return ONE(sys(SYS_userfaultfd, 0)); }
ROAD(perf_event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	return ONE(sys(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
ROAD(bpf_map)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4, .value_size = 4, .max_entries = 1,
	};

	return ONE(sys(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}
ROAD(io_uring_setup)
{
	struct io_uring_params p = { };

	return ONE(sys(SYS_io_uring_setup, 4, &p));
}
ROAD(fsopen) { return ONE(sys(SYS_fsopen, "tmpfs", 0)); }

static int ptmx = -1;
ROAD(tiocgptpeer) { return ONE(sys(SYS_ioctl, ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY)); }

/* Half of a pipe: the other end is closed. */
ROAD(half_pipe)
{
	int ends[2];
	long ret = sys(SYS_pipe, ends);

	if (ret < 0)
		return ret;
	sys(SYS_close, ends[0]);
	return 1;
}

static const struct road {
	const char *name;
	long (*walk)(void);
} roads[] = {
#define R(name) { #name, by_##name }
	R(hold), R(open), R(openat), R(openat2), R(creat), R(tmpfile), R(o_path),
	R(directory), R(device), R(proc_file), R(by_handle), R(socket),
	R(socketpair), R(accept), R(accept4), R(dup), R(dup2), R(dup3),
	R(f_dupfd), R(f_dupfd_cloexec), R(pipe), R(pipe2), R(scm_rights),
	R(pidfd_open), R(pidfd_getfd), R(clone_pidfd), R(epoll_create),
	R(epoll_create1), R(eventfd), R(timerfd), R(signalfd), R(inotify),
	R(fanotify), R(memfd), R(userfaultfd), R(perf_event), R(bpf_map),
	R(io_uring_setup), R(fsopen), R(tiocgptpeer), R(half_pipe),
#undef R
};

void walk_road(int argc, char **argv)
{
	long n = number(argc, argv, 2, 1), born = 0, ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roads); i++)
		if (argc > 1 && !strcmp(argv[1], roads[i].name))
			break;
	if (i == ARRAY_SIZE(roads))
		return fail("no road '%s'", argc > 1 ? argv[1] : "");
	while (n--) {
		/* somebody to accept */
		if (!strncmp(argv[1], "accept", 6))
			client = connect_client();
		ret = roads[i].walk();
		if (client >= 0)
			sys(SYS_close, client);
		client = -1;
		if (ret < 0)
			return fail("%s: %s", argv[1], strerror(-ret));
		born += ret;
	}
	say("born=%ld", born);
}

void roads_open(void)
{
	int unlocked = 0;

	close(mkstemp(scratch));
	plain_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sun_family = AF_UNIX;
	/* an abstract name of the kernel's choice */
	bind(listener, (void *)&address, sizeof(sa_family_t));
	address_len = sizeof(address);
	getsockname(listener, (void *)&address, &address_len);
	listen(listener, 64);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, post);
	own_pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	ptmx = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(ptmx, TIOCSPTLCK, &unlocked);
}

void roads_close(void)
{
	unlink(scratch);
}
