// SPDX-License-Identifier: GPL-2.0
/*
 * Which frames belong to a library: by the module, by the file of the source,
 * or, where there is neither, by the function's name. Libraries come into a
 * program's own module as inlined functions and templates of headers, and by
 * static linking.
 */
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/function_name.h"
#include "symbolize/language.h"
#include "symbolize/library.h"
#include "util/macros.h"

enum { NAME_BYTES = 256 };

/* Names without suffixes such as .so.6 or -2.31.so. glibc had several libraries until 2.34. */
static const char *const c_library[] = { "libc", "libpthread", "librt", "libdl", "ld-musl", NULL };

/* Libraries that are never to blame but may be part of a call path. */
static const struct {
	const char *module, *name;
} others[] = {
	{ "ld", "the loader" }, { "libstdc++", "libstdc++" }, { "libc++", "libc++" },
	{ "libc++abi", "libc++" }, { "libgcc_s", "libgcc" }, { "libm", "libc" },
	{ "libresolv", "libc" }, { "libnss_files", "libc" }, { "libnss_dns", "libc" },
	{ "libnss_compat", "libc" }, { "libanl", "libc" }, { "libutil", "libc" },
	{ "libjemalloc", "jemalloc" }, { "libtcmalloc", "tcmalloc" },
	{ "libtcmalloc_minimal", "tcmalloc" }, { "libmimalloc", "mimalloc" },
	{ "libasan", "a sanitizer" }, { "liblsan", "a sanitizer" }, { "libtsan", "a sanitizer" },
};

/* Programs and libraries of interpreters, which may have a version at the end. */
static const char *const interpreters[] = {
	"python", "libpython", "perl", "libperl", "ruby", "libruby", "php", "libphp", "node", "libnode",
	"lua", "liblua", "luajit", "libluajit", "libjvm",
};

/* Parts of paths of sources. */
static const struct {
	const char *part, *name;
} sources[] = {
	{ "/include/c++/v1/", "libc++" }, { "/include/c++/", "libstdc++" },
	{ "/libstdc++-v3/", "libstdc++" }, { "/rustlib/src/rust/", "Rust's standard library" },
	{ "/rust/deps/", "Rust's standard library" },
	{ "cgo-gcc-prolog", "cgo" }, { "_cgo_export.c", "cgo" }, { "_cgo_gotypes.go", "cgo" },
};

/* Allocators that a program may be linked with, and wrappers that many have. */
static const struct {
	const char *prefix, *name;
} allocators[] = {
	{ "je_", "jemalloc" }, { "_rjem_", "jemalloc" }, { "tcmalloc::", "tcmalloc" },
	{ "tc_malloc", "tcmalloc" }, { "tc_new", "tcmalloc" }, { "_mi_", "mimalloc" },
	{ "mi_malloc", "mimalloc" }, { "mi_calloc", "mimalloc" }, { "mi_realloc", "mimalloc" },
	{ "mi_heap_", "mimalloc" }, { "mi_zalloc", "mimalloc" }, { "mi_new", "mimalloc" },
	{ "operator new", "operator new" }, { "operator delete", "operator delete" },
	{ "__rust_alloc", "Rust's allocator" }, { "__rust_realloc", "Rust's allocator" },
	{ "__rdl_", "Rust's allocator" }, { "__rg_", "Rust's allocator" },
	{ "__rustc::", "Rust's allocator" }, { "__interceptor_", "a sanitizer" }, { "_cgo_", "cgo" },
};

static const char *const wrappers[] = {
	"xmalloc", "xcalloc", "xrealloc", "xzalloc", "xmemdup", "xstrdup", "g_malloc", "g_malloc0",
	"g_malloc_n", "g_malloc0_n", "g_realloc", "g_slice_alloc", "g_slice_alloc0", "g_strdup",
	"CRYPTO_malloc", "CRYPTO_zalloc", "CRYPTO_realloc",
};

/*
 * Functions of the C library in a program that is linked statically, which has no
 * lines for them. Leading underscores and a trailing "64" or "_nocancel" are left out.
 */
