/* SPDX-License-Identifier: GPL-2.0 */
/* Doors of pairs, handed to the module. */
#ifndef LEAKTRACE_NETLINK_PAIRS_H
#define LEAKTRACE_NETLINK_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_pair.h>

struct client;

/* 0 or a negative errno, as in requests.h. */
int client_pair_open(struct client *c, uint32_t target, const struct leaktrace_pair_door *door,
		     size_t n);

#endif
