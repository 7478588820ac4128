// SPDX-License-Identifier: GPL-2.0
/*
 * Holds userland/runtime/python/layout.c against the headers of one version of CPython.
 * tests/08-objects.bats builds it with those that the machine has. Exit status 1: they differ.
 */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>

#include "internal/pycore_runtime.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_pystate.h"
#if PY_VERSION_HEX >= 0x030b0000
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#endif

#include "runtime/python/layout.h"

static int wrong;

static void check(const char *what, size_t ours, size_t theirs)
{
	if (ours != theirs)
		wrong |= fprintf(stderr, "%s: %s: %zu, not %zu\n", PY_VERSION, what, ours, theirs);
}

#define CHECK(ours, theirs) check(#theirs, ours, theirs)

#if PY_VERSION_HEX >= 0x030c0000
#define MODULES imports.modules
#else
#define MODULES modules
#endif
#if PY_VERSION_HEX >= 0x030b0000
#define THREADS threads.head
#else
#define THREADS tstate_head
#endif

static void check_newer(const struct python_layout *l)
{
#if PY_VERSION_HEX >= 0x030b0000
	CHECK(l->keys_bytes, sizeof(struct _dictkeysobject));
	CHECK(l->values, offsetof(PyDictValues, values));
	CHECK(l->frame_locals, offsetof(_PyInterpreterFrame, localsplus));
	CHECK(l->frame_back, offsetof(_PyInterpreterFrame, previous));
	CHECK(l->code_names, offsetof(PyCodeObject, co_localsplusnames));
	CHECK(l->code_name, offsetof(PyCodeObject, co_qualname));
	CHECK(l->code_locals, offsetof(PyCodeObject, co_nlocalsplus));
#else
	CHECK(l->thread_frame, offsetof(PyThreadState, frame));
	CHECK(l->frame_back, offsetof(PyFrameObject, f_back));
	CHECK(l->frame_code, offsetof(PyFrameObject, f_code));
	CHECK(l->frame_locals, offsetof(PyFrameObject, f_localsplus));
	CHECK(l->code_names, offsetof(PyCodeObject, co_varnames));
	CHECK(l->code_name, offsetof(PyCodeObject, co_name));
	CHECK(l->code_locals, offsetof(PyCodeObject, co_nlocals));
#endif
	CHECK(l->code_stack, offsetof(PyCodeObject, co_stacksize));
	CHECK(l->code_file, offsetof(PyCodeObject, co_filename));
#if PY_VERSION_HEX >= 0x030c0000
	CHECK(l->frame_owner, offsetof(_PyInterpreterFrame, owner));
#endif
#if PY_VERSION_HEX >= 0x030d0000
	CHECK(l->frame_code, offsetof(_PyInterpreterFrame, f_executable));
	CHECK(l->thread_frame, offsetof(PyThreadState, current_frame));
#elif PY_VERSION_HEX >= 0x030b0000
	CHECK(l->frame_code, offsetof(_PyInterpreterFrame, f_code));
	CHECK(l->thread_frame, offsetof(PyThreadState, cframe));
#endif
}

static void check_common(void)
{
	CHECK(PYTHON_GENERATION_BYTES, sizeof(struct gc_generation));
	CHECK(PYTHON_PERMANENT, offsetof(struct _gc_runtime_state, permanent_generation) -
	      offsetof(struct _gc_runtime_state, generations));
	CHECK(PYTHON_COLLECTING, offsetof(struct _gc_runtime_state, collecting) -
	      offsetof(struct _gc_runtime_state, generations));
	CHECK(PYTHON_GC_HEAD_BYTES, sizeof(PyGC_Head));
	CHECK(PYTHON_OBJECT_TYPE, offsetof(PyObject, ob_type));
	CHECK(PYTHON_OBJECT_SIZE, offsetof(PyVarObject, ob_size));
	CHECK(PYTHON_TYPE_NAME, offsetof(PyTypeObject, tp_name));
	CHECK(PYTHON_TYPE_BASIC, offsetof(PyTypeObject, tp_basicsize));
	CHECK(PYTHON_TYPE_ITEM, offsetof(PyTypeObject, tp_itemsize));
	CHECK(PYTHON_TYPE_FLAGS, offsetof(PyTypeObject, tp_flags));
	CHECK(PYTHON_TYPE_WEAK, offsetof(PyTypeObject, tp_weaklistoffset));
	CHECK(PYTHON_TYPE_BASE, offsetof(PyTypeObject, tp_base));
	CHECK(PYTHON_TYPE_DICT, offsetof(PyTypeObject, tp_dict));
	CHECK(PYTHON_TYPE_DICTOFFSET, offsetof(PyTypeObject, tp_dictoffset));
	CHECK(PYTHON_DICT_USED, offsetof(PyDictObject, ma_used));
	CHECK(PYTHON_DICT_KEYS, offsetof(PyDictObject, ma_keys));
	CHECK(PYTHON_DICT_VALUES, offsetof(PyDictObject, ma_values));
	CHECK(PYTHON_LIST_ITEMS, offsetof(PyListObject, ob_item));
	CHECK(PYTHON_LIST_ALLOCATED, offsetof(PyListObject, allocated));
	CHECK(PYTHON_SET_MASK, offsetof(PySetObject, mask));
	CHECK(PYTHON_SET_TABLE, offsetof(PySetObject, table));
	CHECK(PYTHON_SET_SMALL, offsetof(PySetObject, smalltable));
	CHECK(PYTHON_SET_ENTRY_BYTES, sizeof(setentry));
}

int main(void)
{
	const struct python_layout *l = python_layout_of(PY_MINOR_VERSION);

	if (!l)
		return 1;
	CHECK(l->interpreters, offsetof(_PyRuntimeState, interpreters.head));
	CHECK(l->next, offsetof(PyInterpreterState, next));
	CHECK(l->threads, offsetof(PyInterpreterState, THREADS));
	CHECK(l->generations, offsetof(PyInterpreterState, gc.generations));
	CHECK(l->modules, offsetof(PyInterpreterState, MODULES));
	CHECK(l->sysdict, offsetof(PyInterpreterState, sysdict));
	CHECK(l->builtins, offsetof(PyInterpreterState, builtins));
	CHECK(l->qualname, offsetof(PyHeapTypeObject, ht_qualname));
	CHECK(l->cached_keys, offsetof(PyHeapTypeObject, ht_cached_keys));
	CHECK(l->heap_type_bytes, sizeof(PyHeapTypeObject));
	CHECK(l->type_bytes, sizeof(PyTypeObject));
	CHECK(l->ascii_data, sizeof(PyASCIIObject));
	CHECK(l->compact_data, sizeof(PyCompactUnicodeObject));
	check_newer(l);
	check_common();
	return wrong != 0;
}
