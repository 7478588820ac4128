// SPDX-License-Identifier: GPL-2.0
/* Loads a shared library on first use. */
#include <dlfcn.h>

#include "util/error.h"
#include "util/optional_lib.h"

int optional_lib_load(const char *library, const char *package, const struct optional_lib_symbol *symbols, size_t n)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return fail("cannot load %s: install %s", library, package);
	for (size_t i = 0; i < n; i++) {
		*(void **)symbols[i].where = dlsym(handle, symbols[i].name);
		if (!*(void **)symbols[i].where)
			return fail("%s has no %s: %s is too old, upgrade it", library, symbols[i].name, package);
	}
	return 0;
}
