/* SPDX-License-Identifier: GPL-2.0 */
/* The only functions that write to a Go program. EXIT_TROUBLE after an error message. */
#ifndef LEAKTRACE_RUNTIME_GO_CONTROL_H
#define LEAKTRACE_RUNTIME_GO_CONTROL_H

#include <stdbool.h>

struct go_process;

int go_arm(const struct go_process *p, bool on);	/* turns heap profiling on or off */

/* Makes its runtime prove leaks; wait_s() returns false to stop waiting. */
int go_verdict(const struct go_process *p, bool (*wait_s)(double s, void *arg), void *arg);

#endif
