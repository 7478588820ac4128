// SPDX-License-Identifier: GPL-2.0
/* A symbolizer that several use lives as long as the last of them: the sanitizers would tell. */
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "check.h"

static bool names(struct symbolizer *s)
{
	struct symbol_frame f;

	return symbolizer_resolve(s, 0x1000, false, &f, 1) == 1 && f.function && !strcmp(f.function, "f");
}

int main(void)
{
	const struct symbol_frame f = { .function = "f", .module = "/bin/a" };
	struct symbolizer *parent = symbolizer_offline(), *child = symbolizer_share(parent);

	CHECK(child == parent && !symbolizer_share(NULL));
	CHECK(!symbolizer_add_saved(parent, 0x1000, false, &f, 1) && names(child));
	symbolizer_close(parent);
	CHECK(names(child), "the child still uses it");
	symbolizer_close(child);
	symbolizer_close(NULL);
	return verdict("symbolizer");
}
