/* SPDX-License-Identifier: GPL-2.0 */
/* The verdicts of a Go program's sites. */
#ifndef LEAKTRACE_RUNTIME_GO_JUDGE_H
#define LEAKTRACE_RUNTIME_GO_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/go/view.h"

void go_judge(struct go_view *v);
unsigned int go_leaks(const struct go_view *v);
size_t go_rank(struct go_view *v, struct go_site ***sites);	/* malloced, worst first */
const char *go_kind_name(enum go_kind kind);
const char *go_advice(struct go_view *v, struct go_site *s);	/* a sentence; or NULL */
const struct symbol_frame *go_maker(struct go_view *v, struct go_site *s);	/* or NULL */

#endif
