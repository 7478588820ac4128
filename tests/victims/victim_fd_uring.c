// SPDX-License-Identifier: GPL-2.0
/* io_uring opens, accepts and closes, one request at a time. */
#include "victim_fd.h"

#include <fcntl.h>
#include <linux/io_uring.h>

static struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
} ring = { .fd = -1 };

static bool open_ring(void)
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

void ring_up(void)
{
	if (!open_ring())
		ring.fd = -1;
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

void uring_open(int argc, char **argv)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
		.addr = (uintptr_t)NULL_DEVICE, .open_flags = O_RDONLY,
	};

	uring(&sqe, number(argc, argv, 1, 1));
}

void uring_accept(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ACCEPT, .fd = listener };
	long n = number(argc, argv, 1, 1), client;

	while (n--) {
		client = connect_client();
		if (client < 0)
			return fail("connect: %s", strerror(-client));
		uring(&sqe, 1);
		sys(SYS_close, client);
	}
}

void uring_close(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CLOSE };

	for (long n = number(argc, argv, 1, 1); n-- && held_first < held_last;) {
		sqe.fd = held[held_first++ % ARRAY_SIZE(held)];
		uring(&sqe, 1);
	}
}
