/* SPDX-License-Identifier: GPL-2.0 */
/* Cgroups, as the sum of their processes; those below a cgroup are not in it. */
#ifndef LEAKTRACE_HOST_GROUP_H
#define LEAKTRACE_HOST_GROUP_H

struct host_table;

int host_groups_sum(struct host_table *t);	/* 0 or -ENOMEM */

#endif
