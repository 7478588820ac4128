// SPDX-License-Identifier: GPL-2.0
/* Which frames are passed over when somebody is to blame. */
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "check.h"

static struct symbol_frame in(const char *module, const char *function)
{
	return (struct symbol_frame){ .function = function, .module = module };
}

static bool library(const char *module)
{
	struct symbol_frame f = in(module, "f");

	return frame_is_library(&f);
}

static bool c_library(const char *module, const char *function)
{
	struct symbol_frame f = in(module, function);

	return frame_is_c_library(&f);
}

static void by_file(void)
{
	CHECK(library("/usr/lib/x86_64-linux-gnu/libc.so.6") && library("/lib/libc-2.31.so"));
	CHECK(library("/lib/ld-linux-x86-64.so.2") && library("/lib/libpthread-2.31.so"));
	CHECK(library("/lib/librt.so.1") && library("/lib/libdl.so.2"));
	CHECK(library("/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"));
	CHECK(library("/lib/libc.so.6 (deleted)"));
	CHECK(!library("/usr/lib/libcurl.so.4") && !library("/usr/lib/libldap-2.5.so.0"));
	CHECK(!library("/home/libc.d/a.out") && !library("libc.so.6"), "it is the file's name that counts");
	CHECK(!library("[vdso]") && !library(NULL));
}

/* A call path begins with the C library's frames, but the loader's are one as any other. */
static void of_c(void)
{
	CHECK(c_library("/lib/libc.so.6", NULL) && c_library("/lib/libpthread.so.0", NULL));
	CHECK(!c_library("/lib/ld-linux-x86-64.so.2", "calloc") && !c_library("/lib/libstdc++.so.6", "f"));
	CHECK(c_library("/bin/a", "_start") && !c_library("/bin/a", "main"));
}

static void blamed(void)
{
	const struct symbol_frame frames[] = {
		in("/lib/libc.so.6", "malloc"), in("/lib/libstdc++.so.6", "operator new"),
		in("/bin/a", NULL), in("/bin/a", "remember"), in("/bin/a", "main"),
	};

	CHECK(frame_to_blame(frames, 5) == &frames[3], "the innermost that has a name");
	CHECK(!frame_to_blame(frames, 3) && !frame_to_blame(frames, 0));
}

int main(void)
{
	by_file();
	of_c();
	blamed();
	return verdict("library");
}
