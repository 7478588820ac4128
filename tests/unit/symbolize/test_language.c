// SPDX-License-Identifier: GPL-2.0
/* Whose frame it is, by what Go calls it and where it was compiled. */
#include <stdlib.h>

#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "check.h"

static bool library(const char *function, const char *file)
{
	struct symbol_frame f = { .function = function, .file = file };

	return language_is_library(&f);
}

int main(void)
{
	static const struct symbol_frame stack[] = {
		{ .function = "runtime.futex" }, { .function = "runtime.mcall" },
		{ .function = "runtime.gopark" }, { .function = "main.main" },
	};

	CHECK(library("os.(*File).Read", "/usr/lib/go-1.19/src/os/file.go"));
	CHECK(library("internal/poll.(*FD).Read", "/usr/lib/go-1.19/src/internal/poll/fd_unix.go"));
	CHECK(library("net/http.(*Client).Do", "net/http/client.go"));
	CHECK(!library("main.main", "/home/a/src/main/main.go"));
	CHECK(!library("main.main", "main/main.go"));
	CHECK(!library("github.com/a/b.F", "github.com/a/b@v1.0.0/f.go"));
	CHECK(!library("github.com/a/b.F", "/root/go/src/github.com/a/b/f.go"));
	CHECK(!library("shop/cart.Add", "/home/a/shop/cart/add.go"));
	CHECK(!library("read", NULL));
	CHECK(!library("f", "f"));
	CHECK(!library("", ""));
	CHECK(language_stack_end(stack, 4) == 2, "what mcall left is another's");
	CHECK(language_stack_end(stack + 2, 2) == 2);
	CHECK(language_is_root(&stack[1]) && !language_is_root(&stack[3]));
	return verdict("lang");
}
