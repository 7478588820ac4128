// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the Go runtime that stacks begin with, or change at. Symbol tables
 * add ".abi0" to names of assembly, the linker's own table does not.
 */
#include <string.h>

#include "elf/go_pclntab.h"

static bool is_one_of(const char *name, const char *const list[])
{
	size_t n = strlen(name);

	if (n > 5 && !strcmp(name + n - 5, ".abi0"))
		n -= 5;
	for (; *list; list++)
		if (strlen(*list) == n && !memcmp(name, *list, n))
			return true;
	return false;
}

/** go_is_root() - whether what stands further out is another stack, or none */
bool go_is_root(const char *function)
{
	/* The first three begin stacks; the others leave the one they were called on. */
	static const char *const list[] = {
		"runtime.goexit", "runtime.rt0_go", "runtime.mstart",
		"runtime.mcall", "runtime.morestack", "runtime.gogo", NULL
	};

	return is_one_of(function, list);
}

/**
 * go_is_switch() - whether what it calls runs on another stack, and comes back
 *
 * The frame pointer stays that of the stack they left.
 */
bool go_is_switch(const char *function)
{
	static const char *const list[] = {
		"runtime.systemstack", "runtime.asmcgocall", NULL
	};

	return is_one_of(function, list);
}

/** go_leaves_stack() - whether it is itself on another stack, from some instruction on */
bool go_leaves_stack(const char *function)
{
	/* for the sake of the vdso, which may need more than there is */
	static const char *const list[] = {
		"runtime.nanotime1", "runtime.walltime", "time.now", NULL
	};

	return is_one_of(function, list);
}
