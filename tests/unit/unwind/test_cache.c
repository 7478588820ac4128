// SPDX-License-Identifier: GPL-2.0
/* Keys, sealed files and the cache: what is damaged or foreign is not used. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "unwind/unwind.h"

static char dir[] = "/tmp/test_unwind.XXXXXX";
static char path[256];

static int copy_of_self(const char *name)
{
	char to[sizeof(dir) + 64], buffer[65536];
	int in = open("/proc/self/exe", O_RDONLY), out;
	ssize_t n;

	snprintf(to, sizeof(to), "%s/%s", dir, name);
	out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, n) != n)
			abort();
	close(in);
	return out;
}

static bool same_blob(const struct unwind_blob *a, const struct unwind_blob *b)
{
	return a->bytes == b->bytes && !memcmp(a->data, b->data, a->bytes) &&
	       a->nrows == b->nrows && a->nrules == b->nrules;
}

static void test_keys(void)
{
	uint8_t a[LEAKTRACE_UNWIND_KEY_BYTES], b[sizeof(a)], c[sizeof(a)];
	int self = open("/proc/self/exe", O_RDONLY), copy = copy_of_self("copy");
	int null = open("/dev/null", O_RDONLY), pipes[2];
	struct unwind_blob blob;

	CHECK(!unwind_key_fd(self, a) && !unwind_key_fd(self, b) && !memcmp(a, b, sizeof(a)));
	CHECK(!unwind_key_fd(copy, b));
	/* Build id and owner decide; a copy with other contents must differ. */
	CHECK(a[0] == 'B' || memcmp(a, b, sizeof(a)));
	CHECK(!ftruncate(copy, lseek(copy, 0, SEEK_END) + 1) && !unwind_key_fd(copy, c));
	CHECK(memcmp(b, c, sizeof(b)));
	if (!fchown(copy, 65534, 65534)) {
		CHECK(!unwind_key_fd(copy, c) && c[0] == 'F');
	}
	CHECK(!pipe(pipes));
	CHECK(unwind_key_fd(null, a) < 0 && unwind_key_fd(pipes[0], a) < 0 &&
	      unwind_key_fd(-1, a) == -EBADF);
	CHECK(unwind_compile_fd(null, &blob) < 0 && unwind_cached_fd(pipes[0], &blob) < 0);
	close(pipes[0]);
	close(pipes[1]);
	close(null);
	close(self);
	close(copy);
}

static void test_memfd(const struct unwind_blob *b)
{
	int fd = unwind_blob_memfd(b);
	char *back = malloc(b->bytes + 1);

	CHECK(fd >= 0 && read(fd, back, b->bytes + 1) == (ssize_t)b->bytes);
	CHECK(!memcmp(back, b->data, b->bytes));
	CHECK(write(fd, "", 1) < 0 && ftruncate(fd, 0) < 0);
	free(back);
	close(fd);
}

static void find_cached(void)
{
	char pattern[sizeof(dir) + 8];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*.unw*", dir);
	CHECK(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	snprintf(path, sizeof(path), "%s", found.gl_pathc ? found.gl_pathv[0] : "");
	globfree(&found);
}

/* Each kind of damage: the answer stays right, and the file is made anew. */
static void test_damage(int self, const struct unwind_blob *want)
{
	for (int i = 0; i < 6; i++) {
		static const off_t at[] = { 0, 8, 16, 40, 200 };
		int fd = open(path, O_RDWR);
		struct unwind_blob b;
		struct stat before, after;

		CHECK(fd >= 0 && !fstat(fd, &before));
		if (i < 5)
			CHECK(pwrite(fd, "\xff\xfe", 2, at[i]) == 2);
		else
			CHECK(!ftruncate(fd, before.st_size / 2));
		CHECK(!unwind_cached_fd(self, &b) && same_blob(want, &b), "%d", i);
		CHECK(!stat(path, &after) && after.st_ino != before.st_ino, "%d", i);
		unwind_blob_free(&b);
		close(fd);
	}
}

static void test_cache(void)
{
	int self = open("/proc/self/exe", O_RDONLY);
	struct unwind_blob direct, first, second;
	struct stat st;

	CHECK(!unwind_compile_fd(self, &direct));
	test_memfd(&direct);
	setenv("LEAKTRACE_CACHE_DIR", dir, 1);
	CHECK(!unwind_cached_fd(self, &first) && same_blob(&direct, &first));
	find_cached();
	CHECK(!stat(path, &st) && !utimensat(AT_FDCWD, path, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0));
	CHECK(!unwind_cached_fd(self, &second) && same_blob(&direct, &second));
	CHECK(!stat(path, &st) && st.st_mtime == 1);	/* read, not written */
	unwind_blob_free(&second);
	test_damage(self, &direct);

	/* Others may write to it: not believed. */
	CHECK(!chmod(path, 0666) && !unwind_cached_fd(self, &second) && same_blob(&direct, &second));
	unwind_blob_free(&second);
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0600);
	unlink(path);
	CHECK(!chmod(dir, 0777) && !unwind_cached_fd(self, &second) && same_blob(&direct, &second));
	CHECK(access(path, F_OK));
	unwind_blob_free(&second);
	CHECK(!chmod(dir, 0700));
	setenv("LEAKTRACE_CACHE_DIR", "", 1);
	CHECK(!unwind_cached_fd(self, &second) && access(path, F_OK));
	unwind_blob_free(&second);
	setenv("LEAKTRACE_CACHE_DIR", "/proc/self/nowhere", 1);
	CHECK(!unwind_cached_fd(self, &second));
	unwind_blob_free(&second);
	unwind_blob_free(&first);
	unwind_blob_free(&direct);
	close(self);
}

