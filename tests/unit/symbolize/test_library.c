// SPDX-License-Identifier: GPL-2.0
/* Which frames are passed over when somebody is to blame. */
#include <stdbool.h>
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "check.h"

static struct symbol_frame in(const char *module, const char *function)
{
	return (struct symbol_frame){ .function = function, .module = module };
}

static bool library(const char *module)
{
	struct symbol_frame f = in(module, "f");

	return frame_is_library(&f);
}

static bool c_library(const char *module, const char *function)
{
	struct symbol_frame f = in(module, function);

	return frame_is_c_library(&f);
}

static void by_file(void)
{
	CHECK(library("/usr/lib/x86_64-linux-gnu/libc.so.6") && library("/lib/libc-2.31.so"));
	CHECK(library("/lib/ld-linux-x86-64.so.2") && library("/lib/libpthread-2.31.so"));
	CHECK(library("/lib/librt.so.1") && library("/lib/libdl.so.2"));
	CHECK(library("/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"));
	CHECK(library("/lib/libc.so.6 (deleted)"));
	CHECK(!library("/usr/lib/libcurl.so.4") && !library("/usr/lib/libldap-2.5.so.0"));
	CHECK(!library("/home/libc.d/a.out") && !library("libc.so.6"), "it is the file's name that counts");
	CHECK(!library("[vdso]") && !library(NULL));
}

/* A call path begins with the C library's frames, but the loader's are one as any other. */
static void of_c(void)
{
	CHECK(c_library("/lib/libc.so.6", NULL) && c_library("/lib/libpthread.so.0", NULL));
	CHECK(!c_library("/lib/ld-linux-x86-64.so.2", "calloc") && !c_library("/lib/libstdc++.so.6", "f"));
	CHECK(c_library("/bin/a", "_start") && !c_library("/bin/a", "main"));
}

static const char *of(const char *module, const char *file, const char *function)
{
	struct symbol_frame f = { .function = function, .module = module, .file = file, .line = 1 };

	return frame_library(&f) ?: "own";
}

static bool is(const char *library, const char *expected)
{
	if (strcmp(library, expected))
		printf("  got '%s', not '%s'\n", library, expected);
	return !strcmp(library, expected);
}

/* Headers of the system and sources of standard libraries are in the program's own module. */
static void by_source(void)
{
	CHECK(is(of("/bin/a", "/usr/include/x86_64-linux-gnu/bits/fcntl2.h", "open"), "system headers"));
	CHECK(is(of("/bin/a", "/usr/include/x86_64-linux-gnu/bits/string_fortified.h", "memset"), "system headers"));
	CHECK(is(of("/bin/a", "/nix/store/x-glibc-dev/include/bits/unistd.h", "read"), "system headers"));
	CHECK(is(of("/bin/a", "/usr/include/c++/12/bits/stl_algobase.h", "std::__fill_a1<char>(char*)"), "libstdc++"));
	CHECK(is(of("/bin/a", "/usr/lib/llvm-14/include/c++/v1/vector", "std::__1::vector<int>::grow()"), "libc++"));
	CHECK(is(of("/bin/a", "/rustc/59807616e1fa/library/std/src/fs.rs", "std::fs::File::open"),
		 "Rust's standard library"));
	CHECK(is(of("/bin/a", "/usr/src/rustc-1.63.0/library/core/src/ops.rs", "core::ops::f"),
		 "Rust's standard library"));
	CHECK(is(of("/bin/a", "/root/src/include/cache.h", "cache_put"), "own"), "a header of its own");
	CHECK(is(of("/bin/a", "/root/src/bits/cache.h", "cache_put"), "own"));
	CHECK(is(of("/bin/a", "/root/src/open.c", "open"), "own"), "its own function of a known name");
	CHECK(is(of("/bin/a", "/root/src/std.cc", "std::hash<Key>::operator()(Key const&) const"), "own"),
	      "its own specialization");
}

