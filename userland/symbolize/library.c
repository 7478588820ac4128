// SPDX-License-Identifier: GPL-2.0
/* Which frames belong to a library, by the module or by the language. */
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/library.h"

/* Names without suffixes such as .so.6 or -2.31.so. glibc had several libraries until 2.34. */
static const char *const c_library[] = { "libc", "libpthread", "librt", "libdl", NULL };
/* Libraries that are never to blame but may be part of a call path. */
static const char *const others[] = { "ld", "libstdc++", "libc++", "libc++abi", "libgcc_s", NULL };

static bool is_in(const struct symbol_frame *frame, const char *const *libraries)
{
	const char *file = frame->module ? strrchr(frame->module, '/') : NULL;

	for (; file && *libraries; libraries++) {
		size_t len = strlen(*libraries);

		if (!strncmp(file + 1, *libraries, len) &&
		    (file[1 + len] == '.' || file[1 + len] == '-'))
			return true;
	}
	return false;
}

bool frame_is_c_library(const struct symbol_frame *frame)
{
	return is_in(frame, c_library) || (frame->function && !strcmp(frame->function, "_start"));
}

bool frame_is_library(const struct symbol_frame *frame)
{
	return frame_is_c_library(frame) || is_in(frame, others) || language_is_library(frame);
}

const struct symbol_frame *frame_to_blame(const struct symbol_frame *frames, int n)
{
	for (int i = 0; i < n; i++)
		if (frames[i].function && !frame_is_library(&frames[i]))
			return &frames[i];
	return NULL;
}
