/* SPDX-License-Identifier: GPL-2.0 */
/* DWARF expressions of call frame information, as far as a rule can represent them. */
#ifndef LEAKTRACE_UNWIND_EXPR_H
#define LEAKTRACE_UNWIND_EXPR_H

#include "unwind/cfi.h"

enum { EXPR_NO_REG = 0xfffe, EXPR_CFA = 0xffff };

/* reg + offset, or *(reg + offset) + add */
struct unwind_value {
	uint32_t reg;			/* DWARF number or one of the above */
	bool deref;
	int64_t offset;
	int64_t add;
};

bool unwind_expr_value(const uint8_t *expr, uint32_t bytes, bool cfa_known,
		       struct unwind_value *value);
bool unwind_expr_plt(const struct unwind_machine *machine, const uint8_t *expr,
		     uint32_t bytes, uint32_t *from);

#endif