static const char *const c_functions[] = {
	"accept", "accept4", "aligned_alloc", "brk", "calloc", "clone", "clone3", "creat", "dup",
	"dup2", "dup3", "epoll_create", "epoll_create1", "eventfd", "fcntl", "fdopen", "fopen", "fork",
	"freopen", "getaddrinfo", "inotify_init", "inotify_init1", "malloc", "malloc_consolidate",
	"memalign", "memfd_create", "mkostemp", "mkstemp", "mmap", "mremap", "open", "open_2",
	"openat", "openat_2", "opendir", "pidfd_open", "pipe", "pipe2", "popen", "posix_memalign",
	"posix_openpt", "posix_spawn", "pthread_create", "pvalloc", "read", "realloc", "reallocarray",
	"recvmsg", "sbrk", "scandir", "shm_open", "signalfd", "socket", "socketpair",
	"start_thread", "strdup", "strndup", "syscall", "sysmalloc", "sysmalloc_mmap",
	"timer_create", "timerfd_create", "tmpfile", "valloc", "vfork",
};

static const char *const c_prefixes[] = {
	"libc_", "GI_", "IO_", "memset_", "memcpy_", "memmove_", "mempcpy_", "strcpy_", "int_malloc",
	"int_realloc", "int_memalign", "syscall_cancel",
};

/* How programs and threads begin. */
static const char *const starts[] = {
	"_start", "__libc_start_main", "__libc_start_call_main", "libc_start_main_stage2",
	"start_thread", "clone", "clone3", "__clone", "__clone3", "main", "__libc_init_first",
	"std::sys::backtrace::__rust_begin_short_backtrace", "std::rt::lang_start",
};

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool is_module(const struct symbol_frame *frame, const char *library)
{
	const char *file = frame->module ? strrchr(frame->module, '/') : NULL;
	size_t len = strlen(library);

	return file && !strncmp(file + 1, library, len) &&
	       (file[1 + len] == '.' || file[1 + len] == '-');
}

bool frame_is_c_library(const struct symbol_frame *frame)
{
	for (const char *const *library = c_library; *library; library++)
		if (is_module(frame, *library))
			return true;
	return frame->function && !strcmp(frame->function, "_start");
}

static const char *by_module(const struct symbol_frame *frame)
{
	if (frame_is_c_library(frame))
		return "libc";
	if (frame->rust_library)
		return "Rust's standard library";
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (is_module(frame, others[i].module))
			return others[i].name;
	return NULL;
}

static bool is_interpreter(const struct symbol_frame *frame)
{
	const char *file = frame->module ? strrchr(frame->module, '/') : NULL;

	for (size_t i = 0; file && i < ARRAY_SIZE(interpreters); i++) {
		const char *end = file + 1 + strlen(interpreters[i]);

		if (begins(file + 1, interpreters[i]) && (!*end || strchr(".-0123456789", *end)))
			return true;
	}
	return false;
}

/* A header of the C library, wherever it was installed: …/include/…/bits/fcntl2.h */
static bool is_bits(const char *file)
{
	const char *base = strrchr(file, '/');

	return base && base - file >= 5 && !memcmp(base - 5, "/bits", 5) && strstr(file, "/include/");
}

static const char *by_source(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strstr(file, sources[i].part))
			return sources[i].name;
	if (begins(file, "/rustc/") || begins(file, "/usr/src/rustc-") || begins(file, "library/std/src/") ||
	    begins(file, "library/core/src/") || begins(file, "library/alloc/src/"))
		return "Rust's standard library";
	return begins(file, "/usr/include/") || is_bits(file) ? "system headers" : NULL;
}

static bool is_c_function(const char *function)
{
	char name[32];
	size_t len;

	function += strspn(function, "_");
	for (size_t i = 0; i < ARRAY_SIZE(c_prefixes); i++)
		if (begins(function, c_prefixes[i]))
			return true;
	len = strlen(function);
	if (len > 9 && !strcmp(function + len - 9, "_nocancel"))
		len -= 9;
	if (len > 2 && !strncmp(function + len - 2, "64", 2))
		len -= 2;
	if (len >= sizeof(name))
		return false;
	memcpy(name, function, len);
	name[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(c_functions); i++)
		if (!strcmp(name, c_functions[i]))
			return true;
	return false;
}

