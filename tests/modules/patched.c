// SPDX-License-Identifier: GPL-2.0
/*
 * A live patch of fd_install(), which is hooked: one that does the same in another way, and
 * counts how often a process calls it. For tests/93-neighbours.bats, in a guest.
 *
 *   insmod patched.ko pid=PID
 *   echo 0 >/sys/kernel/livepatch/patched/enabled; rmmod patched
 */
#include <linux/fdtable.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/sched.h>

static int pid;
module_param(pid, int, 0444);
static atomic_t calls;

static int calls_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&calls));
}

static const struct kernel_param_ops calls_ops = { .get = calls_get };
module_param_cb(calls, &calls_ops, NULL, 0444);

/* The table's lock in place of RCU: nobody replaces the table meanwhile. */
static void patched_fd_install(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;

	if (current->tgid == pid)
		atomic_inc(&calls);
	spin_lock(&files->file_lock);
	rcu_assign_pointer(files_fdtable(files)->fd[fd], file);
	spin_unlock(&files->file_lock);
}

static struct klp_func functions[] = {
	{ .old_name = "fd_install", .new_func = patched_fd_install }, { }
};

static struct klp_object objects[] = {
	{ .funcs = functions }, { }	/* no name: the kernel's own */
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int __init patched_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit patched_exit(void)
{
}

module_init(patched_init);
module_exit(patched_exit);
MODULE_DESCRIPTION("Live patch of fd_install() for leaktrace's tests");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
