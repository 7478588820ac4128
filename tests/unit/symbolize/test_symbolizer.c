// SPDX-License-Identifier: GPL-2.0
/* A symbolizer that several use lives as long as the last of them: the sanitizers would tell. */
#include <string.h>
#include <unistd.h>

#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "check.h"

static bool names(struct symbolizer *s)
{
	struct symbol_frame f;

	return symbolizer_resolve(s, 0x1000, false, &f, 1) == 1 && f.function && !strcmp(f.function, "f");
}

/* Of this program, which has call frame information; and what is behind a call. */
static __attribute__((noinline)) void check_code(struct symbolizer *s)
{
	uint64_t pc = (uint64_t)__builtin_return_address(0);
	struct symbol_frame f[8];
	int n = symbolizer_resolve(s, pc, true, f, 8);

	CHECK(n > 0 && !f[n - 1].leads_by_inference && !f[n - 1].not_called);
	n = symbolizer_resolve(s, pc - 1, true, f, 8);
	CHECK(n > 0 && f[n - 1].not_called);
	n = symbolizer_resolve(s, pc - 1, false, f, 8);
	CHECK(n > 0 && !f[n - 1].not_called, "no return address");
}

static void check_own(void)
{
	struct symbolizer *s = symbolizer_open(getpid(), NULL, 0);

	check_code(s);
	symbolizer_close(s);
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
	check_own();
	return verdict("symbolizer");
}
