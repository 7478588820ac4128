// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the compiler in a sandbox. The target chooses its files, so they are
 * parsed by a child process without privileges, which has two descriptors (the
 * file, and one for the table) and only the system calls needed to read and
 * compute. Its output is validated like any untrusted input.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/types.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unwind/unwind.h"

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "unwind/sandbox.c: unsupported architecture"
#endif

enum {
	NOBODY = 65534,
	CHILD_FILE = 0,			/* the only descriptors it has */
	CHILD_RESULT = 1,
	CPU_S = 120,
};

struct result {
	int32_t error;
	uint32_t reserved;
	uint64_t skipped_fdes;
	uint64_t bytes;			/* of the blob that follows */
};

static const int allowed[] = {
	SYS_read, SYS_pread64, SYS_write, SYS_lseek, SYS_fstat, SYS_newfstatat,
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_futex,
	SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_getrandom, SYS_sysinfo,
	SYS_exit, SYS_exit_group,
};

/* mmap and friends open nothing: the child has no path and no directory descriptor. */
static void allow_only_reading(void)
{
	enum { N = sizeof(allowed) / sizeof(*allowed), HEAD = 4 };
	struct sock_filter code[HEAD + N + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = HEAD + N + 2, .filter = code };

	for (unsigned int i = 0; i < N; i++)
		code[HEAD + i] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], N - i, 0);
	/* EPERM instead of a kill: another libc may try further calls and cope without them. */
	code[HEAD + N] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[HEAD + N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	/* Without seccomp in the kernel the child still has no privileges. */
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int keep_only(int fd, int result_fd)
{
	int file = fcntl(fd, F_DUPFD_CLOEXEC, 3), result = fcntl(result_fd, F_DUPFD_CLOEXEC, 3);

	if (file < 0 || result < 0 || dup2(file, CHILD_FILE) < 0 ||
	    dup2(result, CHILD_RESULT) < 0 || syscall(SYS_close_range, 2, ~0U, 0))
		return -errno;
	return 0;
}

static int drop_privileges(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct rlimit cpu = { CPU_S, CPU_S };

	/* A user namespace that does not map nobody: root without capabilities must do. */
	if (!geteuid() && !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	setrlimit(RLIMIT_CPU, &cpu);
	if (syscall(SYS_capset, &head, none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	allow_only_reading();
	return 0;
}

static bool put(const void *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(CHILD_RESULT, data, bytes);

		if (n <= 0)
			return false;
		data = (const char *)data + n;
		bytes -= n;
	}
	return true;
}

static void compile_as_child(int fd, int result_fd)
{
	struct unwind_blob blob = { 0 };
	struct result r = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (keep_only(fd, result_fd) || drop_privileges())
		_exit(1);
	r.error = unwind_compile_fd(CHILD_FILE, &blob);
	r.skipped_fdes = blob.skipped_fdes;
	r.bytes = blob.bytes;
	_exit(!put(&r, sizeof(r)) || (!r.error && !put(blob.data, blob.bytes)));
}

static bool get(int fd, void *data, size_t bytes, off_t at)
{
	while (bytes) {
		ssize_t n = pread(fd, data, bytes, at);

		if (n <= 0)
			return false;
		data = (char *)data + n;
		bytes -= n;
		at += n;
	}
	return true;
}

/* The key must be that of the file: the child could otherwise replace another file's table. */
static int take_result(int fd, int result_fd, struct unwind_blob *out)
{
	uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	struct leaktrace_unwind_header *h;
	struct result r;
	int error;

	if (!get(result_fd, &r, sizeof(r), 0))
		return -EIO;
	if (r.error)
		return r.error < 0 && r.error > -4096 ? r.error : -EIO;
	error = unwind_key_fd(fd, key);
	if (error)
		return error;
	if (r.bytes < sizeof(*h) || r.bytes > LEAKTRACE_UNWIND_MAX_BYTES)
		return -EIO;
	h = malloc(r.bytes);
	if (!h)
		return -ENOMEM;
	if (!get(result_fd, h, r.bytes, sizeof(r)) || !unwind_blob_valid(h, r.bytes) ||
	    memcmp(h->key, key, sizeof(key))) {
		free(h);
		return -EIO;
	}
	*out = (struct unwind_blob){
		.data = h, .bytes = r.bytes, .nrows = h->nrows, .nrules = h->nrules,
		.skipped_fdes = r.skipped_fdes,
	};
	memcpy(out->key, key, sizeof(key));
	return 0;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status ? -EIO : 0;
}

/**
 * unwind_compile_sandboxed() - unwind_compile_fd() in a process without privileges
 *
 * Return: as unwind_compile_fd(); -EIO: that process failed.
 */
int unwind_compile_sandboxed(int fd, struct unwind_blob *out)
{
	int result_fd = memfd_create("leaktrace-unwind", MFD_CLOEXEC), error;
	pid_t child;

	memset(out, 0, sizeof(*out));
	if (result_fd < 0)
		return -errno;
	child = fork();
	if (!child)
		compile_as_child(fd, result_fd);
	error = child < 0 ? -errno : wait_for(child);
	if (!error)
		error = take_result(fd, result_fd, out);
	close(result_fd);
	return error;
}
