/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the runtime's variables by what they look like, for stripped programs. */
#ifndef LEAKTRACE_RUNTIME_GO_SCAN_H
#define LEAKTRACE_RUNTIME_GO_SCAN_H

struct go_process;

void go_scan(struct go_process *p);		/* fills those of p->places that are unknown */

#endif
