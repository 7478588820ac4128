// SPDX-License-Identifier: GPL-2.0
/* Files that processes have in common are kept once, and a forged build id shares nothing. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "elf/image.h"
#include "symbolize/module.h"
#include "symbolize/module_cache.h"
#include "symbolize/symbolizer.h"

#ifdef __SANITIZE_ADDRESS__
enum { CHILD_KIB = 2000 };		/* what is freed is not used again at once */
#else
enum { CHILD_KIB = 100 };
#endif
enum { CHILDREN = 50 };

static struct elf_module *open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_module *module = NULL;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st))
		module = module_cache_file(fd, &st, path);
	if (fd >= 0)
		close(fd);
	return module;
}

/* A copy of this program; flip: with another byte at the very end. */
static char *copied(char *path, bool flip)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = mkstemp(path);
	char bytes[65536], last = 0;
	ssize_t n, all = 0;

	while ((n = read(from, bytes, sizeof(bytes))) > 0 && write(to, bytes, n) == n) {
		last = bytes[n - 1];
		all += n;
	}
	last ^= flip;
	CHECK(pwrite(to, &last, 1, all - 1) == 1);
	close(from);
	close(to);
	return path;
}

static void test_identity(void)
{
	char same[] = "/tmp/leaktrace-test-XXXXXX", forged[] = "/tmp/leaktrace-test-XXXXXX";
	struct elf_module *a = open_path("/proc/self/exe"), *b = open_path("/proc/self/exe");
	struct elf_module *c = open_path(copied(same, false)), *d = open_path(copied(forged, true));

	CHECK(a && a->image->build_id_bytes);
	CHECK(a == b, "the same file");
	CHECK(a == c, "a copy");
	CHECK(d && a != d, "another content with that build id");
	CHECK(a && a->users == 3);
	module_cache_put(a);
	module_cache_put(b);
	module_cache_put(c);
	module_cache_put(d);
	unlink(same);
	unlink(forged);
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!sscanf(line, "RssAnon: %ld", &kib) && kib)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* 50 children of one program cost what one costs, and a few KiB each. */
static void test_memory(void)
{
	struct symbolizer *s[CHILDREN] = { 0 };
	pid_t child[CHILDREN];
	long one = 0, all;
	char err[256];

	for (int i = 0; i < CHILDREN; i++) {
		struct symbol_frame f[16];

		child[i] = fork();
		if (!child[i]) {
			pause();
			_exit(0);
		}
		s[i] = symbolizer_open(child[i], err, sizeof(err));
		CHECK(s[i], "%s", err);
		CHECK(s[i] && symbolizer_resolve(s[i], (uintptr_t)test_memory, false, f, 16) > 0 &&
		      f[0].function && !strcmp(f[0].function, "test_memory"));
		CHECK(s[i] && symbolizer_resolve(s[i], (uintptr_t)write, false, f, 16) > 0);
		if (!i)
			one = resident_kib();
	}
	all = resident_kib();
	CHECK(all - one < CHILDREN * CHILD_KIB, "%ld KiB with one, %ld KiB with all", one, all);
	for (int i = 0; i < CHILDREN; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
		symbolizer_close(s[i]);
	}
}

int main(void)
{
	test_identity();
	test_memory();
	return verdict("module cache");
}
