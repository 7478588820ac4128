/* SPDX-License-Identifier: GPL-2.0 */
/* RUNTIME_SITE: a call path, or what holds something, of the target's language runtime. */
#ifndef LEAKTRACE_TRACEFILE_RUNTIME_RECORD_H
#define LEAKTRACE_TRACEFILE_RUNTIME_RECORD_H

struct model;
struct nl_msg;
struct nlattr;

void trace_fill_runtime_site(struct nl_msg *msg, const void *site);	/* struct runtime_site */
int trace_decode_runtime_site(struct model *m, struct nlattr *attrs, int len);	/* 0, -EBADMSG or -ENOMEM */

#endif
