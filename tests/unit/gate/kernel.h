/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's part of a gate, in the process itself: it maps the gate, opens its doors, and
 * hears the announcements, because a seccomp filter turns them into SIGSYS. No function here
 * allocates.
 */
#ifndef TEST_GATE_KERNEL_H
#define TEST_GATE_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <linux/leaktrace_gate.h>

enum { NBLOCKS = 1 << 14 };

struct block { uint64_t address, size, from; uint32_t slot, door; };

/* One copy, of the program that includes it. */
static struct {
	struct leaktrace_gate_header *header;
	struct leaktrace_gate_door *door;
	unsigned char *tags;
	struct block *block;
	int lock;
	uint64_t births, deaths, doubles, strangers, drops, full, inner, begun, undone;
	uint64_t of_door[LEAKTRACE_GATE_DOORS_MAX];
	uint64_t random;
	int check_saved;		/* callee-saved registers must be as in saved */
	uint64_t bad_saved;
	uint64_t bad_return, from_low, from_high;	/* where direct calls come from */
} kernel;

/* Of another file than the C library's, which may have doors in it. */
static void kernel_lock(void)
{
	while (__atomic_exchange_n(&kernel.lock, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static void kernel_unlock(void)
{
	__atomic_store_n(&kernel.lock, 0, __ATOMIC_RELEASE);
}

static uint64_t kernel_home(uint64_t address)
{
	return (address >> 4) * 0x9e3779b97f4a7c15ULL >> 50;
}

/* Where the block is, or would be. */
static struct block *kernel_place(uint64_t address)
{
	uint64_t i = kernel_home(address);

	while (kernel.block[i].address && kernel.block[i].address != address)
		i = (i + 1) % NBLOCKS;
	return &kernel.block[i];
}

static struct block *kernel_find(uint64_t address)
{
	struct block *b = kernel_place(address);

	return b->address ? b : NULL;
}

/* What comes behind it, and is not at home there, moves up. */
static void kernel_remove(struct block *b)
{
	uint64_t gap = b - kernel.block, i = gap;

	for (;;) {
		i = (i + 1) % NBLOCKS;
		if (!kernel.block[i].address)
			break;
		if ((i - kernel_home(kernel.block[i].address)) % NBLOCKS < (i - gap) % NBLOCKS)
			continue;
		kernel.block[gap] = kernel.block[i];
		gap = i;
	}
	kernel.block[gap].address = 0;
}

static int kernel_is_inner(uint64_t from)
{
	if (from - kernel.header->address < LEAKTRACE_GATE_CODE_BYTES)
		return 1;
	for (uint32_t i = 0; i < kernel.header->ndoors; i++)
		if (from - kernel.door[i].function < kernel.door[i].function_bytes)
			return 1;
	return 0;
}

static uint64_t kernel_draw(void)
{
	if (kernel.header->mean_bytes == 1)
		return 0;
	kernel.random = kernel.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return kernel.header->mean_bytes *
	       kernel.header->draw[kernel.random >> 54] >> LEAKTRACE_GATE_DRAW_SHIFT;
}

static void kernel_birth(uint64_t address, uint64_t size, uint32_t door, uint64_t from)
{
	uint32_t slot = leaktrace_gate_slot(address, kernel.header->tag_bits);
	struct block *b;

	if (kernel_is_inner(from)) {
		kernel.inner++;
		return;
	}
	if (kernel_find(address)) {
		kernel.doubles++;
		return;
	}
	if (kernel.tags[slot])
		slot ^= 1;
	if (kernel.tags[slot]) {
		kernel.full++;
		return;
	}
	kernel.tags[slot] = leaktrace_gate_tag(address);
	b = kernel_place(address);
	*b = (struct block){ address, size, from, slot, door };
	kernel.births++;
	kernel.of_door[door]++;
}

static int kernel_death(uint64_t address)
{
	struct block *b = kernel_find(address);

	if (!b) {
		kernel.strangers++;
		return 0;
	}
	kernel.tags[b->slot] = 0;
	kernel_remove(b);
	kernel.deaths++;
	return 1;
}

/* The last block that died there. */
static void kernel_undo(uint64_t address, uint32_t door, uint64_t size)
{
	kernel.undone++;
	kernel.deaths--;
	kernel.births--;
	kernel.of_door[door]--;
	kernel_birth(address, size, door, 0);
}

static const uint64_t kernel_saved[] = {
	0x1111222233334444, 0x5555666677778888, 0x1212121212121212,
	0x1313131313131313, 0x1414141414141414, 0x1515151515151515,
};

static void kernel_look_at(const greg_t *reg)
{
	static const int saved[] = { REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15 };

	for (int i = 0; i < 6; i++)
		kernel.bad_saved += (uint64_t)reg[saved[i]] != kernel_saved[i];
}

static __thread uint64_t resized_size;		/* of the realloc that this thread is in */
static __thread uint32_t resized_door;

static void kernel_hear(const greg_t *reg)
{
	uint32_t op = reg[REG_RSI] & 0xff, door = reg[REG_RSI] >> 8;
	uint64_t from = *(uint64_t *)reg[REG_R8], address = reg[REG_R10];
	struct block *b;

	if (kernel.check_saved)
		kernel_look_at(reg);
	switch (op) {
	case LEAKTRACE_GATE_OP_BIRTH:
		kernel_birth(address, reg[REG_RDX], door, from);
		*(uint64_t *)reg[REG_R9] = kernel_draw();
		break;
	case LEAKTRACE_GATE_OP_DROP:
		kernel.drops++;
		*(uint64_t *)reg[REG_R9] = kernel_draw();
		break;
	case LEAKTRACE_GATE_OP_DEATH:
		kernel_death(address);
		break;
	case LEAKTRACE_GATE_OP_REALLOC_BEGIN:
		kernel.begun++;
		b = kernel_find(address);
		resized_size = b ? b->size : 0;
		resized_door = b ? b->door : 0;
		if (kernel_death(address))
			*(uint64_t *)reg[REG_R9] = 1;
		break;
	case LEAKTRACE_GATE_OP_REALLOC_UNDO:
		kernel_undo(address, resized_door, resized_size);
		break;
	default:
		abort();
	}
}

static void on_sigsys(int signo, siginfo_t *info, void *context)
{
	greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signo;
	(void)info;
	if ((uint64_t)reg[REG_RDI] != (kernel.header->address | 1))
		abort();
	kernel_lock();
	kernel_hear(reg);
	kernel_unlock();
	reg[REG_RAX] = -EINVAL;
}

/* mremap of an odd address: a trap. The rest is let through. */
static void kernel_listen(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_sigsys;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigfillset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		abort();
}

static void kernel_write(uint64_t at, const unsigned char *old, const unsigned char *bytes, size_t n)
{
	uint64_t page = at & -4096ULL;

	if (memcmp((void *)at, old, n)) {
		fprintf(stderr, "at %#lx is something else\n", (unsigned long)at);
		exit(1);
	}
	if (mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) &&
	    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
		abort();
	memcpy((void *)at, bytes, n);
}

/* Whether the place that was planned is still free. */
static int kernel_map(void)
{
	struct leaktrace_gate_header *h = kernel.header;
	struct leaktrace_gate_island *island;
	unsigned char *code, *gate;

	kernel.door = (struct leaktrace_gate_door *)(h + 1);
	island = (struct leaktrace_gate_island *)(kernel.door + h->ndoors);
	code = (unsigned char *)(island + h->nislands);
	gate = (unsigned char *)mmap((void *)h->address, leaktrace_gate_bytes(h),
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if ((uint64_t)gate != h->address)
		return 0;
	memcpy(gate, code, h->code_bytes);
	if (mprotect(gate, LEAKTRACE_GATE_CODE_BYTES, PROT_READ | PROT_EXEC))
		abort();
	for (int i = 0; i < LEAKTRACE_GATE_NSHARDS; i++)
		*(uint64_t *)(gate + LEAKTRACE_GATE_SHARDS + i * LEAKTRACE_GATE_SHARD_BYTES) =
			kernel_draw();
	kernel.tags = gate + LEAKTRACE_GATE_TAGS;
	for (uint32_t i = 0; i < h->nislands; i++)
		kernel_write(island[i].address, island[i].old, island[i].jump, 5);
	return 1;
}

static void kernel_plan(const char *planner, const char *mean)
{
	char command[512], path[] = "/tmp/gate-XXXXXX";
	int fd = mkstemp(path);
	struct stat st;

	snprintf(command, sizeof(command), "LD_PRELOAD= '%s' for %d %s %s", planner, getpid(), mean,
		 path);
	if (fd < 0 || system(command) || fstat(fd, &st) || !st.st_size)
		exit(2);
	unlink(path);
	kernel.header = (struct leaktrace_gate_header *)mmap(NULL, st.st_size,
			PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
}

/* Opens the doors that the planner program has planned for this process. */
static void kernel_open(const char *planner, const char *mean)
{
	int tries = 0;

	kernel.block = (struct block *)mmap(NULL, NBLOCKS * sizeof(struct block),
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* what has run the planner may have mapped something there */
	do {
		if (tries++ == 5)
			exit(2);
		kernel_plan(planner, mean);
	} while (!kernel_map());
	kernel_listen();
	for (uint32_t i = 0; i < kernel.header->ndoors; i++)
		kernel_write(kernel.door[i].address, kernel.door[i].old, kernel.door[i].jump,
			     kernel.door[i].jump_bytes);
}

#endif
