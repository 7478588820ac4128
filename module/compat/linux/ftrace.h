/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LT_COMPAT_LINUX_FTRACE_H
#define _LT_COMPAT_LINUX_FTRACE_H

#include_next <linux/ftrace.h>
#include <linux/ptrace.h>

/*
 * The nth argument of the hooked function. Saving all registers costs a
 * bystander about 40 instructions a hit, so only where it can't be helped.
 *
 * v5.11, d19ad0775dcd: callbacks get struct ftrace_regs, with the arguments
 * only, in place of pt_regs; v6.2, 94d095ffa0e1: with an accessor of its own.
 */
#ifndef LT_HAVE_FTRACE_REGS
#define ftrace_regs pt_regs
#define lt_arg(fregs, n) regs_get_kernel_argument(fregs, n)
#define LT_FTRACE_SAVE FTRACE_OPS_FL_SAVE_REGS
#elif defined(ftrace_regs_get_argument)
#define lt_arg(fregs, n) ftrace_regs_get_argument(fregs, n)
#define LT_FTRACE_SAVE 0
#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define lt_arg(fregs, n) regs_get_kernel_argument(&(fregs)->regs, n)
#define LT_FTRACE_SAVE 0
#else
#define lt_arg(fregs, n) regs_get_kernel_argument(ftrace_get_regs(fregs), n)
#define LT_FTRACE_SAVE FTRACE_OPS_FL_SAVE_REGS
#endif

/* v5.11, a25d036d939a: callbacks protect themselves unless they ask for help;
 * before, they had to say that they do. Ours does (lt_probe_enter).
 */
#ifdef LT_HAVE_RECURSION_SAFE
#define LT_FTRACE_FLAGS (LT_FTRACE_SAVE | FTRACE_OPS_FL_RECURSION_SAFE)
#else
#define LT_FTRACE_FLAGS LT_FTRACE_SAVE
#endif

#endif
