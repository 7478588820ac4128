/* SPDX-License-Identifier: GPL-2.0 */
/* chain.c: the frames of a script that current runs. */
#ifndef _LT_CHAIN_H
#define _LT_CHAIN_H

struct lt_walk;

void lt_chain_walk(struct lt_walk *w);

#endif /* _LT_CHAIN_H */
