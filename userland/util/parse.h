/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_PARSE_H
#define LEAKTRACE_PARSE_H

#include <stdint.h>
#include <sys/types.h>

double parse_duration_s(const char *arg);	/* negative: invalid */
uint64_t parse_size_bytes(const char *arg);	/* 0: invalid */
int parse_pid(const char *arg, pid_t *pid);	/* 0 or -EINVAL */

#endif
