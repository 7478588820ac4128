/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a command, as given. */
#ifndef LEAKTRACE_CLI_OPTIONS_H
#define LEAKTRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/output.h"
#include "session/session.h"

struct command;

enum option_bit {
	OPT_KINDS	= 1 << 0,
	OPT_FORK	= 1 << 1,
	OPT_BACKGROUND	= 1 << 2,
	OPT_JSON	= 1 << 3,
	OPT_DURATION	= 1 << 4,
	OPT_FORMAT	= 1 << 5,
	OPT_OUTPUT	= 1 << 6,
	OPT_ALL		= 1 << 7,
	OPT_ANALYSIS	= 1 << 8,	/* --min-age, --window */
	OPT_FAIL_ON	= 1 << 9,
	OPT_NO_SYMBOLS	= 1 << 10,
	OPT_NO_COLOR	= 1 << 11,
	OPT_MAX_OBJECTS	= 1 << 12,
	OPT_RECORD	= 1 << 13,	/* --interval, --max-size, --rotate, --keep, --events */
	OPT_BETWEEN	= 1 << 14,
	OPT_DEBUGINFOD	= 1 << 15,
	OPT_LEAK_EXIT	= 1 << 16,
	OPT_SELECT	= 1 << 17,	/* --pid, --comm, --exe, --unit, --cgroup, --container */
	OPT_SITE	= 1 << 18,
	OPT_PROBES	= 1 << 19,
	OPT_SUPPRESS	= 1 << 25,	/* --suppressions, --baseline */
	OPT_MAKE	= 1 << 26,	/* --suppress */
	OPT_GO		= 1 << 24,	/* --count, --arm, --disarm, --verdict */
	OPT_HOLDERS	= 1 << 28,	/* --holders, --max-memory */
	OPT_PUSH	= 1 << 20,	/* --to, --protocol, --label */
	OPT_LISTEN	= 1 << 21,
	OPT_EVERY	= 1 << 22,
	OPT_AGENT	= 1 << 29,	/* --config, --check */
	OPT_TOP		= 1 << 27,	/* --once, --cgroups, --sort, --filter */
};

enum { OPTIONS_LABELS_MAX = 16 };

struct option_label {
	char *name, *value;		/* malloced */
};

struct options {
	struct session_options session;
	struct selector *selector;	/* NULL: none */
	struct suppressions *suppressions;	/* NULL: none */
	const char *baseline;		/* a file, or NULL */
	bool suppress;			/* report: write suppressions */
	char **pids;			/* of --pid; as given, and checked */
	unsigned int npids;
	bool json, fail_on_leak, no_symbols, probes;
	int leak_exit_code;		/* of run, if it fails on leaks */
	struct output_options output;
	bool arm, disarm, verdict;	/* go: modify the program */
	bool holders;			/* what keeps objects alive */
	bool once, cgroups;		/* top */
	const char *sort, *filter;	/* as given; NULL: not */
	unsigned int count;		/* number of samples; 0: not given */
	double every_s;			/* 0: not given */
	const char *to, *listen;
	const char *config;		/* agent; NULL: the usual file */
	bool check;
	int protocol;			/* enum push_protocol */
	struct option_label labels[OPTIONS_LABELS_MAX];
	unsigned int nlabels;
	double interval_s, rotate_s;	/* 0: the default, never */
	uint64_t max_bytes, rotate_bytes;
	uint64_t memory_bytes;		/* for ourselves; 0: as much as is usual */
	unsigned int keep;
	const char *between[2];		/* as given; for time_point_parse() */
	int argc;			/* remaining arguments */
	char **argv;
};

/* 0: continue; EXIT_TROUBLE after an error message; -1: help or version was printed. */
int options_parse(const struct command *cmd, int argc, char **argv, struct options *o);
void options_free(struct options *o);
int options_usage(FILE *f, const struct command *cmd);	/* 0, or EXIT_TROUBLE after an error message */

#endif
