/* SPDX-License-Identifier: GPL-2.0 */
/* Named frames as attributes of records, both ways. */
#ifndef LEAKTRACE_TRACEFILE_FRAME_ATTRIBUTES_H
#define LEAKTRACE_TRACEFILE_FRAME_ATTRIBUTES_H

struct nl_msg;
struct nlattr;
struct symbol_frame;

void trace_put_string(struct nl_msg *msg, int type, const char *s);	/* NULL: nothing */
void trace_put_frames(struct nl_msg *msg, int type, const struct symbol_frame *frames, int n);
int trace_take_frame(struct nlattr *nest, struct symbol_frame *f);

#endif
