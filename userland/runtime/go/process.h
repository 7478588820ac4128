/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A running Go program, read from outside. Data passes through these files:
 *
 *   elf/go_pclntab.c -> layout.c  -> find.c      -> goroutine.c, heap.c, timer.c
 *   (functions)         (offsets)    (addresses)    (samples)
 *                       -> view.c    -> judge.c    -> text.c, json.c, pprof.c
 *                          (by site)    (verdicts)    (output)
 *
 * The target runs meanwhile: whatever is read may be torn, stale or hostile, and
 * is checked before it is used. Times are CLOCK_MONOTONIC, as in the runtime.
 */
#ifndef LEAKTRACE_RUNTIME_GO_PROCESS_H
#define LEAKTRACE_RUNTIME_GO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "elf/go_pclntab.h"
#include "runtime/go/layout.h"
#include "util/proc_maps.h"

struct elf_image;
struct go_unwind;
struct symbolizer;

/* Addresses in the target; 0: not found. */
struct go_globals {
	uint64_t allgs_pointer, allgs_length;
	uint64_t mbuckets, profile_cycle, profile_rate;
	uint64_t wait_reasons, allp, controller;
	uint64_t leak_pending;		/* two bytes: requested, in progress */
};

enum { GO_REASONS = 64 };

struct go_process {
	pid_t pid, tid;			/* tid: a live thread of the process */
	int pagemap;			/* tells which pages are populated; -1: unknown */
	struct elf_image *image;
	struct go_table table;
	struct maps maps;
	uint64_t bias;			/* address = ELF address + bias */
	struct go_layout layout;
	struct go_globals globals;
	char reasons[GO_REASONS][48];
	struct symbolizer *symbolizer;
	struct go_unwind *unwind;
	char comm[64];
	uint64_t start_ticks;		/* its start time since boot: detects reuse of the PID */
};

/* NULL with one line in err; why: -errno. */
struct go_process *go_open(pid_t pid, int *why, char *err, size_t errlen);
void go_close(struct go_process *p);
bool go_read(const struct go_process *p, uint64_t at, void *to, size_t bytes);
uint64_t go_word(const struct go_process *p, uint64_t at);	/* 0: unreadable */
const char *go_function(const struct go_process *p, uint64_t pc);	/* the function at pc, or NULL */

#endif
