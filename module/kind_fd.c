// SPDX-License-Identifier: GPL-2.0
/*
 * fd: a descriptor in the target's table.
 *
 * Born when it is installed: all paths end in fd_install(), except those of dup2, dup3
 * and their relatives, which go through do_dup2(). The hook runs
 * before the descriptor becomes visible, so its death cannot come first.
 * Died when its slot is about to be emptied: close_fd() (close(2) until v6.6),
 * file_close_fd() (close(2) since), __close_fd_get_file() and
 * file_close_fd_locked() (io_uring), do_dup2() over it. Nobody can install in
 * a slot before it is empty, so births and deaths of one descriptor stand in
 * their true order.
 *
 * Bulk changes (close_range, exec, unshare) are found by comparing the table
 * with the objects on the way back to user mode (fd_compare.c).
 *
 * Known by the table's address, not by the process: a process that shares the
 * target's table (CLONE_FILES) opens and closes the target's descriptors.
 * Not seen: what another process removes from a table on another path.
 */
#include <linux/close_range.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/magic.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "arch.h"
#include "fd.h"
#include "key.h"
#include "kind.h"
#include "netlink.h"
#include "object.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "work.h"

#ifndef CLOSE_RANGE_CLOEXEC	/* v5.11, 582f1fb6b721 */
#define CLOSE_RANGE_CLOEXEC BIT(2)
#endif

static const struct {
	const char *name;	/* prefix of an anonymous inode's */
	enum leaktrace_type type;
} anon_names[] = {
	{ "[eventpoll]", LEAKTRACE_TYPE_EPOLL },
	{ "[eventfd]", LEAKTRACE_TYPE_EVENTFD },
	{ "[timerfd]", LEAKTRACE_TYPE_TIMERFD },
	{ "[signalfd]", LEAKTRACE_TYPE_SIGNALFD },
	{ "inotify", LEAKTRACE_TYPE_INOTIFY },
	{ "[fanotify]", LEAKTRACE_TYPE_FANOTIFY },
	{ "[pidfd]", LEAKTRACE_TYPE_PIDFD },
	{ "[io_uring]", LEAKTRACE_TYPE_IO_URING },
	{ "bpf", LEAKTRACE_TYPE_BPF },
	{ "[perf_event]", LEAKTRACE_TYPE_PERF_EVENT },
	{ "[userfaultfd]", LEAKTRACE_TYPE_USERFAULTFD },
};

static bool starts_with(const unsigned char *s, const char *prefix)
{
	return !strncmp((const char *)s, prefix, strlen(prefix));
}

static enum leaktrace_type anon_type(const struct file *file)
{
	const unsigned char *name = file->f_path.dentry->d_name.name;
	int i;

	for (i = 0; i < ARRAY_SIZE(anon_names); i++)
		if (starts_with(name, anon_names[i].name))
			return anon_names[i].type;
	return LEAKTRACE_TYPE_ANON_INODE;
}

/* Regular, or without a type, as anonymous inodes are on some kernels. */
static enum leaktrace_type regular_type(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	const struct super_block *sb = inode->i_sb;

	if (!strcmp(sb->s_type->name, "pidfs"))
		return LEAKTRACE_TYPE_PIDFD;
	if (!(inode->i_mode & S_IFMT) || !strcmp(sb->s_type->name, "anon_inodefs"))
		return anon_type(file);
	if ((sb->s_magic == TMPFS_MAGIC || sb->s_magic == HUGETLBFS_MAGIC) &&
	    (sb->s_flags & SB_KERNMOUNT) &&
	    starts_with(file->f_path.dentry->d_name.name, "memfd:"))
		return LEAKTRACE_TYPE_MEMFD;
	return LEAKTRACE_TYPE_FILE;
}

/**
 * lt_fd_type() - what kind of file a descriptor leads to
 * @file: an open file; the caller keeps it
 *
 * Context: any.
 * Return: LEAKTRACE_TYPE_*.
 */
enum leaktrace_type lt_fd_type(const struct file *file)
{
	switch (file_inode(file)->i_mode & S_IFMT) {
	case S_IFSOCK:
		/* O_PATH on a bound unix socket's name is no socket. */
		return file->f_mode & FMODE_PATH ? LEAKTRACE_TYPE_FILE : LEAKTRACE_TYPE_SOCKET;
	case S_IFIFO:
		return LEAKTRACE_TYPE_PIPE;
	case S_IFDIR:
		return LEAKTRACE_TYPE_DIRECTORY;
	case S_IFCHR:
	case S_IFBLK:
		return LEAKTRACE_TYPE_DEVICE;
	case S_IFREG:
	case 0:
		return regular_type(file);
	}
	return LEAKTRACE_TYPE_FILE;
}

