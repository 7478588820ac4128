// SPDX-License-Identifier: GPL-2.0
/* Go for the symbolizer: names from the function table, which strip does not remove. */
#include <stdlib.h>
#include <string.h>

#include "elf/go_pclntab.h"
#include "elf/go_runtime_names.h"
#include "elf/image.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "util/string_table.h"

static void *open_go(struct elf_image *image)
{
	struct go_table *table = malloc(sizeof(*table));

	if (table && go_table_open(table, image))
		return table;
	free(table);
	return NULL;
}

static int resolve_go(void *code, struct string_table *names, uint64_t vaddr, uint64_t step_bytes,
		      struct symbol_frame *frames, int max)
{
	enum { DEEP = 64 };
	const struct go_table *table = code;
	struct go_frame go[DEEP];
	struct go_func func;
	int n;

	if (!go_table_find(table, vaddr, &func))
		return 0;
	n = go_func_frames(table, &func, vaddr, go, max < DEEP ? max : DEEP);
	for (int i = 0; i < n; i++) {
		frames[i].function = go[i].function ? string_table_intern(names, go[i].function) : NULL;
		frames[i].file = go[i].file ? string_table_intern(names, go[i].file) : NULL;
		frames[i].line = go[i].line;
		frames[i].inlined = go[i].inlined;
		frames[i].offset = vaddr + step_bytes - func.start;
	}
	/* The function table covers C code too, as one function without a name or file. */
	return n && frames[n - 1].function && frames[n - 1].file ? n : 0;
}

static bool is_collector(const char *function)
{
	static const char *const names[] = {
		"runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

/* The scheduler's: the goroutine that occupies a thread is on another stack. */
static bool starts_threads(const char *function)
{
	return !strcmp(function, "runtime.newm") || !strcmp(function, "runtime.newm1") ||
	       !strcmp(function, "runtime.newosproc");
}

/*
 * The standard library is in src/ of the Go tree, in packages whose names do
 * not begin with a host name; with -trimpath only the package name is left.
 */
static bool is_library(const struct symbol_frame *frame)
{
	const char *slash = strrchr(frame->function, '/');
	const char *dot = strchr(slash ?: frame->function, '.'), *file = frame->file, *base;
	size_t package = dot ? dot - frame->function : 0, first = strcspn(frame->function, "/");
	size_t before;

	base = file ? strrchr(file, '/') : NULL;
	if (!package || !base || memchr(frame->function, '.', first < package ? first : package) ||
	    (package == 4 && !memcmp(frame->function, "main", 4)))
		return false;
	before = base - file;
	if (before < package || memcmp(base - package, frame->function, package))
		return false;
	before -= package;
	return !before || (before >= 5 && !memcmp(file + before - 5, "/src/", 5));
}

const struct language language_go = {
	.name = "Go", .open = open_go, .resolve = resolve_go, .is_root = go_is_root,
	.is_collector = is_collector, .is_library = is_library, .close = free,
	.starts_threads = starts_threads,
};
