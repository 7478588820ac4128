/* SPDX-License-Identifier: GPL-2.0 */
/* A plan, as the kernel reads it (leaktrace_gate.h). */
#ifndef LEAKTRACE_GATE_BLOB_H
#define LEAKTRACE_GATE_BLOB_H

#include <linux/leaktrace_gate.h>

#include "gate/survey.h"
#include "util/proc_maps.h"

struct gate_file {			/* a file with an allocator, mapped in the process */
	char *path;
	uint64_t bias;			/* to the addresses in the file */
	struct gate_survey survey;
};

struct gate_options {
	uint64_t mean_bytes;		/* between samples; 1: every block */
	unsigned int tag_bits;
	uint64_t address;		/* where a closed gate was left; 0: there is none */
	unsigned int nth_place;
};

struct gate_plan {
	struct gate_file *file;
	size_t nfiles, capacity;
	char refused[160];		/* why a function or allocator is not watched; "" */
	uint64_t address;
	unsigned char *blob;		/* as in leaktrace_gate.h */
	size_t blob_bytes;
};

/*
 * Chooses a place for the gate, and writes the plan for the files.
 *
 * Return: 0; -ENOENT: no allocator that can be watched; or another -errno. err then has a
 * line that says why.
 */
int gate_plan_write(struct gate_plan *plan, const struct maps *maps,
		    const struct gate_options *options, char *err, size_t errlen);

/* The mean of each of as many equally likely parts of the exponential distribution. */
void gate_draws(__u32 draw[LEAKTRACE_GATE_NDRAWS]);

#endif
