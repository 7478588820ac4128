/* SPDX-License-Identifier: GPL-2.0 */
/* What differs by architecture: system call entries and numbers. */
#ifndef _LT_ARCH_H
#define _LT_ARCH_H

#include <linux/compat.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#if defined(CONFIG_X86_64)
#define LT_SYSCALL(name) "__x64_sys_" name
#define LT_COMPAT_SYSCALL(name) "__ia32_sys_" name
#define LT_COMPAT_NR_MREMAP 163
#define LT_COMPAT_NR_MADVISE 219
#elif defined(CONFIG_ARM64)
#define LT_SYSCALL(name) "__arm64_sys_" name
#define LT_COMPAT_NR_MREMAP 163
#define LT_COMPAT_NR_MADVISE 220
#else
#error "leaktrace: add this architecture to module/arch.h"
#endif

enum lt_syscall {
	LT_SYS_OTHER,		/* none, or one that we don't care about */
	LT_SYS_MREMAP,
	LT_SYS_MADVISE,
	LT_SYS_PROCESS_MADVISE,
};

/* The system call that current is in, and its arguments. */
static inline enum lt_syscall lt_syscall_current(unsigned long *args)
{
	struct pt_regs *regs = task_pt_regs(current);
	int nr = syscall_get_nr(current, regs);
	enum lt_syscall call = LT_SYS_OTHER;

	if (nr < 0 || (current->flags & PF_KTHREAD))
		return LT_SYS_OTHER;
	if (in_compat_syscall()) {
		if (nr == LT_COMPAT_NR_MREMAP)
			call = LT_SYS_MREMAP;
		else if (nr == LT_COMPAT_NR_MADVISE)
			call = LT_SYS_MADVISE;
	} else if (nr == __NR_mremap) {
		call = LT_SYS_MREMAP;
	} else if (nr == __NR_madvise) {
		call = LT_SYS_MADVISE;
	} else if (nr == __NR_process_madvise) {
		call = LT_SYS_PROCESS_MADVISE;
	}
	if (call != LT_SYS_OTHER)
		syscall_get_arguments(current, regs, args);
	return call;
}

#endif
