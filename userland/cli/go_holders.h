/* SPDX-License-Identifier: GPL-2.0 */
/* leaktrace go --holders: what keeps the objects of a Go program alive. */
#ifndef LEAKTRACE_CLI_GO_HOLDERS_H
#define LEAKTRACE_CLI_GO_HOLDERS_H

struct go_process;
struct options;

int go_holders_tell(struct go_process *p, const struct options *o);	/* an exit status */

#endif
