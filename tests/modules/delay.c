// SPDX-License-Identifier: GPL-2.0
/*
 * Holds up calls of a function of the kernel or of a module, so that what can happen
 * meanwhile on another processor does. For tests/94-moments.bats, in a guest; x86-64.
 *
 *   insmod delay.ko function=NAME [pid=PID] [second=N] [nth=N] delay_ms=N
 *
 * Only calls by process PID are held up, only those with N as second argument, and only
 * the nth of them; each, where that is not said. A call goes on after delay_ms, or once
 * the parameter "go" is written. "calls" and "delaying" can be read, and "owners": how
 * many processes had the call's first argument as their table of descriptors by then.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

static char *function;
module_param(function, charp, 0444);
static int pid;
module_param(pid, int, 0444);
static int second = -1;
module_param(second, int, 0444);
static int nth;
module_param(nth, int, 0444);
static int delay_ms;
module_param(delay_ms, int, 0444);
static int calls;
module_param(calls, int, 0444);
static bool delaying;
module_param(delaying, bool, 0444);
static int owners;
module_param(owners, int, 0444);
static bool go;
module_param(go, bool, 0644);

static int count_owners(const void *files)
{
	struct task_struct *p;
	int n = 0;

	rcu_read_lock();
	for_each_process(p)
		n += READ_ONCE(p->files) == files;
	rcu_read_unlock();
	return n;
}

static int before(struct kprobe *p, struct pt_regs *regs)
{
	int i;

	if (pid && current->tgid != pid)
		return 0;
	if (second >= 0 && regs->si != second)
		return 0;
	calls++;
	if (nth && calls != nth)
		return 0;
	WRITE_ONCE(delaying, true);
	for (i = 0; i < delay_ms && !READ_ONCE(go); i++)
		mdelay(1);
	owners = count_owners((void *)regs->di);
	WRITE_ONCE(delaying, false);
	return 0;
}

static struct kprobe probe = { .pre_handler = before };

static int __init delay_init(void)
{
	probe.symbol_name = function;
	return register_kprobe(&probe);
}

static void __exit delay_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(delay_init);
module_exit(delay_exit);
MODULE_DESCRIPTION("Holds up calls of a function");
MODULE_LICENSE("GPL");
