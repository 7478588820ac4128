/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decodes the attributes of kernel messages. Input is untrusted: a trace file
 * may contain anything. Absent attributes leave zeroes; malformed ones are
 * -EINVAL.
 */
#ifndef LEAKTRACE_MODEL_DECODE_H
#define LEAKTRACE_MODEL_DECODE_H

struct batch;
struct event;
struct nlattr;
struct object;
struct probe;
struct site;
struct stack;
struct stack_copy;
struct status;
struct target;

int decode_target(struct nlattr *attrs, int len, struct target *t);
int decode_status(struct nlattr *attrs, int len, struct status *s);
int decode_probe(struct nlattr *attrs, int len, struct probe *p);
int decode_site(struct nlattr *attrs, int len, struct site *s);
int decode_object(struct nlattr *attrs, int len, struct object *o);
int decode_stack(struct nlattr *attrs, int len, struct stack *s); /* mallocs pcs */
int decode_stack_copy(struct nlattr *attrs, int len, struct stack_copy *c);

/* Calls fn for each event; b is filled before the first call. */
int decode_batch(struct nlattr *attrs, int len, struct batch *b,
		 void (*fn)(const struct event *e, void *arg), void *arg);

#endif
