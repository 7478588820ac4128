// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel functions at whose entry we hook, all under one ftrace_ops: a call
 * of one is told by where it came from. One, since to unregister waits until every
 * task has left the trampoline, half a second and more, and is to be paid once.
 * ftrace and not kprobes: measured, that costs a bystander less than half.
 *
 * kallsyms is not for modules to ask; a kprobe that is never armed knows where a
 * function starts. Its entry may be some bytes later (endbr, bti).
 *
 * Its readers need no lock: a table that they may see is not written any more. More
 * functions come in a copy of it, which is published whole; none is used twice before all
 * are unhooked.
 *
 * Permanent: kernel.ftrace_enabled=0 would silence our hooks without anybody being told.
 * ftrace refuses that while a permanent ops is registered, and refuses to register one
 * where it is 0 already.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>

#include "kind.h"
#include "probe.h"

enum {
	MAX_FUNCTIONS = 32,	/* find() knows */
	MAX_SHARED = 8,		/* functions that two rows hook */
	LONGEST_ENTRY = 32,	/* bytes from a function's start to where it is hooked */
};

/* Sorted by start, which is ULONG_MAX where there is none. */
struct function {
	unsigned long start;
	lt_function_fn *fn;
	const void *hook;
};

/* Each that is published follows at least one more kind. */
static struct function tables[LT_KINDS + 1][MAX_FUNCTIONS];
static const struct function *functions = tables[0];	/* published */
static int ntables;		/* published so far */
static int nfunctions;		/* in the next one: tables[ntables] */
static struct function shared[MAX_SHARED][2];
static int nshared;
static bool registered;

/* The last that starts at or before ip; unrolled: bystanders pay for this. */
static __always_inline const struct function *find(unsigned long ip)
{
	const struct function *f = READ_ONCE(functions);

	BUILD_BUG_ON(MAX_FUNCTIONS != 32);
	f = f[16].start <= ip ? f + 16 : f;
	f = f[8].start <= ip ? f + 8 : f;
	f = f[4].start <= ip ? f + 4 : f;
	f = f[2].start <= ip ? f + 2 : f;
	return f[1].start <= ip ? f + 1 : f;
}

static void notrace on_function(unsigned long ip, unsigned long parent,
				struct ftrace_ops *op, struct ftrace_regs *fregs)
{
	const struct function *f = find(ip);

	if (likely(ip - f->start < LONGEST_ENTRY))
		f->fn(f->hook, fregs);
}

/* Two rows hook one function: each gets its turn. */
static void notrace on_shared(const void *hook, struct ftrace_regs *fregs)
{
	const struct function *f = hook;

	f[0].fn(f[0].hook, fregs);
	f[1].fn(f[1].hook, fregs);
}

static struct ftrace_ops ops = {
	.func = on_function,
	.flags = LT_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT,
};

/**
 * lt_function_find() - where a function of the kernel starts
 * @name: its symbol
 *
 * Context: may sleep.
 * Return: the address; 0 if there is none, or it can't be hooked.
 */
unsigned long lt_function_find(const char *name)
{
	struct kprobe kp = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };
	unsigned long start;

	if (register_kprobe(&kp))
		return 0;
	start = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return start;
}

static int function_add(const struct function *new)
{
	struct function *f = tables[ntables];
	int i;

	for (i = 0; i < nfunctions && f[i].start != new->start; i++)
		;
	if (i < nfunctions) {
		if (nshared == MAX_SHARED)
			return -ENOSPC;
		shared[nshared][0] = f[i];
		shared[nshared][1] = *new;
		f[i].fn = on_shared;
		f[i].hook = shared[nshared++];
		return 0;
	}
	if (nfunctions == MAX_FUNCTIONS)
		return -ENOSPC;
	for (i = nfunctions++; i && f[i - 1].start > new->start; i--)
		f[i] = f[i - 1];
	f[i] = *new;
	return 0;
}

/**
 * lt_function_add() - have a function hooked by the next lt_function_attach()
 * @start: what lt_function_find() gave
 * @name: the same function's
 * @fn: called at its entry, with whatever locks and context its callers have
 * @hook: passed to @fn
 *
 * Context: may sleep, under lt_mutex, after lt_function_begin().
 * Return: 0; -ENOENT if ftrace does not know the function.
 */
int lt_function_add(unsigned long start, const char *name, lt_function_fn *fn, const void *hook)
{
	const struct function new = { .start = start, .fn = fn, .hook = hook };
	int err;

	/* If we are registered it calls us from now on, and finds nothing before the
	 * table is published.
	 */
	err = ftrace_set_filter_ip(&ops, start, 0, 0);
	/* Before v5.18 (aebfd12521d9) the entry itself is wanted, not the start;
	 * the name, slower, will do. It is copied, never written.
	 */
	if (err)
		err = ftrace_set_filter(&ops, (unsigned char *)name, strlen(name), 0);
	if (err)
		return err == -EINVAL ? -ENOENT : err;
	return function_add(&new);
}

/**
 * lt_function_clear() - forget what was added
 *
 * Context: may sleep, under lt_mutex, nothing attached.
 */
void lt_function_clear(void)
{
	int i, j;

	ftrace_set_filter(&ops, NULL, 0, 1);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (j = 0; j < MAX_FUNCTIONS; j++)
			tables[i][j].start = ULONG_MAX;
	functions = tables[0];
	ntables = 0;
	nfunctions = 0;
	nshared = 0;
}

/**
 * lt_function_begin() - go on with what is hooked: lt_function_add() adds to that
 *
 * Context: may sleep, under lt_mutex.
 * Return: 0; -ENOSPC: too often since the last lt_function_clear().
 */
int lt_function_begin(void)
{
	if (!registered)
		lt_function_clear();
	if (ntables == ARRAY_SIZE(tables))
		return -ENOSPC;
	if (ntables)
		memcpy(tables[ntables], tables[ntables - 1], sizeof(tables[0]));
	return 0;
}

/**
 * lt_function_attach() - hook what was added
 *
 * Context: may sleep, under lt_mutex, after lt_function_begin().
 * Return: 0 or an error of ftrace's; -ENOENT if nothing was added: an empty
 * filter would mean every function there is.
 */
int lt_function_attach(void)
{
	int err = 0;

	if (!nfunctions)
		return -ENOENT;
	/* Pairs with find(): the table before where it is. */
	smp_store_release(&functions, tables[ntables++]);
	if (!registered)
		err = register_ftrace_function(&ops);
	registered = !err;
	return err;
}

/**
 * lt_function_detach() - unhook; no callback runs any more on return
 *
 * Context: may sleep, under lt_mutex, after a lt_function_attach() that succeeded.
 */
void lt_function_detach(void)
{
	registered = false;
	if (!unregister_ftrace_function(&ops))
		return;
	/* ftrace has given up itself, and still calls us: we must not go. */
	__module_get(THIS_MODULE);
	lt_give_up("internal error: ftrace does not unhook us");
}
