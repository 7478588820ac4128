/* SPDX-License-Identifier: GPL-2.0 */
/* Reads a chain of references a second time: what was read while it changed is not told. */
#ifndef LEAKTRACE_RUNTIME_GO_CHAIN_CHECK_H
#define LEAKTRACE_RUNTIME_GO_CHAIN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct go_reach;
struct go_variables;

bool go_chain_is_there(struct go_reach *r, const struct go_variables *v, uint32_t link);

#endif
