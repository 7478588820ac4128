// SPDX-License-Identifier: GPL-2.0
/*
 * Python: its frames are a script's, which have no address in machine code. The standard
 * library and what package managers install are in folders that have names of their own.
 */
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/language.h"

static const char key[] = "python";

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

static bool is_own(const struct symbol_frame *frame)
{
	return frame->script && !strcmp(frame->script, key);
}

/* A frame without a file is one that could not be named in time. */
static bool is_library(const struct symbol_frame *frame)
{
	return is_own(frame) &&
	       (!frame->file || !strncmp(frame->file, "<frozen ", 8) || strstr(frame->file, "/lib/python3") ||
		strstr(frame->file, "/site-packages/") || strstr(frame->file, "/dist-packages/"));
}

const struct language language_python = {
	.name = "Python", .key = key, .library = "Python's library", .open = open_none, .is_root = is_never,
	.is_collector = is_never, .is_own = is_own, .is_library = is_library, .starts_threads = is_never,
};
