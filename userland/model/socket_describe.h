/* SPDX-License-Identifier: GPL-2.0 */
/* Describes a socket. */
#ifndef LEAKTRACE_MODEL_SOCKET_DESCRIBE_H
#define LEAKTRACE_MODEL_SOCKET_DESCRIBE_H

#include <stdint.h>
#include <sys/types.h>

/* From /proc/PID/net of its network namespace: "TCP 127.0.0.1:80 …", malloced. NULL: unknown. */
char *socket_describe(pid_t pid, uint64_t inode);

#endif