/* The compiler apart gives what the compiler gives, also for what it refuses. */
static void test_apart(void)
{
	static const char *const files[] = { "/proc/self/exe", "/bin/sh", "/dev/null", "/etc/passwd" };
	struct unwind_blob direct, apart;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd = open(files[i], O_RDONLY), want = unwind_compile_fd(fd, &direct);
		int have = unwind_compile_sandboxed(fd, &apart);

		CHECK(have == want, "%s: %d, %d", files[i], have, want);
		CHECK(want || same_blob(&direct, &apart), "%s", files[i]);
		unwind_blob_free(&direct);
		unwind_blob_free(&apart);
		close(fd);
	}
	CHECK(unwind_compile_sandboxed(-1, &apart) < 0);
}

/* The compiler, with a stop before it where it is apart: until a byte comes. */
int __real_unwind_compile_fd(int fd, struct unwind_blob *out);
int __wrap_unwind_compile_fd(int fd, struct unwind_blob *out);

static bool waits;

int __wrap_unwind_compile_fd(int fd, struct unwind_blob *out)
{
	char byte;

	if (!waits)
		return __real_unwind_compile_fd(fd, out);
	return open("/dev/null", O_RDONLY) < 0 && errno == EPERM && socket(AF_UNIX, SOCK_STREAM, 0) < 0 &&
	       read(fd, &byte, 1) == 1 ? -EILSEQ : -EBADF;
}

/* A number in /proc/PID/status; -1: it is not there. */
static long long status_of(int pid, const char *name, int base)
{
	char path_of[64], line[256];
	long long value = -1;
	size_t n = strlen(name);
	FILE *f;

	snprintf(path_of, sizeof(path_of), "/proc/%d/status", pid);
	f = fopen(path_of, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n))
			value = strtoll(line + n, NULL, base);
	if (f)
		fclose(f);
	return value;
}

static int child_of(int parent, int other)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int pid = 0;

	while ((d = readdir(proc))) {
		int i = atoi(d->d_name);

		if (i && i != other && status_of(i, "PPid:", 10) == parent)
			pid = i;
	}
	closedir(proc);
	return pid;
}

static int open_files(int pid)
{
	char pattern[64];
	glob_t found;
	int n;

	snprintf(pattern, sizeof(pattern), "/proc/%d/fd/*", pid);
	n = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return n;
}

/* Looks at the compiler from outside while it waits, then lets it go on. */
static int look_from_outside(int parent, int go)
{
	int pid = 0;

	for (int i = 0; i < 1000 && (!pid || status_of(pid, "Seccomp:", 10) != 2); i++) {
		usleep(10000);
		pid = child_of(parent, getpid());
	}
	CHECK(pid && status_of(pid, "Seccomp:", 10) == 2);
	CHECK(!status_of(pid, "CapEff:", 16) && !status_of(pid, "CapPrm:", 16));
	CHECK(status_of(pid, "NoNewPrivs:", 10) == 1);
	CHECK(geteuid() || (status_of(pid, "Uid:", 10) == 65534 && status_of(pid, "Gid:", 10) == 65534));
	CHECK(geteuid() || open_files(pid) == 2, "%d", open_files(pid));
	CHECK(write(go, "", 1) == 1);
	return verdict("the compiler from outside");
}

static void test_privileges(void)
{
	struct unwind_blob blob;
	int pipes[2], status, parent = getpid(), helper;

	CHECK(!pipe(pipes));
	helper = fork();
	if (!helper)
		_exit(look_from_outside(parent, pipes[1]));
	waits = true;
	CHECK(unwind_compile_sandboxed(pipes[0], &blob) == -EILSEQ);
	waits = false;
	CHECK(waitpid(helper, &status, 0) == helper && !status);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	char command[sizeof(dir) + 16];

	CHECK(mkdtemp(dir));
	test_keys();
	test_cache();
	test_apart();
	test_privileges();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(!system(command));
	return verdict("unwind files");
}
