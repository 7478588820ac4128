/* SPDX-License-Identifier: GPL-2.0 */
/* Where a version of CPython keeps what. Offsets are in bytes. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_LAYOUT_H
#define LEAKTRACE_RUNTIME_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PYTHON_MINOR_OLDEST = 9, PYTHON_MINOR_NEWEST = 13 };

struct python_layout {
	unsigned int minor;
	uint32_t interpreters;		/* of _PyRuntimeState: the newest interpreter */
	/* PyInterpreterState */
	uint32_t next, threads, generations, modules, sysdict, builtins;
	/* PyHeapTypeObject */
	uint32_t qualname, cached_keys, heap_type_bytes, type_bytes;
	/* PyUnicodeObject: where the characters are */
	uint32_t ascii_data, compact_data;
	/* PyDictKeysObject; with dk_size instead of logarithms until 3.10 */
	uint32_t keys_bytes;
	uint32_t values;		/* of PyDictValues: the first one */
	/* PyThreadState: where the innermost frame is; of that, the one before it */
	uint32_t thread_frame, frame_back;
	/* PyCodeObject: a tuple of the names of variables; its own name, file */
	uint32_t code_names, code_name, code_file;
	/* frames: their code, variables, and whose they are (0: not told) */
	uint32_t frame_code, frame_locals, frame_owner;
	/* of code: the numbers of variables, and of places for values */
	uint32_t code_locals, code_stack;
	bool managed_weak_references;	/* flag 3 of types means that */
};

/* The same in all of them. */
enum {
	PYTHON_OBJECT_TYPE = 8, PYTHON_OBJECT_BYTES = 16, PYTHON_OBJECT_SIZE = 16 /* ob_size */,
	PYTHON_GC_HEAD_BYTES = 16,
	/* from generations on */
	PYTHON_GENERATIONS = 3, PYTHON_GENERATION_BYTES = 24, PYTHON_PERMANENT = 80, PYTHON_COLLECTING = 176,
	/* PyTypeObject */
	PYTHON_TYPE_NAME = 24, PYTHON_TYPE_BASIC = 32, PYTHON_TYPE_ITEM = 40, PYTHON_TYPE_FLAGS = 168,
	PYTHON_TYPE_WEAK = 208, PYTHON_TYPE_BASE = 256, PYTHON_TYPE_DICT = 264, PYTHON_TYPE_DICTOFFSET = 288,
	PYTHON_TYPE_READ_BYTES = 296,
	/* PyDictObject */
	PYTHON_DICT_USED = 16, PYTHON_DICT_KEYS = 32, PYTHON_DICT_VALUES = 40,
	/* PyListObject, PySetObject, deque */
	PYTHON_LIST_ITEMS = 24, PYTHON_LIST_ALLOCATED = 32,
	PYTHON_SET_MASK = 32, PYTHON_SET_TABLE = 40, PYTHON_SET_SMALL = 64, PYTHON_SET_ENTRY_BYTES = 16,
	PYTHON_ORDERED_DICT_PLACES = 72, PYTHON_INT_SIZE = 16,
	PYTHON_DEQUE_LEFT = 24, PYTHON_DEQUE_LEFT_INDEX = 40, PYTHON_DEQUE_BLOCK = 64 /* items */,
};

const struct python_layout *python_layout_of(unsigned int minor);	/* NULL: it is unknown */

#endif
