/* SPDX-License-Identifier: GPL-2.0 */
/* What differs by architecture: system call entries and numbers. */
#ifndef _LT_ARCH_H
#define _LT_ARCH_H

#include <linux/compat.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#ifdef CONFIG_X86_64
#include <asm/fsgsbase.h>
#endif

#if defined(CONFIG_X86_64)
#define LT_SYSCALL(name) "__x64_sys_" name
#define LT_COMPAT_SYSCALL(name) "__ia32_compat_sys_" name
#define LT_COMPAT_NR_MREMAP 163
#define LT_COMPAT_NR_MADVISE 219
#elif defined(CONFIG_ARM64)
#define LT_SYSCALL(name) "__arm64_sys_" name
#define LT_COMPAT_NR_MREMAP 163
#define LT_COMPAT_NR_MADVISE 220
#else
#error "leaktrace: this architecture is not known here"
#endif

/*
 * Registers by DWARF number. Unwind tables exist for x86-64 only; elsewhere
 * no table passes the check (unwind_check.h) and none of this is reached.
 */
static inline unsigned long lt_arch_reg(const struct pt_regs *regs, unsigned int reg)
{
#ifdef CONFIG_X86_64
	switch (reg) {
	case 0: return regs->ax;
	case 1: return regs->dx;
	case 2: return regs->cx;
	case 3: return regs->bx;
	case 4: return regs->si;
	case 5: return regs->di;
	case 6: return regs->bp;
	case 7: return regs->sp;
	case 8: return regs->r8;
	case 9: return regs->r9;
	case 10: return regs->r10;
	case 11: return regs->r11;
	case 12: return regs->r12;
	case 13: return regs->r13;
	case 14: return regs->r14;
	case 15: return regs->r15;
	}
#endif
	return 0;
}

/* From where current's own variables are counted. */
static inline unsigned long lt_arch_thread_base(void)
{
#ifdef CONFIG_X86_64
	return x86_fsbase_read_cpu();
#else
	return 0;
#endif
}

/* Where the signal frame at @sp has a register: ucontext, after its 40 bytes
 * of head, in the order of struct sigcontext.
 */
static inline unsigned long lt_arch_sigframe_reg(unsigned long sp, unsigned int reg)
{
	static const u8 slot[16] = { 13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7 };

	return sp + 40 + 8 * slot[reg];
}

static inline unsigned long lt_arch_sigframe_ip(unsigned long sp)
{
	return sp + 40 + 8 * 16;
}

enum lt_syscall {
	LT_SYS_OTHER,		/* none, or one that we don't care about */
	LT_SYS_MREMAP,
	LT_SYS_MADVISE,
	LT_SYS_PROCESS_MADVISE,
	LT_SYS_TRUNCATE,	/* and ftruncate */
	LT_SYS_FALLOCATE,
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
	} else if (nr == __NR_truncate || nr == __NR_ftruncate) {
		call = LT_SYS_TRUNCATE;
	} else if (nr == __NR_fallocate) {
		call = LT_SYS_FALLOCATE;
	}
	if (call != LT_SYS_OTHER)
		syscall_get_arguments(current, regs, args);
	return call;
}

#endif
