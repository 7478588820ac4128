/* SPDX-License-Identifier: GPL-2.0 */
/* leaktrace go --holders: what keeps the objects of a Go program alive. */
#ifndef LEAKTRACE_CLI_GO_HOLDERS_H
#define LEAKTRACE_CLI_GO_HOLDERS_H

#include <stdbool.h>

struct go_process;
struct options;

/* wait_s: between two walks, false: that was ended; NULL: one walk. An exit status. */
int go_holders_tell(struct go_process *p, const struct options *o, bool (*wait_s)(double s));

#endif
