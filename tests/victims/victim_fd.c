// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors by every road in and out.
 *
 *   hold N                  N of /dev/null at by_hold
 *   road NAME [N]           N births at by_NAME; answers "born=K"
 *   death NAME [N]          N births at for_NAME, N deaths at die_NAME
 *   drop [N]                closes the N oldest that hold opened, at die_drop
 *   pairs N                 N times opened and closed at by_pair
 *   cloexec N               the N newest of hold get the CLOEXEC flag
 *   range_cloexec           CLOSE_RANGE_CLOEXEC over all that hold opened
 *   fork CLOSES OPENS       a child closes copies, opens its own at by_child
 *   share OPENS CLOSES      the same in a process that shares the table
 *   unshare OPENS CLOSES    the same in a thread with a table of its own
 *   gone                    ends what the three above have started
 *   fail N                  N failed closes and N failed opens
 *   emfile                  opens until EMFILE at by_emfile; answers "born=K"
 *   uring_open N            N opens by io_uring
 *   uring_accept N          N accepts by io_uring
 *   uring_close N           closes N of hold's by io_uring
 *   exec                    starts itself anew and says "ready" again
 */
#include "victim.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NULL_DEVICE "/dev/null"

static int held[4096];
static int held_first, held_last;

/* What other tasks share with this one; touched before "ready". */
static struct shared {
	int state;
	int opened, closed;
} *shared;

/* --- roads in: each returns how many descriptors were born, or -errno --- */

#define ROAD(name) static NAMED long by_##name(void)

static int plain_fd; /* any open file, born before "ready" */
static int listener;
static struct sockaddr_un address;
static socklen_t address_len;
static char scratch[64] = "/tmp/victim-fd.XXXXXX";

ROAD(hold)
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
static NAMED long connect_client(void)
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

static void walk(int argc, char **argv)
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

static void hold(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), ret;

	while (n--) {
		ret = by_hold();
		if (ret < 0)
			return fail("hold: %s", strerror(-ret));
	}
}

/* --- roads out --- */

static int doomed[256];

#define BIRTH(name)                                                            \
	static NAMED long for_##name(void)                                     \
	{                                                                      \
		return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);       \
	}

BIRTH(close)
static NAMED long die_close(int n)
{
	for (int i = 0; i < n; i++)
		if (sys(SYS_close, doomed[i]))
			return -EIO;
	return 0;
}

/* an unbroken run of numbers */
#define RUN_BIRTH(name)                                                        \
	static NAMED long for_##name(void)                                     \
	{                                                                      \
		return sys(SYS_fcntl, plain_fd, F_DUPFD, 700);                 \
	}

RUN_BIRTH(close_range)
static NAMED long die_close_range(int n)
{
	return sys(SYS_close_range, doomed[0], doomed[n - 1], 0);
}

RUN_BIRTH(close_range_unshare)
static NAMED long die_close_range_unshare(int n)
{
	return sys(SYS_close_range, doomed[0], doomed[n - 1], CLOSE_RANGE_UNSHARE);
}

BIRTH(dup2)
static NAMED long die_dup2(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup2, plain_fd, doomed[i]);
	return ret < 0 ? ret : 0;
}

BIRTH(dup3)
static NAMED long die_dup3(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup3, plain_fd, doomed[i], 0);
	return ret < 0 ? ret : 0;
}

/* onto itself: nothing is born, nothing dies */
BIRTH(dup2_self)
static NAMED long die_dup2_self(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup2, doomed[i], doomed[i]);
	return ret < 0 ? ret : 0;
}

static const struct death {
	const char *name;
	long (*birth)(void);
	long (*die)(int n);
} deaths[] = {
#define D(name) { #name, for_##name, die_##name }
	D(close), D(close_range), D(close_range_unshare), D(dup2), D(dup3), D(dup2_self),
#undef D
};

static void death(int argc, char **argv)
{
	long n = number(argc, argv, 2, 3), ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deaths); i++)
		if (argc > 1 && !strcmp(argv[1], deaths[i].name))
			break;
	if (i == ARRAY_SIZE(deaths) || n < 1 || n > (long)ARRAY_SIZE(doomed))
		return fail("no death '%s'", argc > 1 ? argv[1] : "");
	for (long k = 0; k < n; k++) {
		ret = deaths[i].birth();
		if (ret < 0)
			return fail("open: %s", strerror(-ret));
		doomed[k] = ret;
	}
	ret = deaths[i].die(n);
	if (ret < 0)
		return fail("%s: %s", argv[1], strerror(-ret));
}

