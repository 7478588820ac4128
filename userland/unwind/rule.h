/* SPDX-License-Identifier: GPL-2.0 */
/* Rules of the kernel's walker, and the dictionary of distinct rules. */
#ifndef LEAKTRACE_UNWIND_RULE_H
#define LEAKTRACE_UNWIND_RULE_H

#include <linux/leaktrace_unwind.h>

#include "unwind/cfi.h"

enum {
	/* Present in every dictionary. */
	RULE_INVALID,
	RULE_UNSUP,
	RULE_STOP,
	RULE_SIGNAL,
	/* Reached by hostile files only: real ones have a few thousand. */
	MAX_RULES = 1 << 20
};

struct unwind_rules {
	struct leaktrace_unwind_rule *rule;
	uint32_t n, capacity;
	uint32_t *slot;			/* hash table: index + 1 */
	uint32_t nslots;
};

void unwind_rule_make(const struct unwind_machine *machine, const struct unwind_state *state,
		      bool signal, struct leaktrace_unwind_rule *rule);
struct leaktrace_unwind_rule unwind_rule_plain(const struct unwind_machine *machine,
					       int32_t cfa_off);
int unwind_rules_init(struct unwind_rules *rules);
int unwind_rules_find(struct unwind_rules *rules, const struct leaktrace_unwind_rule *rule,
		      uint32_t *index);
void unwind_rules_free(struct unwind_rules *rules);

#endif
