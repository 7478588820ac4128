// SPDX-License-Identifier: GPL-2.0
// Leaks descriptors through what C++ puts between a program and the C library: a stream of the
// standard library, a call operator in an anonymous namespace, a template, a lambda.
#include <fstream>
#include <string>
#include <unistd.h>

namespace app {
namespace {
struct Opener {
	__attribute__((noinline)) int operator()(int fd) const
	{
		int copy = dup(fd);

		opened += copy >= 0;
		return copy;
	}
	mutable int opened = 0;
};
Opener opener;
}

template <typename T> struct Cache {
	__attribute__((noinline)) void keep(const T &path)
	{
		kept = new std::ifstream(path);
		kept->peek();
	}
	std::ifstream *kept;
};

Cache<std::string> cache;
}

int main()
{
	int again = 0;
	auto forget = [&again]() __attribute__((noinline)) { again += dup(0) >= 0; };

	for (;;) {
		forget();
		app::opener(0);
		app::cache.keep("/etc/passwd");
		usleep(40000);
	}
}