static NAMED void die_drop(int fd)
{
	sys(SYS_close, fd);
}

static void drop(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);

	while (n-- && held_first < held_last)
		die_drop(held[held_first++ % ARRAY_SIZE(held)]);
}

static NAMED long by_pair(void)
{
	long fd = sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);

	return fd < 0 ? fd : sys(SYS_close, fd);
}

static void pairs(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), ret;

	while (n--) {
		ret = by_pair();
		if (ret < 0)
			return fail("pair: %s", strerror(-ret));
	}
}

static void cloexec(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);

	for (int i = held_last - 1; n-- && i >= held_first; i--)
		sys(SYS_fcntl, held[i % ARRAY_SIZE(held)], F_SETFD, FD_CLOEXEC);
}

static void range_cloexec(int argc, char **argv)
{
	int low = held[held_first % ARRAY_SIZE(held)];
	int high = held[(held_last - 1) % ARRAY_SIZE(held)];
	long ret = sys(SYS_close_range, low, high, CLOSE_RANGE_CLOEXEC);

	if (ret < 0)
		fail("close_range: %s", strerror(-ret));
}

/* --- traps --- */

static pid_t child;
static pthread_t thread;
static bool thread_runs;

static NAMED long by_child(void)
{
	return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);
}

static NAMED long by_sharer(void)
{
	return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);
}

static NAMED long by_unshared(void)
{
	return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);
}

static NAMED void die_elsewhere(int fd)
{
	sys(SYS_close, fd);
}

static void act(long (*birth)(void), long opens, long closes)
{
	int first = held_first;

	for (; closes && first < held_last; closes--)
		die_elsewhere(held[first++ % ARRAY_SIZE(held)]);
	while (opens--)
		birth();
}

static void forget(long n)
{
	held_first += n;
}

static void fork_child(int argc, char **argv)
{
	long closes = number(argc, argv, 1, 0), opens = number(argc, argv, 2, 0);

	shared->state = 0;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		act(by_child, opens, closes);
		wake_word(&shared->state, 1);
		for (;;)
			pause();
	}
	if (child < 0)
		return fail("fork: %m");
	wait_word(&shared->state, 0);
	say("child=%d", child);
}

static long sharer_opens, sharer_closes;

static int sharer(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	act(by_sharer, sharer_opens, sharer_closes);
	wake_word(&shared->state, 1);
	for (;;)
		pause();
	return 0;
}

static void share(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));

	sharer_opens = number(argc, argv, 1, 0);
	sharer_closes = number(argc, argv, 2, 0);
	shared->state = 0;
	/* memory is its own, the table of descriptors is not */
	child = clone(sharer, stack + sizeof(stack), CLONE_FILES | SIGCHLD, NULL);
	if (child < 0)
		return fail("clone: %m");
	wait_word(&shared->state, 0);
	forget(sharer_closes);
	say("child=%d", child);
}

static void *unsharer(void *arg)
{
	long ret = sys(SYS_unshare, CLONE_FILES);

	if (!ret)
		act(by_unshared, sharer_opens, sharer_closes);
	say("tid=%ld", sys(SYS_gettid));
	wake_word(&shared->state, ret ? 3 : 1);
	wait_word(&shared->state, 1);
	return NULL;
}

static void unshare_files(int argc, char **argv)
{
	sharer_opens = number(argc, argv, 1, 0);
	sharer_closes = number(argc, argv, 2, 0);
	shared->state = 0;
	if (pthread_create(&thread, NULL, unsharer, NULL))
		return fail("no thread");
	thread_runs = true;
	wait_word(&shared->state, 0);
	if (shared->state == 3)
		fail("unshare");
}

static void gone(int argc, char **argv)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
	if (thread_runs) {
		wake_word(&shared->state, 2);
		pthread_join(thread, NULL);
		thread_runs = false;
	}
}

static NAMED void fail_close(void)
{
	sys(SYS_close, 900);
}

static NAMED void fail_open(void)
{
	sys(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
}

static NAMED void fail_others(void)
{
	sys(SYS_dup2, 900, 901);
	sys(SYS_dup, 900);
	sys(SYS_pipe, (void *)8);
	sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (void *)8);
	sys(SYS_socket, 9999, 0, 0);
	sys(SYS_accept, plain_fd, NULL, NULL);
	sys(SYS_close_range, 910, 905, 0);
}