/* Without lines the name tells. */
static void by_name(void)
{
	CHECK(is(of("/bin/a", NULL, "std::vector<int, std::allocator<int> >::_M_realloc_insert(int&&)"),
		 "the standard library"));
	CHECK(is(of("/bin/a", NULL, "void std::__invoke_impl<void, void (*)()>(std::__invoke_other, void (*&&)())"),
		 "the standard library"));
	CHECK(is(of("/bin/a", NULL, "void keep<std::string>(std::string)"), "own"));
	CHECK(is(of("/bin/a", NULL, "<std::fs::OpenOptions>::_open"), "the standard library"));
	CHECK(is(of("/bin/a", NULL, "core::ops::function::FnOnce::call_once{{vtable.shim}}"), "the standard library"));
	CHECK(is(of("/bin/a", NULL, "core::Engine::open(int)"), "own"), "C++");
	CHECK(is(of("/bin/a", NULL, "<raw_fd::Store as core::ops::drop::Drop>::drop"), "own"));
	CHECK(is(of("/bin/a", NULL, "<alloc::vec::Vec<u8> as raw_fd::Save>::save"), "own"));
	CHECK(is(of("/bin/a", NULL, "<alloc::boxed::Box<F> as core::ops::function::FnOnce<()>>::call_once"),
		 "the standard library"));
	CHECK(is(of("/bin/a", NULL, "<F as core::ops::function::FnOnce<()>>::call_once"), "the standard library"));
	CHECK(is(of("/bin/a", NULL, "operator new(unsigned long)"), "operator new"));
	CHECK(is(of("/bin/a", "/root/src/pool.cc", "Pool::operator new(unsigned long)"), "operator new"));
	CHECK(is(of("/bin/a", NULL, "tcmalloc::ThreadCache::Allocate(int)"), "tcmalloc"));
	CHECK(is(of("/bin/a", NULL, "je_arena_malloc_hard"), "jemalloc") && is(of("/bin/a", NULL, "mi_open"), "own"));
	/* the C library, linked statically */
	CHECK(is(of("/bin/a", NULL, "__open64_nocancel"), "libc") && is(of("/bin/a", NULL, "_int_malloc"), "libc"));
	CHECK(is(of("/bin/a", NULL, "accept4"), "libc") && is(of("/bin/a", NULL, "open_log"), "own"));
}

static void interpreters(void)
{
	struct symbol_frame marked = { .function = "f", .module = "/bin/a", .machinery = true };

	CHECK(is(of("/usr/bin/python3.11", NULL, "_PyEval_EvalFrameDefault"), "the interpreter"));
	CHECK(is(of("/usr/lib/libpython3.11.so.1.0", NULL, "PyObject_Call"), "the interpreter"));
	CHECK(is(of("/usr/lib/python3/_ssl.cpython-311-x86_64-linux-gnu.so", NULL, "f"), "own"), "an extension");
	CHECK(is(of("/usr/bin/perlin", NULL, "f"), "own") && is(of("/usr/bin/nodemon", NULL, "f"), "own"));
	CHECK(frame_is_library(&marked), "by whoever reads an interpreter's frames");
}

static void go(void)
{
	CHECK(is(of("/bin/a", "/usr/lib/go/src/net/http/server.go", "net/http.(*conn).serve"), "Go's standard library"));
	CHECK(is(of("/bin/a", "/usr/lib/go-1.19/src/runtime/internal/syscall/syscall_linux.go", "syscall.RawSyscall6"),
		 "Go's standard library"), "named by another package than its own");
	CHECK(is(of("/bin/a", "runtime/internal/syscall/syscall_linux.go", "syscall.RawSyscall6"), "Go's standard library"));
	CHECK(is(of("/bin/a", "/root/src/runtimes/a.go", "runtime.leak"), "own"));
	CHECK(is(of("/bin/a", "/root/src/main.go", "main.leak"), "own"));
	CHECK(is(of("/bin/a", "/tmp/go-build/cgo-gcc-prolog", "_cgo_b9d662bdf3af_Cfunc_memset"), "cgo"));
	CHECK(is(of("/bin/a", NULL, "_cgo_b9d662bdf3af_Cfunc_memset"), "cgo"));
	CHECK(is(of("/bin/a", "_cgo_gotypes.go", "main._Cfunc_memset"), "cgo"));
}

