/* SPDX-License-Identifier: GPL-2.0 */
/* A judged model as a gzipped pprof profile, malloced. 0 or -errno. */
#ifndef LEAKTRACE_REPORT_PPROF_H
#define LEAKTRACE_REPORT_PPROF_H

#include <stddef.h>

struct runtime_total;
struct model;

int report_pprof(struct model *m, int kind, void **data, size_t *len);
int report_pprof_all(struct model *m, void **data, size_t *len);	/* of all kinds, by label */
/* The same of what a runtime knows. */
int report_runtime_pprof(struct model *m, const struct runtime_total *kind, void **data, size_t *len);

#endif
