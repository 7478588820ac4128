/* SPDX-License-Identifier: GPL-2.0 */
/* victim_stack.cc makes the objects, victim_stack_main.cc says when. */
#ifndef VICTIM_STACK_H
#define VICTIM_STACK_H

#include <cstdio>
#include <cstring>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#define NAMED __attribute__((noinline, noipa))

enum { SIGNAL_STACK_BYTES = 256 << 10 };

extern FILE *notes;
extern char *region_next;		/* the next page to make */
extern unsigned int seed;
extern bool only_descriptors;		/* make no pages */
extern int doomed;			/* to be closed instead; -1: none is */
extern bool swap_out;			/* the stack, when an object is made */
extern long pages_out;			/* pages that were out then, all in all */
extern const char *library;		/* path of libstack.so */
extern char signal_stack[SIGNAL_STACK_BYTES];

void make_descriptor();
void on_signal(int);
void paths(int n);

#endif
