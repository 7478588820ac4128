/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the kinds and types of objects. */
#ifndef LEAKTRACE_MODEL_KIND_H
#define LEAKTRACE_MODEL_KIND_H

#include <stdint.h>

#include <linux/leaktrace.h>

enum { KINDS = __LEAKTRACE_KIND_MAX };

const char *kind_name(unsigned int kind);	/* of LEAKTRACE_KIND_…; "unknown" */
const char *kind_noun(unsigned int kind, unsigned int type);	/* child processes are of kind thread */
int kind_parse(const char *name);		/* -1: no such kind */
/* "fd,page", or "all": bits, 1 << LEAKTRACE_KIND_…. 0, or -EINVAL and the word that is none. */
int kinds_parse(const char *list, uint32_t *bits, char unknown[32]);
const char *type_name(unsigned int type);	/* of LEAKTRACE_TYPE_…; "unknown" */

/* The type, in this process, of what a function acquires; LEAKTRACE_TYPE_UNKNOWN: there are too many. */
unsigned int type_of_pair(const char *acquire);

#endif
