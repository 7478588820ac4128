/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An interpreter in a process, and the frames of its script. The kernel finds them at an
 * event by a description (linux/leaktrace_chain.h), and keeps two words of each; what
 * these mean is read from the process's memory while it lives.
 */
#ifndef LEAKTRACE_SCRIPT_H
#define LEAKTRACE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/leaktrace_chain.h>

struct maps;

struct interpreter;

struct script {
	pid_t pid;
	const struct interpreter *interpreter;	/* NULL: none */
	const void *layout;		/* the interpreter's own; NULL: none, or it is not known */
	uint64_t root;			/* address of the variable from which all else is found */
	uint64_t begun;			/* that of one that is not 0 once it has begun, if there is one */
	int version;			/* major << 8 | minor; 0: no interpreter */
	const char *build;		/* "ZTS": the frames of an interpreter that is built so are not known; or NULL */
	char module[256];		/* the file that it is in, as mapped */
};

struct script_name {			/* of a frame */
	char function[256];
	char file[1024];
	int line;			/* 0: not known */
};

/* Looks for an interpreter in the files that pid has mapped; root_fd: its root, or negative. */
void script_find(pid_t pid, const struct maps *maps, int root_fd, struct script *script);

/*
 * False: there is none that we know. It is certain once the interpreter has begun: before, as
 * at the start of its program, it is what most programs come to.
 */
bool script_describe(const struct script *script, struct leaktrace_chain *chain, bool *is_certain);

/* False: the process is gone, or what the words were of is. */
bool script_name(const struct script *script, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		 struct script_name *name);

/* "PHP 8.9", an interpreter whose frames cannot be found; false: there is none. */
bool script_is_unknown(const struct script *script, char *name, size_t bytes);

/* The key of the language that a frame without a name is in. */
const char *script_key(const struct script *script);

/* The function of an interpreter that runs a script, and calls itself for some functions. */
bool script_is_eval(const char *function);

#endif
