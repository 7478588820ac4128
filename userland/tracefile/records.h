/* SPDX-License-Identifier: GPL-2.0 */
/* Records of a trace file as structs; functions return 0, -EBADMSG or -ENOMEM. */
#ifndef LEAKTRACE_TRACEFILE_RECORDS_H
#define LEAKTRACE_TRACEFILE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

struct model;
struct nlattr;
struct point;

/* META: data about the host goes to m, data about the target to snapshot. */
int trace_decode_meta(struct model *m, struct model *look, struct nlattr *attrs, int len);
int trace_decode_symbol(struct model *m, struct nlattr *attrs, int len);
int trace_decode_tail_calls(struct model *m, struct nlattr *attrs, int len);
int trace_decode_example(struct model *m, struct nlattr *attrs, int len);
int trace_decode_maps(struct model *m, const void *data, size_t len);
int trace_decode_children(struct model *m, struct nlattr *attrs, int len);
int trace_edge(struct nlattr *attrs, int len, uint32_t *target, uint64_t *time_ns);
int trace_point(struct nlattr *attrs, int len, struct point *p);	/* p->sites: malloced */

#endif
