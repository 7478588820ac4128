// SPDX-License-Identifier: GPL-2.0
/* Demangled names without what surrounds them, and in few columns. */
#include <stdbool.h>
#include <string.h>

#include "symbolize/function_name.h"
#include "check.h"

static bool qualified(const char *function, const char *expected)
{
	char name[512];

	function_name_qualified(function, name, sizeof(name));
	if (strcmp(name, expected))
		printf("  %s: got '%s', not '%s'\n", function, name, expected);
	return !strcmp(name, expected);
}

static bool shortened(const char *function, unsigned int columns, const char *expected)
{
	char name[512];

	function_name_short(function, columns, name, sizeof(name));
	if (strcmp(name, expected))
		printf("  %s: got '%s', not '%s'\n", function, name, expected);
	return !strcmp(name, expected);
}

static void plain(void)
{
	CHECK(qualified("open_log", "open_log") && qualified("cache_put.constprop.0", "cache_put"));
	CHECK(qualified("f.part.0.isra.12", "f") && qualified(".part.0", ".part.0") && qualified("a.1", "a.1"));
	CHECK(qualified("load_config(char const*)", "load_config"));
	CHECK(qualified("f(void (*)(int), char)", "f"), "a function pointer as parameter");
	CHECK(qualified("f(int) [clone .cold]", "f"));
	CHECK(qualified("alert('you')</b>", "alert('you')</b>"), "no name that was demangled");
	CHECK(qualified("", "") && qualified("(", "(") && qualified("f(", "f") && qualified("a<b(", "a<b("));
}

static void scopes(void)
{
	CHECK(qualified("app::(anonymous namespace)::Opener::operator()(int) const [clone .constprop.0]",
			"app::(anonymous namespace)::Opener::operator()"));
	CHECK(qualified("(anonymous namespace)::leak_file()", "(anonymous namespace)::leak_file"));
	CHECK(qualified("main::{lambda()#1}::operator()() const", "main::{lambda()#1}::operator()"));
	CHECK(qualified("serve(int)::{lambda(char)#2}::operator()(char) const", "serve::{lambda(char)#2}::operator()"));
	CHECK(qualified("Foo::bar(int) const::{lambda()#1}::_FUN()", "Foo::bar::{lambda()#1}::_FUN"));
	CHECK(qualified("non-virtual thunk to Foo::bar()", "Foo::bar"));
	CHECK(qualified("Foo::~Foo()", "Foo::~Foo"));
	CHECK(qualified("f[abi:cxx11](int)", "f[abi:cxx11]"));
}

static void operators(void)
{
	CHECK(qualified("operator new(unsigned long)", "operator new"));
	CHECK(qualified("operator delete[](void*, unsigned long)", "operator delete[]"));
	CHECK(qualified("operator()", "operator()"), "as DWARF has it");
	CHECK(qualified("Foo::operator std::string() const", "Foo::operator std::string"));
	CHECK(qualified("Foo::operator bool() const", "Foo::operator bool"));
	CHECK(qualified("Foo::operator->() const", "Foo::operator->"));
	CHECK(qualified("std::ostream& operator<< <std::char_traits<char> >(std::ostream&, char const*)",
			"operator<< <std::char_traits<char> >"));
	CHECK(qualified("bool operator< <int>(A<int> const&)", "operator< <int>"));
	CHECK(qualified("X<&Foo::operator->>::f()", "X<&Foo::operator->>::f"));
	CHECK(qualified("Foo::operator[](int)", "Foo::operator[]") && qualified("operator_of(int)", "operator_of"));
}

static void templates(void)
{
	CHECK(qualified("__gnu_cxx::__enable_if<std::__is_byte<char>::__value, void>::__type std::__fill_a1<char>(char*, char*, char const&)",
			"std::__fill_a1<char>"));
	CHECK(qualified("void keep<std::vector<int, std::allocator<int> > >(int)",
			"keep<std::vector<int, std::allocator<int> > >"));
	CHECK(qualified("void (*pick<int>(int))(char)", "pick<int>"), "it returns a function pointer");
	CHECK(qualified("decltype (((f)(a))+((g)(b))) add<F, G>(F, G)", "add<F, G>"));
	CHECK(qualified("std::enable_if<((4)>(3)), int>::type big<int>()", "big<int>"));
	CHECK(qualified("std::function<void (int)>::operator()(int) const", "std::function<void (int)>::operator()"));
}

static void other_languages(void)
{
	CHECK(qualified("raw_fd::main::{{closure}}", "raw_fd::main::{{closure}}"));
	CHECK(qualified("<raw_fd::Store as core::ops::drop::Drop>::drop", "<raw_fd::Store as core::ops::drop::Drop>::drop"));
	CHECK(qualified("<fn(i32) -> i32 as a::Call>::call", "<fn(i32) -> i32 as a::Call>::call"));
	CHECK(qualified("core::ops::function::FnOnce::call_once{{vtable.shim}}",
			"core::ops::function::FnOnce::call_once{{vtable.shim}}"));
	CHECK(qualified("net/http.(*conn).serve", "net/http.(*conn).serve"));
	CHECK(qualified("main.Map[go.shape.struct { X int }].Get", "main.Map[go.shape.struct { X int }].Get"));
}

static void in_few_columns(void)
{
	CHECK(shortened("std::vector<std::string, std::allocator<std::string> >::push_back(std::string&&)", 34,
			"std::vector<…>::push_back"));
	CHECK(shortened("std::vector<int>::push_back(int)", 34, "std::vector<int>::push_back"), "no need to");
	CHECK(shortened("app::(anonymous namespace)::Opener::operator()(int) const", 30, "…::Opener::operator()"));
	CHECK(shortened("<raw_fd::Store as core::ops::drop::Drop>::drop", 34, "<raw_fd::Store as …>::drop"));
	CHECK(shortened("github.com/acme/frontdoor/server.(*Server).handle", 34, "…/server.(*Server).handle"));
	CHECK(shortened("a_name_of_c_that_is_longer_than_a_column", 20, "a_name_of…n_a_column"));
	CHECK(shortened("scope::a_name_of_cxx_that_is_longer_than_it", 20, "…::a_name…er_than_it"));
	CHECK(shortened("main::{lambda(std::vector<int, std::allocator<int> >)#1}::operator()(int)", 34,
			"main::{lambda(…)#1}::operator()"));
	CHECK(shortened("größengrößengrößen", 9, "größ…ößen"), "characters, not bytes");
	CHECK(shortened("a<b", 1, "a<b") && shortened("", 0, ""));
}

int main(void)
{
	plain();
	scopes();
	operators();
	templates();
	other_languages();
	in_few_columns();
	return verdict("function names");
}
