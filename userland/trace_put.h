/* SPDX-License-Identifier: GPL-2.0 */
/* Between trace_put.c, which writes records, and trace_put_symbol.c, which writes names. */
#ifndef LEAKTRACE_TRACE_PUT_H
#define LEAKTRACE_TRACE_PUT_H

#include "trace.h"

struct nl_msg;

struct writing {
	struct file_writer *w;
	struct model *m;
	bool symbols;
	struct known *known;
};

void put_string(struct nl_msg *msg, int type, const char *s);
int put_record(struct writing *w, unsigned int type,
	       void (*fill)(struct nl_msg *msg, const void *arg), const void *arg);
int put_rests(struct writing *w);	/* what ended stacks went on with */
int put_symbols(struct writing *w);
bool known_stack(const struct known *k, uint32_t id);

#endif
