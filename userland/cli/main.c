// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace: names the code whose descriptors, memory, timers and threads only
 * ever grow. The verbs stand in one table; without one, the status is shown.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

int cmd_attach(struct options *o);
int cmd_run(struct options *o);
int cmd_tail(struct options *o);
int cmd_status(struct options *o);
int cmd_snapshot(struct options *o);
int cmd_record(struct options *o);
int cmd_report(struct options *o);
int cmd_diff(struct options *o);
int cmd_go(struct options *o);
int cmd_push(struct options *o);
int cmd_serve(struct options *o);
int cmd_detach(struct options *o);

#define OPT_TRACE	(OPT_KINDS | OPT_FORK | OPT_MAX_OBJECTS | OPT_DEBUGINFOD)
#define OPT_SAY		(OPT_FORMAT | OPT_OUTPUT | OPT_ALL | OPT_JUDGE | OPT_NO_COLOR)
#define OPT_DIFF	(OPT_FORMAT | OPT_OUTPUT | OPT_ALL | OPT_JUDGE | OPT_NO_COLOR | OPT_JSON)

const struct command commands[] = {
	{ "attach", "PID…", "Trace processes until Ctrl-C, their exit or --duration, showing leaks as they\n"
	  "are found; then print the report and detach. Exit status: 1 if something leaks.",
	  "leaktrace attach 4242 --duration 1m",
	  OPT_TRACE | OPT_BACKGROUND | OPT_DURATION | OPT_JSON | OPT_SAY, cmd_attach },
	{ "run", "[OPTION…] -- COMMAND [ARG…]", "Run a command and trace it from its first instruction.",
	  "leaktrace run --fail-on leak --kinds fd -- ./server --selftest",
	  OPT_TRACE | OPT_DURATION | OPT_JSON | OPT_SAY | OPT_FAIL_ON, cmd_run },
	{ "tail", "[PID]", "Show leaks as they are found in what is being traced, by anybody.",
	  "leaktrace tail --json", OPT_DURATION | OPT_JSON | OPT_JUDGE | OPT_DEBUGINFOD |
	  OPT_NO_COLOR, cmd_tail },
	{ "status", "", "Show targets, probes, how full the tables are, what was lost, and memory.",
	  "leaktrace status", OPT_JSON | OPT_NO_COLOR, cmd_status },
	{ "snapshot", "PID -o FILE", "Write the live state of a traced process to a file, for 'report FILE'.",
	  "leaktrace snapshot 4242 -o before.leaktrace", OPT_OUTPUT | OPT_NO_SYMBOLS | OPT_DEBUGINFOD,
	  cmd_snapshot },
	{ "record", "PID… -o FILE", "Record processes over time, until Ctrl-C, their exit or --duration, to one file\n"
	  "for 'report FILE'. What is not traced yet is, meanwhile.",
	  "leaktrace record $(pidof server) -o server.leaktrace",
	  OPT_TRACE | OPT_DURATION | OPT_OUTPUT | OPT_JSON | OPT_RECORD | OPT_NO_SYMBOLS | OPT_ALL | OPT_JUDGE |
	  OPT_NO_COLOR, cmd_record },
	{ "report", "[PID or FILE]", "Print the ranked report of a traced process, of all, or of a file.\n"
	  "Exit status: 1 if something leaks.",
	  "leaktrace report 4242 --format json | jq '.sites[0]'", OPT_SAY | OPT_JSON | OPT_BETWEEN |
	  OPT_DEBUGINFOD, cmd_report },
	{ "diff", "OLD NEW", "Show what was born between two snapshots or recordings and still lives, by site; or\n"
	  "what grew between two looks of 'leaktrace go --format json -o FILE' or 'pprof -o DIR'.\n"
	  "Exit status: 1 if what grew leaks.",
	  "leaktrace diff before.leaktrace after.leaktrace", OPT_DIFF, cmd_diff },
	{ "go", "PID", "Look into a Go program from outside: goroutines, timers, heap; again with --every,\n"
	  "to see what grows. It is not stopped; it needs no code for this, no symbols, and no module.\n"
	  "Exit status: 1 if something leaks. With --format pprof, -o names a folder.",
	  "leaktrace go 4242 --every 30s --count 6",
	  OPT_GO | OPT_EVERY | OPT_FORMAT | OPT_JSON | OPT_OUTPUT | OPT_ALL | OPT_NO_COLOR, cmd_go },
	{ "push", "[PID or FILE] --to URL", "Send profiles of a traced process, of all, or of a file to Pyroscope, to Parca,\n"
	  "or as the body of a POST to URL. LEAKTRACE_PUSH_TOKEN is sent as a bearer token.",
	  "leaktrace push 4242 --to http://localhost:4040 --every 15s",
	  OPT_PUSH | OPT_EVERY | OPT_JUDGE | OPT_DEBUGINFOD, cmd_push },
	{ "serve", "[PID or FILE]", "Answer /metrics, /debug/pprof/KIND, and / with the report as a page, for those who\n"
	  "pull; until Ctrl-C, at the loopback address unless --listen says otherwise.",
	  "leaktrace serve 4242 --listen 9746", OPT_LISTEN | OPT_JUDGE | OPT_DEBUGINFOD, cmd_serve },
	{ "detach", "[PID…]", "Stop tracing these processes, or all, and free everything.",
	  "leaktrace detach 4242", 0, cmd_detach },
	{ 0 },
};

static void usage(FILE *f)
{
	fputs("usage: leaktrace COMMAND [ARG…]\n\n", f);
	for (const struct command *c = commands; c->name; c++) {
		int line = strcspn(c->summary, "\n");

		fprintf(f, "  %-9s %.*s\n", c->name, line, c->summary);
	}
	fputs("\nWithout a command: status. 'leaktrace COMMAND --help' tells more, with an example.\n"
	      "\nexample:\n  leaktrace attach $(pidof server)\n", f);
}

/* A disk that is full has not been told anything. */
static int end(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return status == EXIT_TROUBLE ? status : fail("cannot write: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "status";
	struct options o;
	int status;

	setlocale(LC_CTYPE, "");
	if (!strcmp(name, "--version") || !strcmp(name, "-V") || !strcmp(name, "version")) {
		printf("leaktrace %s\n", LEAKTRACE_VERSION);
		return end(EXIT_CLEAN);
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		usage(stdout);
		return end(EXIT_CLEAN);
	}
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, name))
			continue;
		status = options_parse(c, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv, &o);
		if (status)
			return end(status < 0 ? EXIT_CLEAN : status);
		return end(c->run(&o));
	}
	return fail("no such command: '%s' (see 'leaktrace --help')", name);
}
