// SPDX-License-Identifier: GPL-2.0
/*
 * The only two things that are written to a Go program, each on request: the
 * rate of its heap profile, if the linker has set it to 0; and the byte that
 * makes the next garbage collection look for goroutines that can never wake up.
 * Each is written only if memory has the expected value.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/go/control.h"
#include "runtime/go/process.h"
#include "util/error.h"
#include "util/process_memory.h"

enum { DEFAULT_RATE = 512 << 10 };
static const double FORCED_GC_S = 130;	/* the runtime forces a collection every two minutes */

/* Asks for confirmation before another program is modified. */
static bool confirmed(const struct go_process *p, const char *what)
{
	char answer[16];

	if (!isatty(STDIN_FILENO))
		return true;		/* in a script, the option is sufficient confirmation */
	fprintf(stderr, "This writes %s of the running process %d (%s).\nContinue? [y/N] ", what,
		p->pid, p->comm);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/**
 * go_arm() - turn the heap profile of a program on or off
 *
 * A rate that the program has set itself is kept: its own profiles are scaled by it.
 *
 * Return: 0, or EXIT_TROUBLE.
 */
int go_arm(const struct go_process *p, bool on)
{
	uint64_t at = p->globals.profile_rate, want = on ? DEFAULT_RATE : 0, have;
	int err;

	if (!at || !go_read(p, at, &have, sizeof(have)))
		return fail("process %d: its heap profiling switch was not found", p->pid);
	if (have == want)
		return fail("process %d: heap profiling is already %s", p->pid, on ? "on" : "off");
	if (have != (on ? 0 : DEFAULT_RATE))
		return fail("process %d sets its own sampling rate, %llu: left unchanged", p->pid,
			    (unsigned long long)have);
	if (!confirmed(p, "runtime.MemProfileRate, 8 bytes,"))
		return fail("cancelled: nothing was written");
	err = memory_write(p->tid, at, &want, sizeof(want));
	if (err)
		return fail("cannot write to process %d: %s", p->pid, strerror(-err));
	printf("heap profiling of process %d is %s%s\n", p->pid, on ? "on" : "off",
	       on ? ": allocations are counted from now on" : "");
	return 0;
}

static int wait_for_collection(const struct go_process *p, bool (*wait_s)(double s, void *arg),
			       void *arg)
{
	unsigned char none = 0, flags[2] = { 1, 0 };
	double waited_s = 0;

	while (waited_s < FORCED_GC_S) {
		if (!wait_s(0.05, arg))
			break;
		waited_s += 0.05;
		if (!go_read(p, p->globals.leak_pending, flags, sizeof(flags)))
			return fail("process %d has exited", p->pid);
		if (!flags[0] && !flags[1])
			return 0;
	}
	if (flags[0])			/* withdraw the request */
		memory_write(p->tid, p->globals.leak_pending, &none, 1);
	return fail("process %d ran no garbage collection in time: no verdict", p->pid);
}

/**
 * go_verdict() - make the runtime look for leaked goroutines
 * @wait_s: sleeps; returns false to stop waiting
 *
 * Return: 0 if it has looked, or EXIT_TROUBLE.
 */
int go_verdict(const struct go_process *p, bool (*wait_s)(double s, void *arg), void *arg)
{
	unsigned char flags[2], want = 1;
	int err;

	if (p->table.minor < 26 || !p->globals.leak_pending)
		return fail("--verdict: %s cannot detect leaks itself (Go 1.26 and later can)",
			    p->table.version[0] ? p->table.version : "this Go");
	if (!go_read(p, p->globals.leak_pending, flags, sizeof(flags)) || flags[0] > 1 || flags[1] > 1)
		return fail("process %d: unexpected contents where its garbage collector's flags should be: nothing was written", p->pid);
	if (!confirmed(p, "one byte, so that its next garbage collection detects leaks,"))
		return fail("cancelled: nothing was written");
	err = memory_write(p->tid, p->globals.leak_pending, &want, 1);
	if (err)
		return fail("cannot write to process %d: %s", p->pid, strerror(-err));
	return wait_for_collection(p, wait_s, arg);
}
