// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the Go runtime at which stacks begin or are switched. Symbol
 * tables append ".abi0" to the names of assembly functions; the function table
 * does not.
 */
#include <string.h>

#include "elf/go_pclntab.h"
#include "elf/go_runtime_names.h"

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

/** go_is_root() - whether a stack begins with this function */
bool go_is_root(const char *function)
{
	/*
	 * The first three begin stacks; the others switch away from the stack
	 * they were called on.
	 */
	static const char *const list[] = {
		"runtime.goexit", "runtime.rt0_go", "runtime.mstart",
		"runtime.mcall", "runtime.morestack", "runtime.gogo", NULL
	};

	return is_one_of(function, list);
}

/**
 * go_is_switch() - whether its callees run on another stack and return to this one
 *
 * The frame pointer stays that of the original stack.
 */
bool go_is_switch(const char *function)
{
	static const char *const list[] = {
		"runtime.systemstack", "runtime.asmcgocall", NULL
	};

	return is_one_of(function, list);
}

/** go_leaves_stack() - whether it switches to another stack by itself */
bool go_leaves_stack(const char *function)
{
	/* these call the vDSO, which may need more stack than a goroutine has */
	static const char *const list[] = {
		"runtime.nanotime1", "runtime.walltime", "time.now", NULL
	};

	return is_one_of(function, list);
}
