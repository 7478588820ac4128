/* SPDX-License-Identifier: GPL-2.0 */
/* What shared objects lead to is shared, too. */
#ifndef LEAKTRACE_RUNTIME_GO_SHARED_SPREAD_H
#define LEAKTRACE_RUNTIME_GO_SHARED_SPREAD_H

struct go_reach;

int go_shared_spread(struct go_reach *r);	/* from then on nothing is noted. 0 or -ENOMEM */

#endif