static void blamed(void)
{
	const struct symbol_frame frames[] = {
		in("/lib/libc.so.6", "malloc"), in("/lib/libstdc++.so.6", "operator new"),
		in("/bin/a", NULL), in("/bin/a", "remember"), in("/bin/a", "main"),
	};
	const struct symbol_frame generated[] = {
		in("/lib/libc.so.6", "open"), in("[anon]", NULL), in("/opt/libx.so", "call"),
	};
	struct symbol_frame stripped[] = { in("/lib/libc.so.6", "open64"), in("/opt/app", NULL), in("/opt/app", NULL) };

	stripped[1].rust_library = true;
	CHECK(frame_to_blame(stripped, 3) == &stripped[2], "Rust's standard library by its place");
	CHECK(frame_to_blame(frames, 5) == &frames[2], "the innermost of a file, even without a name");
	CHECK(frame_to_blame(generated, 3) == &generated[2], "code that nobody can name says nothing");
	CHECK(!frame_to_blame(frames, 2) && !frame_to_blame(frames, 0));
}

static struct symbol_frame of_script(const char *language, const char *file)
{
	return (struct symbol_frame){
		.function = "f", .module = "/usr/bin/php8.2", .script = language, .file = file, .line = 1,
	};
}

static void scripts(void)
{
	struct symbol_frame frames[] = {
		in("/lib/libc.so.6", "open64"), in("/usr/lib/php/20220829/phar.so", NULL),
		of_script("php", "/srv/shop/vendor/acme/Client.php"), of_script("php", NULL),
		of_script("php", "/srv/shop/src/Shop.php"), in("/usr/bin/php8.2", "execute_ex"),
	};

	CHECK(frame_to_blame(frames, 6) == &frames[4], "a line before what it calls in C");
	CHECK(!strcmp(frame_language(&frames[4]), "php"));
	frames[4].file = "/usr/share/php/PEAR.php";
	CHECK(frame_to_blame(frames, 6) == &frames[1], "no line of the program's own");
	frames[4].script = "python";
	CHECK(frame_to_blame(frames, 6) == &frames[4], "each language has folders of its own");
	frames[4] = of_script("script", NULL);
	CHECK(frame_is_library(&frames[4]) && !strcmp(frame_language(&frames[4]), "script"), "nobody knows which");
}

static void most_useful(void)
{
	const struct symbol_frame timer[] = {
		in("/lib/libc.so.6", "pthread_create"), in("/lib/libc.so.6", "timer_helper_thread"),
		in("/lib/libc.so.6", "start_thread"), in("/lib/libc.so.6", "clone3"),
	};
	const struct symbol_frame python[] = {
		in("/lib/libc.so.6", "open"), in("/usr/bin/python3.11", NULL),
		in("/usr/bin/python3.11", "_PyEval_EvalFrameDefault"), in("/usr/bin/python3.11", "Py_BytesMain"),
		in("/lib/libc.so.6", "__libc_start_main"),
	};

	CHECK(frame_most_useful(timer, 4) == &timer[1]);
	CHECK(frame_most_useful(python, 5) == &python[2] && !frame_to_blame(python, 5));
	CHECK(frame_most_useful(&timer[3], 1) == &timer[3] && !frame_most_useful(timer, 0));
}

int main(void)
{
	by_file();
	of_c();
	by_source();
	by_name();
	interpreters();
	go();
	blamed();
	scripts();
	most_useful();
	return verdict("library");
}
