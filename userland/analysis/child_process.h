/* SPDX-License-Identifier: GPL-2.0 */
/* Children of the target that are not reaped, or not traced, judged as a site is. */
#ifndef LEAKTRACE_ANALYSIS_CHILD_PROCESS_H
#define LEAKTRACE_ANALYSIS_CHILD_PROCESS_H

struct analysis_ctx;

void child_processes_judge(const struct analysis_ctx *ctx);

#endif
