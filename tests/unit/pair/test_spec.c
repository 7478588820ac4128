// SPDX-License-Identifier: GPL-2.0
/* What users say of pairs; and where the calls of functions of the C library end. */
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "pair/function.h"
#include "pair/known.h"
#include "pair/spec.h"

static char err[256];

static void good(const char *text, const char *library, int handle, int argument, int release_argument)
{
	struct pair_spec s;

	CHECK(pair_spec_parse(text, &s, err, sizeof(err)), "%s", err);
	CHECK(!strcmp(s.library, library) && !strcmp(s.acquire, "get") && !strcmp(s.release, "put"), "%s", text);
	CHECK(s.handle == handle && s.argument == argument && s.release_argument == release_argument,
	      "%s: %d %d %d", text, s.handle, s.argument, s.release_argument);
}

static void grammar(void)
{
	static const char *const bad[] = {
		"", ":", "lib", "lib:", "lib:get", "lib:get/", ":get/put", "lib:get/put ", " lib:get/put", "lib:/put",
		"lib:get=/put", "lib:get=arg0/put", "lib:get=arg7/put", "lib:get=arg11/put", "lib:get=arg/put",
		"lib:get=*ret/put", "lib:get=**arg1/put", "lib:get=ret1/put", "lib:get/put=ret", "lib:get/put=*arg1",
		"lib:get/put/x", "lib:get:x/put", "li/b:get/put", "lib:9get/put", "lib:get/get", "lib:get/put,size=arg1",
		"lib:get/put!deferred", "lib:ge\001t/put",
	};
	char name[128];
	struct pair_spec s;

	good("lib:get/put", "lib", LEAKTRACE_PAIR_RESULT, 0, 1);
	good("lib-1.2.so.3:get=ret/put=arg1", "lib-1.2.so.3", LEAKTRACE_PAIR_RESULT, 0, 1);
	good("lib++_x.so:get=arg6/put=arg2", "lib++_x.so", LEAKTRACE_PAIR_ARGUMENT, 6, 2);
	good("lib:get=*arg4/put", "lib", LEAKTRACE_PAIR_POINTED, 4, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!pair_spec_parse(bad[i], &s, err, sizeof(err)), "'%s' is taken", bad[i]);
	for (size_t n = 40; n < 60; n++) {
		snprintf(name, sizeof(name), "lib:%0*d/put", (int)n, 0);
		name[4] = 'f';
		CHECK(pair_spec_parse(name, &s, err, sizeof(err)) == (n < LEAKTRACE_PAIR_NAME_BYTES), "%zu", n);
	}
}

/* Random bytes of the grammar's own alphabet: what is taken is whole, and ends. */
static void noise(void)
{
	static const char alphabet[] = ":/=*,!argret0123lib_.so \001\377";
	struct pair_spec s;
	char text[200];

	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t n = random() % (sizeof(text) - 1);

		for (size_t j = 0; j < n; j++)
			text[j] = alphabet[random() % (sizeof(alphabet) - 1)];
		text[n] = '\0';
		if (pair_spec_parse(text, &s, err, sizeof(err)))
			CHECK(strlen(s.library) && strlen(s.acquire) && strlen(s.release) &&
			      s.argument <= LEAKTRACE_PAIR_ARGUMENTS && strchr(text, '/'), "%s", text);
	}
}

static void spaces(void)
{
	struct pair_specs s = { 0 };

	CHECK(!pair_specs_add(&s, "a:open/close", err, sizeof(err)), "%s", err);
	CHECK(!pair_specs_add(&s, "a:open2/close2", err, sizeof(err)), "%s", err);
	CHECK(!pair_specs_add(&s, "b:open/close", err, sizeof(err)), "%s", err);
	CHECK(s.spec[0].space != s.spec[1].space && s.spec[0].space != s.spec[2].space &&
	      s.spec[1].space != s.spec[2].space);
	/* joins the first two */
	CHECK(!pair_specs_add(&s, "a:open2/close", err, sizeof(err)), "%s", err);
	CHECK(s.spec[0].space == s.spec[1].space && s.spec[0].space == s.spec[3].space &&
	      s.spec[0].space != s.spec[2].space);
	CHECK(!pair_specs_add(&s, "a:open/close", err, sizeof(err)) && s.n == 4, "the same again");
	CHECK(pair_specs_add(&s, "a:open=arg1/close", err, sizeof(err)), "two places of one handle");
	CHECK(pair_specs_add(&s, "nothing", err, sizeof(err)) && strstr(err, "sqlite"), "%s", err);
	pair_specs_free(&s);
}

