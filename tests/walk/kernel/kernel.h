/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of a kernel as module/unwind.c sees of one: it is compiled as it is, and
 * what it takes for current's memory is that of a stopped process (walker.c).
 */
#ifndef WALK_KERNEL_H
#define WALK_KERNEL_H

#define _LEAKTRACE_H		/* these are more kernel than this */
#define _LT_POOL_H
#define CONFIG_X86_64 1

#include <linux/leaktrace.h>
#include <linux/leaktrace_unwind.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define __user
#define __rcu
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define fallthrough __attribute__((fallthrough))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define smp_load_acquire(p) READ_ONCE(*(p))
#define PF_KTHREAD 0

#define max(a, b) ((a) > (b) ? (a) : (b))
#define NSEC_PER_MSEC 1000000ull
#define PAGE_SHIFT 12
#define BIT(n) (1UL << (n))
#define offset_in_page(at) ((unsigned long)(at) & 4095)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

typedef int raw_spinlock_t;
typedef int wait_queue_head_t;
typedef struct { int refs; } refcount_t;

/* One processor. */
#define DEFINE_PER_CPU(type, name) __typeof__(type) name
#define per_cpu(name, cpu) (*((void)(cpu), &(name)))
#define cpu_to_node(cpu) 0
#define __this_cpu_read(name) (name)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < 1; (cpu)++)

#define GFP_KERNEL 0
#define ENOMEM 12
#define LT_GFP_TABLE 0
#define kvzalloc_node(bytes, flags, node) ((void)(node), calloc(1, bytes))
#define kvfree(at) free(at)

static inline u32 hash_64(u64 value, unsigned int bits)
{
	return value * 0x61c8864680b583ebull >> (64 - bits);
}

struct file;
struct lt_target;
struct lt_mm;

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};

struct task_struct {
	unsigned int flags;
};

static struct task_struct *const current;

static inline struct pt_regs *task_pt_regs(struct task_struct *task)
{
	(void)task;
	return NULL;
}

static inline int syscall_get_nr(struct task_struct *task, struct pt_regs *regs)
{
	(void)task;
	(void)regs;
	return -1;
}

static inline void syscall_get_arguments(struct task_struct *task, struct pt_regs *regs,
					 unsigned long *args)
{
	(void)task;
	(void)regs;
	(void)args;
}

/* Of the task whose memory it is. */
extern unsigned long walk_thread_base;

static inline unsigned long x86_fsbase_read_cpu(void)
{
	return walk_thread_base;
}

static inline bool thread_group_leader(const struct task_struct *task)
{
	(void)task;
	return true;
}

static inline bool in_compat_syscall(void)
{
	return false;
}

static inline unsigned long instruction_pointer(const struct pt_regs *regs)
{
	return regs->ip;
}

static inline unsigned long user_stack_pointer(const struct pt_regs *regs)
{
	return regs->sp;
}

static inline unsigned long frame_pointer(const struct pt_regs *regs)
{
	return regs->bp;
}

static inline bool user_64bit_mode(const struct pt_regs *regs)
{
	return regs->cs == 0x33;
}

static inline void pagefault_disable(void)
{
}

static inline void pagefault_enable(void)
{
}

bool walk_peek(unsigned long at, unsigned long *value);

static inline bool user_access_begin(const void *at, unsigned long bytes)
{
	unsigned long end = (1UL << 47) - 4096;

	return bytes <= end && (unsigned long)at <= end - bytes;
}

#define access_ok(at, bytes) user_access_begin(at, bytes)
#define user_access_end() do { } while (0)
#define unsafe_get_user(x, at, label)					\
	do {								\
		unsigned long value_;					\
									\
		if (!walk_peek((unsigned long)(at), &value_))		\
			goto label;					\
		(x) = value_;						\
	} while (0)

#include "../../../module/unwind.h"

#endif
