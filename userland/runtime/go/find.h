/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the runtime's variables by symbols and by code. */
#ifndef LEAKTRACE_RUNTIME_GO_FIND_H
#define LEAKTRACE_RUNTIME_GO_FIND_H

struct go_process;

void go_find(struct go_process *p);		/* fills p->places, also by go_scan() */

#endif
