/* SPDX-License-Identifier: GPL-2.0 */
/* Opens files as a target sees them; only regular files are ever opened. */
#ifndef LEAKTRACE_TARGET_FILE_H
#define LEAKTRACE_TARGET_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "util/proc_maps.h"

int open_root(pid_t pid, pid_t tid);
int open_inside(int root_fd, const char *path, struct stat *st);
int open_regular(const char *path, struct stat *st);
int open_mapped(pid_t tid, int root_fd, const struct map *map, struct stat *st);

#endif
