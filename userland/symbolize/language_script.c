// SPDX-License-Identifier: GPL-2.0
/*
 * Languages whose frames are a script's, which have no address in machine code: Python, PHP, Perl,
 * Ruby.
 * Their standard libraries and what package managers install are in folders that have names
 * of their own.
 */
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "util/macros.h"

static void *open_none(struct elf_image *image)
{
	(void)image;
	return NULL;
}

static bool is_never(const char *function)
{
	(void)function;
	return false;
}

static bool is_python(const struct symbol_frame *frame)
{
	return frame->script && !strcmp(frame->script, language_python.key);
}

static bool is_php(const struct symbol_frame *frame)
{
	return frame->script && !strcmp(frame->script, language_php.key);
}

static bool is_perl(const struct symbol_frame *frame)
{
	return frame->script && !strcmp(frame->script, language_perl.key);
}

static bool is_ruby(const struct symbol_frame *frame)
{
	return frame->script && !strcmp(frame->script, language_ruby.key);
}

/* A frame without a file is one that could not be named in time. */
static bool is_library_of_python(const struct symbol_frame *frame)
{
	return is_python(frame) &&
	       (!frame->file || !strncmp(frame->file, "<frozen ", 8) || strstr(frame->file, "/lib/python3") ||
		strstr(frame->file, "/site-packages/") || strstr(frame->file, "/dist-packages/"));
}

/* Composer's folder, and PEAR's. */
static bool is_library_of_php(const struct symbol_frame *frame)
{
	return is_php(frame) &&
	       (!frame->file || strstr(frame->file, "/vendor/") || strstr(frame->file, "/share/php/"));
}

/* Perl's own folders, Debian's, and those that CPAN's modules are installed to. */
static bool is_library_of_perl(const struct symbol_frame *frame)
{
	static const char *const folders[] = {
		"/share/perl", "/lib/perl5/", "/perl5/5.", "/perl/5.", "/perl-base/", "/site_perl/", "/vendor_perl/",
	};

	if (!is_perl(frame) || !frame->file)
		return is_perl(frame);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strstr(frame->file, folders[i]))
			return true;
	return false;
}

/* What comes with it, or is in a gem; <internal: is in the interpreter. */
static bool is_library_of_ruby(const struct symbol_frame *frame)
{
	return is_ruby(frame) &&
	       (!frame->file || !strncmp(frame->file, "<internal:", 10) || strstr(frame->file, "/lib/ruby/") ||
		strstr(frame->file, "/gems/"));
}

const struct language language_python = {
	.name = "Python", .key = "python", .library = "Python's library", .open = open_none, .is_root = is_never,
	.is_collector = is_never, .is_own = is_python, .is_library = is_library_of_python,
	.starts_threads = is_never,
};

const struct language language_php = {
	.name = "PHP", .key = "php", .library = "PHP's libraries", .open = open_none, .is_root = is_never,
	.is_collector = is_never, .is_own = is_php, .is_library = is_library_of_php,
	.starts_threads = is_never,
};

const struct language language_perl = {
	.name = "Perl", .key = "perl", .library = "Perl's modules", .open = open_none, .is_root = is_never,
	.is_collector = is_never, .is_own = is_perl, .is_library = is_library_of_perl,
	.starts_threads = is_never,
};

const struct language language_ruby = {
	.name = "Ruby", .key = "ruby", .library = "Ruby's libraries", .open = open_none, .is_root = is_never,
	.is_collector = is_never, .is_own = is_ruby, .is_library = is_library_of_ruby,
	.starts_threads = is_never,
};