static void failures(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n > 0; n--) {
		fail_close();
		fail_open();
		fail_others();
	}
}

static NAMED long by_emfile(void)
{
	return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);
}

static void emfile(int argc, char **argv)
{
	struct rlimit limit = { 64, 64 }, old;
	long ret, born = 0;
	int pair[2];

	getrlimit(RLIMIT_NOFILE, &old);
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((ret = by_emfile()) >= 0)
		born++;
	/* fails after the first of the two was reserved */
	sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	sys(SYS_pipe, pair);
	sys(SYS_dup, plain_fd);
	setrlimit(RLIMIT_NOFILE, &old);
	if (ret != -EMFILE)
		return fail("%s", strerror(-ret));
	say("born=%ld", born);
}

/* --- io_uring, one request at a time --- */

static struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
} ring = { .fd = -1 };

static bool ring_up(void)
{
	struct io_uring_params p = { };
	size_t sq_size, cq_size;
	char *sq, *cq;

	ring.fd = sys(SYS_io_uring_setup, 4, &p);
	if (ring.fd < 0)
		return false;
	sq_size = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	sq = mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  ring.fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  ring.fd, IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe),
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			 ring.fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED)
		return false;
	ring.sq_tail = (void *)(sq + p.sq_off.tail);
	ring.sq_mask = (void *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (void *)(sq + p.sq_off.array);
	ring.cq_head = (void *)(cq + p.cq_off.head);
	ring.cq_tail = (void *)(cq + p.cq_off.tail);
	ring.cq_mask = (void *)(cq + p.cq_off.ring_mask);
	ring.cqes = (void *)(cq + p.cq_off.cqes);
	return true;
}

static NAMED long by_uring(const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring.sq_tail, slot = tail & *ring.sq_mask, head;
	long ret;

	ring.sqes[slot] = *sqe;
	ring.sq_array[slot] = slot;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	do
		ret = sys(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL);
	while (ret == -EINTR);
	if (ret < 0)
		return ret;
	head = *ring.cq_head;
	while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == head)
		sys(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL);
	ret = ring.cqes[head & *ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return ret;
}

static void uring(const struct io_uring_sqe *sqe, long n)
{
	long ret;

	while (n-- > 0) {
		ret = by_uring(sqe);
		if (ret < 0)
			return fail("io_uring: %s", strerror(-ret));
		say("fd=%ld", ret);
	}
}

static void uring_open(int argc, char **argv)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
		.addr = (uintptr_t)NULL_DEVICE, .open_flags = O_RDONLY,
	};

	uring(&sqe, number(argc, argv, 1, 1));
}

static void uring_accept(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ACCEPT, .fd = listener };
	long n = number(argc, argv, 1, 1);

	while (n--) {
		client = connect_client();
		if (client < 0)
			return fail("connect: %s", strerror(-client));
		uring(&sqe, 1);
		sys(SYS_close, client);
		client = -1;
	}
}

static void uring_close(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CLOSE };

	for (long n = number(argc, argv, 1, 1); n-- && held_first < held_last;) {
		sqe.fd = held[held_first++ % ARRAY_SIZE(held)];
		uring(&sqe, 1);
	}
}

static char *self[2];
static char self_path[4096];

static void exec_self(int argc, char **argv)
{
	execv(self_path, self);
	fail("exec: %m");
}

static const struct command commands[] = {
	{ "hold", hold }, { "road", walk }, { "death", death }, { "drop", drop },
	{ "pairs", pairs }, { "cloexec", cloexec }, { "range_cloexec", range_cloexec },
	{ "fork", fork_child }, { "share", share }, { "unshare", unshare_files },
	{ "gone", gone }, { "fail", failures }, { "emfile", emfile },
	{ "uring_open", uring_open }, { "uring_accept", uring_accept },
	{ "uring_close", uring_close }, { "exec", exec_self },
};

int main(int argc, char **argv)
{
	int unlocked = 0;

	self[0] = argv[0];
	if (readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) < 0)
		return 1;
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
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!ring_up())
		ring.fd = -1;
	argc = serve(commands, ARRAY_SIZE(commands));
	unlink(scratch);
	return argc;
}
