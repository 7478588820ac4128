// SPDX-License-Identifier: GPL-2.0
/* Keys, sealed files and the cache: what is damaged or foreign is not used. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol_check.h"
#include "unwind.h"

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

int main(void)
{
	char command[sizeof(dir) + 16];

	CHECK(mkdtemp(dir));
	test_keys();
	test_cache();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(!system(command));
	return verdict("unwind files");
}
