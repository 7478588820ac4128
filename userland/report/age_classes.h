/* SPDX-License-Identifier: GPL-2.0 */
/* How old the live objects of a site are. */
#ifndef LEAKTRACE_REPORT_AGE_CLASSES_H
#define LEAKTRACE_REPORT_AGE_CLASSES_H

#include <stdint.h>

struct model;
struct site;

enum { AGES = 7 };

uint64_t ages_of(struct model *m, const struct site *s, uint64_t live[AGES]);	/* returns how many are of unknown age */
const char *age_name(unsigned int age);

#endif
