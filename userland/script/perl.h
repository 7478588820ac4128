/* SPDX-License-Identifier: GPL-2.0 */
/* Where Perl keeps what: as measured, of each minor version with ithreads. */
#ifndef LEAKTRACE_SCRIPT_PERL_H
#define LEAKTRACE_SCRIPT_PERL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct perl_layout {
	int version;			/* major << 8 | minor */
	struct leaktrace_chain chain;	/* but for the offsets of steps 0 and 1, which are the key's */
	bool name_in_array;		/* a package's name is behind the array of its symbols */
};

extern const struct perl_layout perl_layouts[];
extern const int perl_nlayouts;

#endif
