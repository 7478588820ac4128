/* SPDX-License-Identifier: GPL-2.0 */
/* A function of a library that hands something out, and one that takes it back. */
#ifndef LEAKTRACE_PAIR_SPEC_H
#define LEAKTRACE_PAIR_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_pair.h>

struct pair_spec {
	char library[64];		/* libssl.so.3, or a program */
	char acquire[LEAKTRACE_PAIR_NAME_BYTES], release[LEAKTRACE_PAIR_NAME_BYTES];
	uint8_t handle;			/* enum leaktrace_pair_handle, of acquire */
	uint8_t argument;		/* of acquire, from 1 on; 0: it is the result */
	uint8_t release_argument;
	uint8_t space;			/* the same for pairs that share a function */
};

struct pair_specs {
	struct pair_spec *spec;
	size_t n, capacity;
};

/* LIBRARY:ACQUIRE[=ret|=argN|=*argN]/RELEASE[=argN]. false: err has a line that says why. */
bool pair_spec_parse(const char *text, struct pair_spec *spec, char *err, size_t errlen);

/* Such a pair, or the name of those that known.c has of a library. 0, or -errno with a line in err. */
int pair_specs_add(struct pair_specs *specs, const char *text, char *err, size_t errlen);
/* file.c: each line of a file; in err is the line's number, too. */
int pair_specs_add_file(struct pair_specs *specs, const char *path, char *err, size_t errlen);
void pair_specs_free(struct pair_specs *specs);

/* Whether a file is the library. path: as in /proc/PID/maps */
bool pair_spec_is_of(const struct pair_spec *spec, const char *path);

#endif
