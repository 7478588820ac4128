// SPDX-License-Identifier: GPL-2.0
/*
 * Has a function of the kernel refuse a process once: its nth call from there does
 * nothing and returns an error. For tests/lib/refusals.py, in a guest; x86-64.
 *
 *   insmod refuse.ko function=NAME pid=PID nth=N error=-16
 *
 * The parameter calls says how often the process has called it since.
 */
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/sched.h>

static char *function;
module_param(function, charp, 0444);
static int pid;
module_param(pid, int, 0444);
static int nth = 1;
module_param(nth, int, 0444);
static int error = -16;
module_param(error, int, 0444);
static int calls;
module_param(calls, int, 0444);

#ifndef ASM_ENDBR	/* 5.18: 156ff4a544ae */
#define ASM_ENDBR ""
#endif

/* Where to go instead: no more than a return. */
void refuse_return(void);
asm(".text\n"
	".type refuse_return, @function\n"
	"refuse_return:\n"
	ASM_ENDBR
	ASM_RET
	".size refuse_return, . - refuse_return\n");

static int before(struct kprobe *p, struct pt_regs *regs)
{
	if (current->tgid != pid || ++calls != nth)
		return 0;
	regs->ax = error;
	regs->ip = (unsigned long)refuse_return;
	return 1;
}

/* Without one the probe could be made a jump, which can't change where it returns. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = before, .post_handler = after };

static int __init refuse_init(void)
{
	probe.symbol_name = function;
	return register_kprobe(&probe);
}

static void __exit refuse_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(refuse_init);
module_exit(refuse_exit);
MODULE_DESCRIPTION("Refuses one call");
MODULE_LICENSE("GPL");
