/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variables of a Go program that may hold pointers: by their symbols, or, in a
 * stripped program, by the code that uses them.
 */
#ifndef LEAKTRACE_RUNTIME_GO_VARIABLE_H
#define LEAKTRACE_RUNTIME_GO_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_process;

enum { GO_VARIABLE_PARTS = 2 };		/* data, bss */

struct go_variable {
	uint64_t at, bytes;
	const char *name;		/* NULL: no symbol */
	uint64_t user;			/* address of code that uses it; 0: none was found */
	bool is_runtime;		/* nothing but the runtime's */
	bool is_only_set;		/* user initialises it, and no other was found */
};

struct go_variables {
	const struct go_process *process;
	struct {
		uint64_t start, bytes;
		unsigned char *copy;
	} part[GO_VARIABLE_PARTS];
	struct go_variable *list;	/* by address; those without symbol have no size */
	size_t n, capacity;
	bool has_symbols;
	bool failed;			/* no memory */
	struct go_reference {
		uint64_t to, from;
	} *reference;			/* of variables to variables, by what they refer to */
	size_t references, references_capacity;
};

bool go_variables_open(struct go_variables *v, const struct go_process *p);	/* false: no memory, or unreadable */
struct go_variable go_variables_at(const struct go_variables *v, uint64_t at);
const char *go_variable_user(const struct go_process *p, uint64_t pc);
bool go_is_runtime_name(const char *name);
void go_variables_close(struct go_variables *v);

#endif
