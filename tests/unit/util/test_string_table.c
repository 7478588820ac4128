// SPDX-License-Identifier: GPL-2.0
/* What the programmer wrote: C++, both of Rust's manners, and what is neither. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "util/string_table.h"

static const struct {
	const char *linkage, *written;
} known[] = {
	/* C++ */
	{ "_Z3fooiPKc", "foo(int, char const*)" },
	{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
	  "std::vector<int, std::allocator<int> >::push_back(int const&)" },
	{ "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const" },
	{ "_ZN12_GLOBAL__N_15innerEv", "(anonymous namespace)::inner()" },
	{ "_ZN4poolD1Ev", "pool::~pool()" },
	{ "_Z3fooi.cold", "foo(int) [clone .cold]" },
	/* Rust until 2021: with a hash that nobody wrote */
	{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad" },
	{ "_ZN47_$LT$std..fs..File$u20$as$u20$std..io..Read$GT$4read17h0123456789abcdefE",
	  "<std::fs::File as std::io::Read>::read" },
	/* Rust since */
	{ "_RNvC6_123foo3bar", "123foo::bar" },
	{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
	{ "_RINvNtC3std3mem8align_ofjE", "std::mem::align_of::<usize>" },
	{ "_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00", "cc::spawn::{closure#0}::{closure#0}" },
	/* neither */
	{ "main", "main" },
	{ "_start", "_start" },
	{ "_Z", "_Z" },
	{ "_ZN", "_ZN" },
	{ "_R", "_R" },
	{ "_ZNSt6vectorI", "_ZNSt6vectorI" },
};

/* Each argument is a pair of what the last one was: the first few are written out. */
static void grows(struct string_table *names)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char symbol[512] = "_Z1fSt4pairIiiE";
	const char *name;

	for (int i = 0; digits[i]; i++) {
		char *end = symbol + strlen(symbol);

		snprintf(end, symbol + sizeof(symbol) - end, "S_IS%c_S%c_E", digits[i], digits[i]);
		name = string_table_demangle(names, symbol);
		if (i == 1)
			CHECK(name && !strncmp(name, "f(std::pair<int, int>, std::pair<std::pair", 42), "%s", name);
	}
	CHECK(name && !strcmp(name, symbol), "a gigabyte of a name");
}

int main(void)
{
	struct string_table *names = string_table_open();

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const char *name = string_table_demangle(names, known[i].linkage);

		CHECK(name && !strcmp(name, known[i].written), "%s: %s", known[i].linkage, name);
		CHECK(name == string_table_demangle(names, known[i].linkage), "%s twice", known[i].linkage);
	}
	CHECK(!string_table_demangle(names, NULL) && !string_table_demangle(names, ""));
	grows(names);
	string_table_close(names);
	return verdict("names of symbols");
}