/* A program in C++ may have a namespace "core" of its own, and parameters tell that it is C++. */
static bool is_standard_scope(const char *name, bool has_parameters)
{
	return begins(name, "std::") || begins(name, "__gnu_cxx::") || begins(name, "__cxxabiv1::") ||
	       (!has_parameters && (begins(name, "core::") || begins(name, "alloc::")));
}

/*
 * "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop": Rust's if every crate that
 * is named at the outermost level of the brackets is; an implementation for or of
 * something of the program is the program's.
 */
static bool is_standard_impl(const char *name)
{
	const char *as = strstr(name, " as ");

	for (name++; *name == '&' || *name == '*' || begins(name, "dyn ") || begins(name, "mut "); )
		name += *name == '&' || *name == '*' ? 1 : 4;
	if (!as)
		return is_standard_scope(name, false);
	if (!is_standard_scope(as + 4, false))
		return false;
	/* a type parameter or a primitive type has no crate */
	return is_standard_scope(name, false) || !memchr(name, ':', as - name);
}

/* Without lines only the name tells. */
static const char *by_name(const struct symbol_frame *frame)
{
	char name[NAME_BYTES];

	function_name_qualified(frame->function, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++)
		if (!strcmp(name, wrappers[i]))
			return wrappers[i];
	for (size_t i = 0; i < ARRAY_SIZE(allocators); i++)
		if (begins(name, allocators[i].prefix))
			return allocators[i].name;
	if (strstr(name, "::operator new"))
		return "operator new";
	if (frame->file)
		return NULL;
	if (is_standard_scope(name, strcmp(name, frame->function)) || (*name == '<' && is_standard_impl(name)))
		return "the standard library";
	return is_c_function(name) ? "libc" : NULL;
}

const char *frame_library(const struct symbol_frame *frame)
{
	const char *library;

	/* its module is the interpreter's */
	if (frame->script)
		return language_library(frame);
	library = by_module(frame);
	if (!library && frame->file)
		library = by_source(frame->file);
	library = library ?: language_library(frame);
	if (!library && frame->function && !language_of_frame(frame))
		library = by_name(frame);
	return library ?: frame->machinery || is_interpreter(frame) ? "the interpreter" : NULL;
}

bool frame_is_library(const struct symbol_frame *frame)
{
	return frame_library(frame);
}

/* Code without a name and without a file says nothing: it was generated, or is gone. */
static bool can_be_named(const struct symbol_frame *frame)
{
	return frame->function || (frame->module && *frame->module == '/');
}

const struct symbol_frame *frame_to_blame(const struct symbol_frame *frames, int n)
{
	/* Libraries in C are called by the script, too. */
	for (int i = 0; i < n; i++)
		if (frames[i].script && !frame_is_library(&frames[i]))
			return &frames[i];
	for (int i = 0; i < n; i++)
		if (can_be_named(&frames[i]) && !frame_is_library(&frames[i]))
			return &frames[i];
	return NULL;
}

static bool is_start(const struct symbol_frame *frame)
{
	char name[NAME_BYTES];

	if (!can_be_named(frame) || (frame->function && language_is_root(frame)))
		return true;
	if (!frame->function)
		return false;
	function_name_qualified(frame->function, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strcmp(name, starts[i]))
			return true;
	return false;
}

/* What an interpreter does says more than how it was started, and what its script does still more. */
static const struct symbol_frame *innermost_of_interpreter(const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++)
		if (frames[i].script && frames[i].file)
			return &frames[i];
	for (int i = 0; i < n; i++)
		if (frames[i].function && (frames[i].machinery || is_interpreter(&frames[i])))
			return &frames[i];
	return NULL;
}

const struct symbol_frame *frame_most_useful(const struct symbol_frame *frames, int n)
{
	const struct symbol_frame *interpreter = innermost_of_interpreter(frames, n);

	if (interpreter)
		return interpreter;
	for (int i = n - 1; i >= 0; i--)
		if (!is_start(&frames[i]))
			return &frames[i];
	return n > 0 ? frames : NULL;
}
