/* SPDX-License-Identifier: GPL-2.0 */
/* Hooks: function.c: entries of kernel functions; probe.c: rows of hooks. */
#ifndef _LT_PROBE_H
#define _LT_PROBE_H

#include <linux/compiler.h>
#include <linux/ftrace.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

struct netlink_ext_ack;

/*
 * function.c: entries of kernel functions
 */
typedef void lt_function_fn(const void *hook, struct ftrace_regs *fregs);

unsigned long lt_function_find(const char *name);
int lt_function_begin(void);
int lt_function_add(unsigned long start, const char *name, lt_function_fn *fn,
		    const void *hook);
void lt_function_clear(void);
int lt_function_attach(void);
void lt_function_detach(void);

/*
 * probe.c: rows of hooks, attached while there is a target that wants them
 */
typedef void lt_tracepoint_fn(void);	/* prototypes differ: LT_TRACEPOINT() looks at each */

struct lt_probe {
	const char *name;
	enum leaktrace_probe_how how;
	u32 kinds;
	bool required;
	lt_function_fn *function;	/* of FTRACE */
	lt_tracepoint_fn *tracepoint;	/* of TRACEPOINT */
	const char *why;
	/* Rows with the same non-zero number serve one purpose: one is enough. */
	u8 either;
};

/*
 * A tracepoint, of which it gives a row's name, how and tracepoint; on_NAME() is called. A
 * callback of another type than the kernel's own header declares is a call of the wrong
 * type, which kCFI ends with a panic: here it is an error of the compiler's. The function
 * that the header has for this takes nothing but such a callback.
 */
#define LT_TRACEPOINT(_name)							\
	.name = __stringify(_name), .how = LEAKTRACE_PROBE_TRACEPOINT,		\
	.tracepoint = (lt_tracepoint_fn *)(void *)__builtin_choose_expr(	\
		__same_type(check_trace_callback_type_##_name,			\
			    void (typeof(on_##_name) *)), on_##_name, (void)0)

/* Run-time state of a row, for STATUS. */
struct lt_probe_state {
	bool present;
	bool attached;
	bool required;		/* for what is traced, and no present row serves in its place */
	int error;
	u64 hits;		/* on targets, since load */
};

int lt_probe_start(u32 kinds, struct netlink_ext_ack *extack);
void lt_probe_stop(void);
u32 lt_probe_missing(void);
int lt_probe_count(void);
const struct lt_probe *lt_probe_row(int i);
void lt_probe_row_state(int i, struct lt_probe_state *state);
void lt_give_up(const char *why);
const char *lt_gave_up(void);
bool lt_probe_enter(const void *hook);
bool lt_probe_resume(void);
void lt_probe_leave(void);

/* Rows that serve all kinds; ended by a row without a name, as lt_kind.probes. */
extern const struct lt_probe lt_lifecycle_probes[];
extern const struct lt_probe lt_code_probes[];

#endif /* _LT_PROBE_H */
