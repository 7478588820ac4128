// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts by version, taken from the headers of each release (x86-64, neither a debug
 * build nor one without the global interpreter lock). tests/unit/runtime/python_layout.c
 * holds them against the headers that a machine has.
 */
#include "runtime/python/layout.h"
#include "util/macros.h"

static const struct python_layout layouts[] = {
	{ .minor = 9, .interpreters = 32, .next = 0, .threads = 8, .generations = 640, .modules = 856,
	  .sysdict = 872, .builtins = 880, .qualname = 856, .cached_keys = 864, .heap_type_bytes = 880,
	  .type_bytes = 408, .ascii_data = 48, .compact_data = 72, .keys_bytes = 40, .thread_frame = 24, .frame_back = 24,
	  .frame_code = 32, .code_names = 72, .code_name = 112, .code_file = 104, .code_locals = 28, .code_stack = 32,
	  .frame_locals = 360 },
	{ .minor = 10, .interpreters = 32, .next = 0, .threads = 8, .generations = 640, .modules = 856,
	  .sysdict = 872, .builtins = 880, .qualname = 864, .cached_keys = 872, .heap_type_bytes = 888,
	  .type_bytes = 408, .ascii_data = 48, .compact_data = 72, .keys_bytes = 40, .thread_frame = 24, .frame_back = 24,
	  .frame_code = 32, .code_names = 72, .code_name = 112, .code_file = 104, .code_locals = 28, .code_stack = 32,
	  .frame_locals = 352 },
	{ .minor = 11, .interpreters = 40, .next = 0, .threads = 16, .generations = 672, .modules = 888,
	  .sysdict = 904, .builtins = 912, .qualname = 864, .cached_keys = 872, .heap_type_bytes = 904,
	  .type_bytes = 408, .ascii_data = 48, .compact_data = 72, .keys_bytes = 32,
	  .thread_frame = 56, .frame_back = 48,
	  .frame_code = 32, .code_names = 96, .code_name = 128, .code_file = 112, .code_locals = 76, .code_stack = 68,
	  .frame_locals = 72 },
	{ .minor = 12, .interpreters = 40, .next = 0, .threads = 72, .generations = 136, .modules = 944,
	  .sysdict = 352, .builtins = 360, .qualname = 872, .cached_keys = 880, .heap_type_bytes = 920,
	  .type_bytes = 416, .ascii_data = 40, .compact_data = 56, .keys_bytes = 32,
	  .thread_frame = 56, .frame_back = 8,
	  .frame_code = 0, .code_names = 96, .code_name = 128, .code_file = 112, .code_locals = 72, .code_stack = 64,
	  .frame_locals = 72, .frame_owner = 70, .managed_weak_references = true },
	{ .minor = 13, .interpreters = 632, .next = 7264, .threads = 7344, .generations = 7424, .modules = 7656,
	  .sysdict = 7640, .builtins = 7648, .qualname = 872, .cached_keys = 880, .heap_type_bytes = 928,
	  .type_bytes = 416, .ascii_data = 40, .compact_data = 56, .keys_bytes = 32, .values = 8,
	  .thread_frame = 72, .frame_back = 8,
	  .frame_code = 0, .code_names = 96, .code_name = 128, .code_file = 112, .code_locals = 72, .code_stack = 64,
	  .frame_locals = 72, .frame_owner = 70, .managed_weak_references = true },
};

/** python_layout_of() - the layout of CPython 3.minor; NULL if it is unknown */
const struct python_layout *python_layout_of(unsigned int minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].minor == minor)
			return &layouts[i];
	return NULL;
}
