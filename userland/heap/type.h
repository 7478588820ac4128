/* SPDX-License-Identifier: GPL-2.0 */
/* What a block is, by its first word. */
#ifndef LEAKTRACE_HEAP_TYPE_H
#define LEAKTRACE_HEAP_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include "heap/process.h"
#include "util/string_table.h"

/*
 * The C++ class whose virtual table this address is in, by its run-time type
 * information, which needs no symbols; "" if it is none.
 */
const char *type_of_vtable(const struct heap_process *p, struct string_table *names, uint64_t vtable);

/* "libfoo.so+0x1234" of an address in a file's mapping; "" if it is in none. Returns buf. */
const char *place_of_address(const struct heap_process *p, uint64_t address, char *buf, size_t len);

#endif
