/* SPDX-License-Identifier: GPL-2.0 */
/* What of a heap could be let go, and what would have to change for that. */
#ifndef LEAKTRACE_RUNTIME_GO_FINDING_H
#define LEAKTRACE_RUNTIME_GO_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_holders;

enum go_finding_kind {
	GO_FINDING_SLICE, GO_FINDING_MAP, GO_FINDING_GROWTH, GO_FINDING_CHANNEL, GO_FINDING_GOROUTINE,
	GO_FINDING_FINALIZER, GO_FINDING_QUEUE, GO_FINDING_POOL, GO_FINDING_IDLE, GO_FINDINGS,
};

struct go_finding {
	enum go_finding_kind kind;
	uint32_t root, link;		/* GO_ROOT_NONE: nothing's; link: the chain's, 0: all that the root holds */
	uint64_t bytes;			/* that could be let go */
	uint64_t objects;		/* arrays, maps, channels, goroutines, finalizers */
};

bool go_findings_judge(struct go_holders *h);			/* false: no memory */
const char *go_finding_name(enum go_finding_kind kind);
void go_finding_say(const struct go_holders *h, const struct go_finding *f, char *buf, size_t len);

#endif
