// SPDX-License-Identifier: GPL-2.0
/*
 * Whose frame it is, by what Go calls it and where it was compiled. And frames of a real Go
 * program, its compiler's: they say nothing that the function table does not tell.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/module.h"
#include "util/string_table.h"
#include "check.h"

static bool library(const char *function, const char *file)
{
	struct symbol_frame f = { .function = function, .file = file };

	return language_library(&f);
}

/* Whatever was in the memory before. */
static bool is_filled(const struct symbol_frame *f)
{
	struct symbol_frame told = {
		.function = f->function, .file = f->file, .line = f->line, .module = f->module,
		.build_id = f->build_id, .offset = f->offset, .inlined = f->inlined,
	};

	return !f->missing_debug && !memcmp(&told.inlined, &f->inlined, sizeof(told) -
					   offsetof(struct symbol_frame, inlined));
}

static void test_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_image *image = elf_image_map(fd);
	struct string_table *names = string_table_open();
	struct elf_module *module = image && names ? elf_module_open(image, path, names) : NULL;
	struct symbol_frame frames[16];
	unsigned int named = 0;
	GElf_Shdr text;

	CHECK(module && elf_image_section(image, ".text", &text), "%s", path);
	for (int i = 0; module && i < 500; i++) {
		int n;

		memset(frames, 0xa5, sizeof(frames));
		n = elf_module_resolve(module, names, -1, text.sh_addr + text.sh_size / 500 * i, 0, frames, 16);
		for (int k = 0; k < n; k++)
			CHECK(is_filled(&frames[k]), "%s", frames[k].function);
		named += n > 0 && frames[n - 1].function;
	}
	CHECK(named > 400, "%u", named);
	elf_module_close(module);
	string_table_close(names);
	close(fd);
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
	if (!access("/usr/bin/go", R_OK))
		test_program("/usr/bin/go");
	return verdict("lang");
}
