/* SPDX-License-Identifier: GPL-2.0 */
/* What sys.getsizeof() would say, as far as it can be seen from outside. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_SIZE_H
#define LEAKTRACE_RUNTIME_PYTHON_SIZE_H

#include <stdint.h>

struct python_process;
struct python_type;

/* Bytes of an object with that type, with what is before it; bounded whatever is there. */
uint64_t python_size(struct python_process *p, const struct python_type *t, uint64_t object);

#endif