static void fd_born(struct lt_key *k, unsigned int fd, const struct file *file)
{
	struct lt_target *t = k->target;
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_FD,
		.type = lt_fd_type(file),
		.key = LT_FD_KEY(k->fd_table, fd),
		.stack = lt_stack_capture(t),
		.own = { [LT_FD_FILE] = (unsigned long)file },
	};

	if (!b.stack)
		lt_target_inexact(t, LEAKTRACE_INEXACT_STACKS_FULL);
	lt_fd_raise_top(t, k->fd_table, fd + 1);
	lt_object_born(t, &b);
}

/* @sure: a file was in the slot, so a descriptor is closed even if we never knew it. */
static void fd_died(struct lt_key *k, unsigned int fd, bool sure)
{
	struct lt_target *t = k->target;

	if (lt_object_died(t, LEAKTRACE_KIND_FD, LT_FD_KEY(k->fd_table, fd),
			   lt_stack_capture_death(t), NULL))
		return;
	if (!sure || !READ_ONCE(t->ready))
		return;
	if (!lt_object_died_untracked(t, LEAKTRACE_KIND_FD))
		atomic64_inc(&t->kind[LEAKTRACE_KIND_FD].foreign);
}

static struct lt_key *fd_begin(const void *hook, struct files_struct *files)
{
	struct lt_key *k;

	if (!lt_probe_enter(hook))
		return NULL;
	k = lt_key_find(files, LT_KEY_FILES);
	if (k && lt_target_wants(k->target, LEAKTRACE_KIND_FD))
		return k;
	lt_probe_leave();
	return NULL;
}

static bool fd_slot_full(struct files_struct *files, unsigned int fd)
{
	return files_lookup_fd_raw(files, fd);
}

/* noinline, as the next ones: it keeps the bystanders' path free of a prologue. */
static noinline void fd_installing(const void *hook, struct ftrace_regs *fregs)
{
	struct lt_key *k = fd_begin(hook, current->files);

	if (!k)
		return;
	fd_born(k, lt_arg(fregs, 0), (void *)lt_arg(fregs, 1));
	lt_probe_leave();
}

/* fd_install(fd, file) */
static void notrace on_fd_install(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->files)))
		fd_installing(hook, fregs);
}

static noinline void fd_duplicating(const void *hook, struct ftrace_regs *fregs)
{
	struct files_struct *files = (void *)lt_arg(fregs, 0);
	struct lt_key *k = fd_begin(hook, files);
	unsigned int fd = lt_arg(fregs, 2);
	bool over;

	if (!k)
		return;
	over = fd_slot_full(files, fd);
	if (over || !test_bit(fd, files_fdtable(files)->open_fds)) {
		if (over)
			fd_died(k, fd, true);
		fd_born(k, fd, (void *)lt_arg(fregs, 1));
	}
	lt_probe_leave();
}

/* do_dup2(files, file, fd, flags), with files->file_lock held */
static void notrace on_do_dup2(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit((void *)lt_arg(fregs, 0))))
		fd_duplicating(hook, fregs);
}

static noinline void fd_closing(const void *hook, struct files_struct *files, unsigned int fd,
				bool may_be_second)
{
	struct lt_key *k = fd_begin(hook, files);

	if (!k)
		return;
	if (fd_slot_full(files, fd))
		fd_died(k, fd, !may_be_second);
	lt_probe_leave();
}

/* close_fd(fd), file_close_fd(fd), __close_fd_get_file(fd, ...) */
static void notrace on_close(const void *hook, struct ftrace_regs *fregs)
{
	if (likely(!lt_filter_hit(current->files)))
		return;
	fd_closing(hook, current->files, lt_arg(fregs, 0), false);
}

/* file_close_fd_locked(files, fd). The hook of close_fd() or file_close_fd() may have
 * run just before, or not, depending on what the compiler inlined.
 * The table need not be current's yet: CLOSE_RANGE_UNSHARE closes in a copy.
 */
static void notrace on_close_locked(const void *hook, struct ftrace_regs *fregs)
{
	struct files_struct *files = (void *)lt_arg(fregs, 0);

	if (likely(!lt_filter_hit(files)))
		return;
	fd_closing(hook, files, lt_arg(fregs, 1), true);
}

static void resync_run(struct lt_work *w)
{
	struct lt_target *t = w->target;

	down_write(&t->rwsem);
	if (!t->dead)
		lt_fd_resync(t, w->stack);
	up_write(&t->rwsem);
}

static const struct lt_work_type resync_work = {
	.run = resync_run,
	.loss = LT_WORK_REPAIRABLE,
};

struct range_args {
	u32 first;
	u32 last;
};

static void range_run(struct lt_work *w)
{
	const struct range_args *r = lt_work_args(w);
	struct lt_target *t = w->target;

	down_read(&t->rwsem);
	if (!t->dead)
		lt_fd_resync_range(t, r->first, r->last, w->stack);
	up_read(&t->rwsem);
}

