// SPDX-License-Identifier: GPL-2.0
/* What a system call has made, from its number and its result. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <linux/leaktrace.h>

#include "made.h"

static const struct made nothing = { .kind = -1 };

static struct made one(int kind, uint64_t id)
{
	return (struct made){ .kind = kind, .n = 1, .id = { id } };
}

/* Two descriptors that the kernel wrote to memory. */
static struct made two(pid_t tid, unsigned long address)
{
	struct made m = { .kind = LEAKTRACE_KIND_FD, .n = 2 };
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, tid, address, 0);
	if (errno)
		return nothing;
	m.id[0] = (uint32_t)word;
	m.id[1] = (uint64_t)word >> 32;
	return m;
}

static struct made timer(pid_t tid, unsigned long address)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, tid, address, 0);
	return errno ? nothing : one(LEAKTRACE_KIND_TIMER, (uint32_t)word);
}

static struct made thread(pid_t tid, unsigned long flags, uint64_t id)
{
	(void)tid;
	return flags & CLONE_THREAD ? one(LEAKTRACE_KIND_THREAD, id) : nothing;
}

static struct made thread3(pid_t tid, unsigned long args, uint64_t id)
{
	long flags;

	errno = 0;
	flags = ptrace(PTRACE_PEEKDATA, tid, args, 0);
	return errno ? nothing : thread(tid, flags, id);
}

struct made made_by(pid_t tid, const struct user_regs_struct *regs)
{
	if ((long)regs->rax < 0)
		return nothing;
	switch (regs->orig_rax) {
	case SYS_open:
	case SYS_openat:
	case SYS_openat2:
	case SYS_creat:
	case SYS_socket:
	case SYS_accept:
	case SYS_accept4:
	case SYS_dup:
	case SYS_epoll_create:
	case SYS_epoll_create1:
	case SYS_eventfd:
	case SYS_eventfd2:
	case SYS_signalfd4:
	case SYS_timerfd_create:
	case SYS_inotify_init1:
	case SYS_memfd_create:
	case SYS_pidfd_open:
	case SYS_io_uring_setup:
		return one(LEAKTRACE_KIND_FD, regs->rax);
	case SYS_dup2:
	case SYS_dup3:
		return regs->rdi == regs->rsi ? nothing : one(LEAKTRACE_KIND_FD, regs->rax);
	case SYS_fcntl:
		return regs->rsi == F_DUPFD || regs->rsi == F_DUPFD_CLOEXEC ?
			one(LEAKTRACE_KIND_FD, regs->rax) : nothing;
	case SYS_pipe:
	case SYS_pipe2:
		return two(tid, regs->rdi);
	case SYS_socketpair:
		return two(tid, regs->r10);
	case SYS_timer_create:
		return timer(tid, regs->rdx);
	case SYS_clone:
		return thread(tid, regs->rdi, regs->rax);
	case SYS_clone3:
		return thread3(tid, regs->rdi, regs->rax);
	default:
		return nothing;
	}
}
