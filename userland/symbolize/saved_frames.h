/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that were resolved earlier: reports from a file do not need the target. */
#ifndef LEAKTRACE_SYMBOL_FED_H
#define LEAKTRACE_SYMBOL_FED_H

#include "symbolize/symbolizer.h"
#include "util/string_table.h"

struct fed {				/* one pc's frames */
	uint64_t pc;
	bool is_return_address;
	int n;
	struct symbol_frame *frames;	/* NULL: a free slot */
};

struct fed_table {
	struct fed *slot;		/* open addressing, a power of two */
	size_t slots, used;
};

int fed_add(struct fed_table *table, struct string_table *names, uint64_t pc, bool is_return_address,
	    const struct symbol_frame *frames, int n);
const struct fed *fed_find(const struct fed_table *table, uint64_t pc, bool is_return_address);
void fed_free(struct fed_table *table);

#endif
