/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LT_COMPAT_LINUX_FTRACE_H
#define _LT_COMPAT_LINUX_FTRACE_H

#include_next <linux/ftrace.h>

/* v5.11, d19ad0775dcd: callbacks get struct ftrace_regs in place of pt_regs. */
#ifndef LT_HAVE_FTRACE_REGS
#define ftrace_regs pt_regs
static inline struct pt_regs *ftrace_get_regs(struct ftrace_regs *fregs)
{
	return fregs;
}
#endif

/* v5.11, a25d036d939a: callbacks protect themselves unless they ask for help;
 * before, they had to say that they do. Ours does (lt_probe_enter).
 */
#ifdef LT_HAVE_RECURSION_SAFE
#define LT_FTRACE_FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#else
#define LT_FTRACE_FLAGS FTRACE_OPS_FL_SAVE_REGS
#endif

#endif