static void known(void)
{
	struct pair_specs all = { 0 };

	for (size_t i = 0; i < npairs_known; i++) {
		struct pair_specs s = { 0 };

		CHECK(!pair_specs_add(&s, pairs_known[i].name, err, sizeof(err)), "%s", err);
		CHECK(s.n && s.n <= LEAKTRACE_PAIR_ACQUIRES_MAX);
		CHECK(!pair_specs_add(&all, pairs_known[i].spec, err, sizeof(err)), "%s", err);
		CHECK(!i || strcmp(pairs_known[i - 1].name, pairs_known[i].name) <= 0, "in order: %s",
		      pairs_known[i].name);
		pair_specs_free(&s);
	}
	CHECK(all.n == npairs_known, "one is there twice");
	pair_specs_free(&all);
}

static void files(void)
{
	struct pair_spec s = { .library = "libc.so.6" };

	CHECK(pair_spec_is_of(&s, "/usr/lib/libc.so.6"));
	CHECK(pair_spec_is_of(&s, "/usr/lib/libc.so.6 (deleted)"));
	CHECK(pair_spec_is_of(&s, "/lib/x86_64-linux-gnu/libc-2.31.so"));
	CHECK(!pair_spec_is_of(&s, "/lib/libc-client.so") && !pair_spec_is_of(&s, "/lib/libcc.so.6"));
	CHECK(!pair_spec_is_of(&s, "/lib/libc.so.66") && !pair_spec_is_of(&s, "/libc.so.6/x"));
	CHECK(!pair_spec_is_of(&s, "") && !pair_spec_is_of(&s, "[heap]"));
	s = (struct pair_spec){ .library = "libz.so.1" };
	CHECK(pair_spec_is_of(&s, "/lib/libz.so.1.2.13"));
}

static int see_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	if (!strstr(info->dlpi_name, "/libc."))
		return 0;
	snprintf(arg, 4096, "%s", info->dlpi_name);
	return 1;
}

static void exits(void)
{
	static struct pair_function f;
	struct elf_image *image;
	char path[4096] = "";
	int fd;

	dl_iterate_phdr(see_libc, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;		/* another C library */
	image = elf_image_map(fd);
	close(fd);
	CHECK(image, "%s", path);
	if (!image)
		return;
	for (const char *const *name = (const char *const[]){ "opendir", "fdopendir", "dlopen", "fopen", NULL };
	     *name; name++) {
		const char *why = pair_function_read(&f, image, *name);

		CHECK(!why && f.vaddr && f.nexits, "%s: %s", *name, why);
		for (size_t i = 0; i < f.nexits; i++) {
			const unsigned char *code = elf_image_code(image, f.exit[i], 1);

			CHECK(code && (*code == 0xc3 || *code == 0xc2 || *code == 0xf2 || *code == 0xf3), "%s", *name);
		}
	}
	CHECK(pair_function_read(&f, image, "no_such_function"));
	CHECK(pair_function_read(&f, image, "abort"), "abort() returns");
	CHECK(!pair_function_start(image, "no_such_function"));
	elf_image_close(image);
}

static int add_file(struct pair_specs *specs, const char *text)
{
	char path[] = "/tmp/pairs.XXXXXX";
	int fd = mkstemp(path), error;
	size_t len = strlen(text);

	CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	error = pair_specs_add_file(specs, path, err, sizeof(err));
	unlink(path);
	/* what follows the name of the file */
	if (error && !strncmp(err, path, strlen(path)))
		memmove(err, err + strlen(path), strlen(err + strlen(path)) + 1);
	return error;
}

static void from_a_file(void)
{
	struct pair_specs specs = { 0 };

	CHECK(!add_file(&specs, "# ours\n\n  libshop.so:shop_new/shop_free\t\r\nzlib\n#end\nlibshop.so:shop_open=*arg2/shop_close"),
	      "%s", err);
	CHECK(specs.n > 2 && !strcmp(specs.spec[0].acquire, "shop_new") && !strcmp(specs.spec[0].release, "shop_free") &&
	      !strcmp(specs.spec[1].library, "libz.so.1"));
	CHECK(!strcmp(specs.spec[specs.n - 1].acquire, "shop_open") && specs.spec[specs.n - 1].argument == 2,
	      "a last line without an end");
	pair_specs_free(&specs);
	CHECK(add_file(&specs, "zlib\n\n# x\nlibshop.so:shop_new\nlibshop.so:a/b\n") &&
	      !strncmp(err, ":4: 'libshop.so:shop_new' is not ", 32), "%s", err);
	pair_specs_free(&specs);
	CHECK(add_file(&specs, "no such library") && !strncmp(err, ":1: ", 4), "%s", err);
	CHECK(pair_specs_add_file(&specs, "/nonexistent/pairs", err, sizeof(err)) &&
	      !strcmp(err, "/nonexistent/pairs: No such file or directory"), "%s", err);
	CHECK(pair_specs_add_file(&specs, "/tmp", err, sizeof(err)) && !strcmp(err, "/tmp: it cannot be read"), "%s", err);
	CHECK(!add_file(&specs, "") && !specs.n, "an empty file has none");
	pair_specs_free(&specs);
}

int main(void)
{
	from_a_file();
	grammar();
	noise();
	spaces();
	known();
	files();
	exits();
	return verdict("pairs");
}