static const struct lt_work_type range_work = {
	.run = range_run,
	LT_WORK_ARGS(struct range_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* Look when the system call returns; @r: NULL: at all tables, as one may be a new one. */
static void queue_resync(const void *hook, const struct range_args *r)
{
	struct lt_target *t = lt_target_enter(hook, LT_KINDBIT(FD));

	if (!t)
		return;
	lt_work_queue(t, current, r ? &range_work : &resync_work, lt_stack_capture_death(t), r);
	lt_probe_leave();
}

static noinline void closing_range(const void *hook)
{
	unsigned long args[6];
	struct range_args r;

	syscall_get_arguments(current, task_pt_regs(current), args);
	r = (struct range_args){ args[0], args[1] };
	if (args[2] & CLOSE_RANGE_UNSHARE)
		queue_resync(hook, NULL);
	else if (!(args[2] & CLOSE_RANGE_CLOEXEC))
		queue_resync(hook, &r);
}

/* close_range(first, last, flags) */
static void notrace on_close_range(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		closing_range(hook);
}

static noinline void unsharing(const void *hook)
{
	unsigned long args[6];

	syscall_get_arguments(current, task_pt_regs(current), args);
	if (args[0] & CLONE_FILES)
		queue_resync(hook, NULL);
}

/* unshare(flags) */
static void notrace on_unshare(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		unsharing(hook);
}

#define FD_ROW(_name, _fn, _required, _either, _why) {				\
	.name = _name, .how = LEAKTRACE_PROBE_FTRACE, .kinds = LT_KINDBIT(FD),	\
	.function = _fn, .required = _required, .either = _either, .why = _why }

static const struct lt_probe fd_probes[] = {
	FD_ROW("fd_install", on_fd_install, true, 0, "descriptors installed"),
	FD_ROW("do_dup2", on_do_dup2, true, 0, "dup2, dup3 and descriptors replaced"),
	FD_ROW("close_fd", on_close, true, 1, "close until v6.6, and from the kernel"),
	FD_ROW("file_close_fd", on_close, true, 1, "close since v6.6"),
	FD_ROW("__close_fd_get_file", on_close, true, 2, "io_uring close until v6.6"),
	FD_ROW("file_close_fd_locked", on_close_locked, true, 2, "io_uring close since v6.6"),
	FD_ROW(LT_SYSCALL("close_range"), on_close_range, true, 0, "close_range"),
	FD_ROW(LT_SYSCALL("unshare"), on_unshare, true, 0, "threads that leave the shared table"),
	{ }
};

static int fd_attach(struct lt_target *t)
{
	struct lt_fds *fds = kzalloc(sizeof(*fds), GFP_KERNEL);

	t->data[LEAKTRACE_KIND_FD] = fds;
	return fds ? 0 : -ENOMEM;
}

static void fd_detach(struct lt_target *t)
{
	kfree(lt_fds(t));
	t->data[LEAKTRACE_KIND_FD] = NULL;
}

/* A thread without CLONE_FILES begins with a table of its own. */
static void fd_clone(struct lt_target *t, struct task_struct *child, u64 clone_flags)
{
	if ((clone_flags & (CLONE_THREAD | CLONE_FILES)) == CLONE_THREAD && child->files)
		lt_work_queue(t, child, &resync_work, 0, NULL);
}

/* Those with close-on-exec are gone. */
static void fd_exec(struct lt_target *t)
{
	lt_fd_resync(t, 0);
}

static void fd_exit(struct lt_target *t)
{
	WRITE_ONCE(lt_fds(t)->confirmed, lt_fd_confirmed(t));
}

static enum lt_final fd_final(struct lt_target *t)
{
	return READ_ONCE(lt_fds(t)->confirmed) ? LT_FINAL_CONFIRMED : LT_FINAL_UNCONFIRMED;
}

static int fd_fill(struct sk_buff *skb, const struct lt_object *o)
{
	if (LT_PUT64(skb, OBJECT, ID, (u32)o->key) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_SPACE, o->key >> 32))
		return -EMSGSIZE;
	return 0;
}

const struct lt_kind lt_kind_fd = {
	.id = LEAKTRACE_KIND_FD,
	.name = "fd",
	.probes = fd_probes,
	.attach = fd_attach,
	.baseline = lt_fd_baseline,
	.clone = fd_clone,
	.exec = fd_exec,
	.thread_exit = lt_fd_thread_exit,
	.exit = fd_exit,
	.final = fd_final,
	.detach = fd_detach,
	.reconcile_begin = lt_fd_update_tables,
	.reconcile = lt_fd_reconcile,
	.fill = fd_fill,
};
