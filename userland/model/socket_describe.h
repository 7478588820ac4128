/* SPDX-License-Identifier: GPL-2.0 */
/* Describes a socket. */
#ifndef LEAKTRACE_MODEL_SOCKET_DESCRIBE_H
#define LEAKTRACE_MODEL_SOCKET_DESCRIBE_H

#include <stdint.h>
#include <sys/types.h>

/* From /proc/PID/net of its network namespace: "TCP 127.0.0.1:80 …", malloced. NULL: unknown. */
char *socket_describe(pid_t pid, uint64_t inode);

/*
 * What it has in common with others: "TCP to 10.0.0.7:5432", "TCP accepted on port 80",
 * "UNIX /run/x.sock"; malloced. NULL: unknown.
 */
char *socket_group(pid_t pid, uint64_t inode);
void socket_tables_forget(void);	/* they are read anew, although they are not a second old */

#endif
