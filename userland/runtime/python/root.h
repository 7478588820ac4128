/* SPDX-License-Identifier: GPL-2.0 */
/* Where chains of references begin. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_ROOT_H
#define LEAKTRACE_RUNTIME_PYTHON_ROOT_H

#include <stdbool.h>

struct python_reach;

/* Begins at variables, or else at what has no name. */
void python_roots(struct python_reach *r, bool named);

#endif
