/* SPDX-License-Identifier: GPL-2.0 */
/* The commands. */
#ifndef LEAKTRACE_CLI_COMMAND_H
#define LEAKTRACE_CLI_COMMAND_H

#include <stdint.h>

struct options;

struct command {
	const char *name, *args;
	const char *summary;		/* one line, for 'leaktrace --help' */
	const char *details;		/* what --help of the command adds to it; or NULL */
	const char *example;
	uint32_t options;		/* accepted options, OPT_… */
	int (*run)(struct options *o);	/* returns the exit status */
};

extern const struct command commands[];	/* terminated by a NULL name */

int cmd_attach(struct options *o);
int cmd_run(struct options *o);
int cmd_tail(struct options *o);
int cmd_status(struct options *o);
int cmd_snapshot(struct options *o);
int cmd_record(struct options *o);
int cmd_report(struct options *o);
int cmd_diff(struct options *o);
int cmd_go(struct options *o);
int cmd_look(struct options *o);
int cmd_heap(struct options *o);
int cmd_objects(struct options *o);
int cmd_agent(struct options *o);
int cmd_top(struct options *o);
int cmd_push(struct options *o);
int cmd_serve(struct options *o);
int cmd_detach(struct options *o);

#endif
