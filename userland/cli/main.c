// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace: names the code whose descriptors, memory, timers and threads only
 * ever grow. All commands are in one table; the default is status.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "util/error.h"
#include "util/terminal.h"
#include "util/version.h"

#define OPT_TRACE	(OPT_KINDS | OPT_FORK | OPT_MAX_OBJECTS | OPT_DEBUGINFOD)
#define OPT_REPORT		(OPT_FORMAT | OPT_OUTPUT | OPT_ALL | OPT_ANALYSIS | OPT_NO_COLOR)
#define OPT_DIFF	(OPT_FORMAT | OPT_OUTPUT | OPT_ALL | OPT_ANALYSIS | OPT_NO_COLOR | OPT_JSON)

const struct command commands[] = {
	{ "attach", "[OPTION…] PID… | SELECTOR", "Trace processes, show leaks as they are found, then report",
	  "Tracing ends at Ctrl-C, after --duration, or when the processes exit; then the\n"
	  "report is printed and the processes are detached.\n"
	  "SELECTOR is --comm, --exe, --unit, --cgroup or --container: all processes that fit\n"
	  "all of them, also (without --background) those that start later.\n"
	  "Exit status: 1 if a leak was found.",
	  "leaktrace attach 4242 --duration 1m",
	  OPT_TRACE | OPT_SELECT | OPT_BACKGROUND | OPT_HOLDERS | OPT_DURATION | OPT_JSON | OPT_REPORT | OPT_SUPPRESS, cmd_attach },
	{ "run", "[OPTION…] -- COMMAND [ARG…]", "Run a command and trace it from its first instruction",
	  "Leaks are shown as they are found; the report follows when the command ends.\n"
	  "Exit status: that of COMMAND, 128 + N if signal N ended it; 126: not executable,\n"
	  "127: not found; 2: leaktrace failed. Leaks alone change it only with --fail-on.",
	  "leaktrace run --fail-on leak --kinds fd -- ./server --selftest",
	  OPT_TRACE | OPT_SELECT | OPT_HOLDERS | OPT_DURATION | OPT_JSON | OPT_REPORT | OPT_FAIL_ON | OPT_LEAK_EXIT |
	  OPT_SUPPRESS, cmd_run },
	{ "tail", "[OPTION…] [PID]", "Show leaks as they are found in every traced process, or in one",
	  "It does not matter who started the tracing. Nothing is attached or detached.",
	  "leaktrace tail --json", OPT_DURATION | OPT_JSON | OPT_ANALYSIS | OPT_DEBUGINFOD |
	  OPT_NO_COLOR, cmd_tail },
	{ "status", "[OPTION…]", "Show traced processes, probes, table usage, losses and memory use", NULL,
	  "leaktrace status", OPT_PROBES | OPT_JSON | OPT_NO_COLOR, cmd_status },
	{ "snapshot", "[OPTION…] PID -o FILE", "Write the live objects of a traced process to a file",
	  "The file is for 'leaktrace report FILE' and 'leaktrace diff'.",
	  "leaktrace snapshot 4242 -o before.leaktrace",
	  OPT_HOLDERS | OPT_OUTPUT | OPT_NO_SYMBOLS | OPT_DEBUGINFOD, cmd_snapshot },
	{ "record", "[OPTION…] PID… | SELECTOR -o FILE", "Record processes over time to one file",
	  "Recording ends at Ctrl-C, after --duration, or when the processes exit; the file is\n"
	  "for 'leaktrace report FILE'. Processes not yet traced are traced for the duration\n"
	  "of the recording.",
	  "leaktrace record $(pidof server) -o server.leaktrace",
	  OPT_TRACE | OPT_SELECT | OPT_HOLDERS | OPT_DURATION | OPT_OUTPUT | OPT_JSON | OPT_RECORD | OPT_NO_SYMBOLS |
	  OPT_ALL | OPT_ANALYSIS | OPT_NO_COLOR, cmd_record },
	{ "report", "[OPTION…] [PID | FILE]…", "Print the report of traced processes, or of files",
	  "Findings come worst first. Without PID or FILE: all traced processes.\n"
	  "Exit status: 1 if a leak was found.",
	  "leaktrace report 4242 --format json | jq '.sites[0]'",
	  OPT_REPORT | OPT_SUPPRESS | OPT_MAKE | OPT_SITE | OPT_SELECT | OPT_HOLDERS | OPT_JSON | OPT_BETWEEN |
	  OPT_DEBUGINFOD, cmd_report },
	{ "diff", "[OPTION…] OLD NEW", "Show what grew between two snapshots or recordings, by call path",
	  "Of one process: the objects created between the two and still live. OLD and NEW\n"
	  "may also be two files of 'leaktrace go --format json -o FILE', or two directories\n"
	  "of 'leaktrace go --format pprof -o DIRECTORY'.\n"
	  "Exit status: 1 if a leak was found.",
	  "leaktrace diff before.leaktrace after.leaktrace", OPT_DIFF, cmd_diff },
	{ "go", "[OPTION…] PID", "Show goroutines, timers and heap of a Go program, and what grows",
	  "Growth shows in several samples: see --every. The program is not stopped; it needs\n"
	  "no changes and no symbols. The kernel module is not used.\n"
	  "Exit status: 1 if a leak was found.",
	  "leaktrace go 4242 --every 30s --count 6",
	  OPT_GO | OPT_HOLDERS | OPT_EVERY | OPT_FORMAT | OPT_JSON | OPT_OUTPUT | OPT_ALL | OPT_NO_COLOR, cmd_go },
	{ "look", "[OPTION…] PID", "Look at a process from outside, without the module: what grows",
	  "Descriptors, threads, timers, mappings and memory, as /proc has them, by what they\n"
	  "are of: their growth, the limits that they run into, and a verdict. For where the\n"
	  "module may not be loaded: the code is not named. Ctrl-C ends it early.\n"
	  "Exit status: 1 if a leak was found.",
	  "leaktrace look 4242 --duration 5m",
	  OPT_DURATION | OPT_EVERY | OPT_FORMAT | OPT_JSON | OPT_OUTPUT | OPT_ALL | OPT_ANALYSIS | OPT_NO_COLOR, cmd_look },
	{ "heap", "[OPTION…] PID", "Show what the memory of malloc is used for, and what is lost",
	  "Live, free and fragmented bytes by arena and size of blocks, what malloc_trim()\n"
	  "would give back, and blocks to which nothing refers. The process is not stopped; it\n"
	  "needs no symbols. glibc 2.31 to 2.41. The kernel module is not used.\n"
	  "Exit status: 1 if nothing refers to a block.",
	  "leaktrace heap 4242", OPT_FORMAT | OPT_JSON | OPT_OUTPUT | OPT_ALL | OPT_NO_COLOR, cmd_heap },
	{ "objects", "[OPTION…] PID", "Show the objects of a Python program by type, and what grows",
	  "Live objects that the garbage collector knows, from its own lists, and what keeps\n"
	  "them alive: CPython 3.9 to 3.13. The process is not stopped; it needs no symbols. The\n"
	  "kernel module is not used.",
	  "leaktrace objects 4242 --every 30s", OPT_HOLDERS | OPT_EVERY | OPT_FORMAT | OPT_JSON | OPT_OUTPUT | OPT_ALL | OPT_NO_COLOR, cmd_objects },
	{ "top", "[OPTION…]", "Show all processes: what they hold, its growth, the nearest limit",
	  "On a terminal a full screen: Enter traces a process and shows its findings, '?' the\n"
	  "other keys. Only that needs the kernel module.",
	  "leaktrace top --once --sort growth",
	  OPT_TOP | OPT_EVERY | OPT_DURATION | OPT_JSON | OPT_KINDS | OPT_ANALYSIS, cmd_top },
	{ "agent", "[OPTION…]", "Watch services by rules, and trace what seems to leak, by itself",
	  "Looks at processes from outside until a rule of its configuration fires; then traces\n"
	  "that process, or where the module may not be loaded looks at it closely, until there\n"
	  "is an answer, writes a report, tells, and lets go. Of processes that end it keeps the\n"
	  "last numbers. SIGHUP has it read its configuration again.",
	  "leaktrace agent --config /etc/leaktrace/agent.conf", OPT_AGENT | OPT_ANALYSIS | OPT_DEBUGINFOD, cmd_agent },
	{ "push", "[OPTION…] [PID | FILE] --to URL", "Send profiles to Pyroscope, to Parca, or to a URL that accepts pprof",
	  "The profiles are those of a traced process, of all of them, or of a file.\n"
	  "The value of LEAKTRACE_PUSH_TOKEN is sent as a bearer token.",
	  "leaktrace push 4242 --to http://localhost:4040 --every 15s",
	  OPT_PUSH | OPT_EVERY | OPT_ANALYSIS | OPT_DEBUGINFOD, cmd_push },
	{ "serve", "[OPTION…] [PID | FILE]", "Serve the report, metrics and profiles over HTTP",
	  "/ is the report as a page, /metrics is for Prometheus, /debug/pprof/KIND a profile.\n"
	  "Serves until Ctrl-C, on the loopback address unless --listen names another.",
	  "leaktrace serve 4242 --listen 9746", OPT_LISTEN | OPT_ANALYSIS | OPT_DEBUGINFOD, cmd_serve },
	{ "detach", "[PID…]", "Stop tracing these processes, or all, and free their memory", NULL,
	  "leaktrace detach 4242", 0, cmd_detach },
	{ 0 },
};

static void usage(FILE *f)
{
	text_put(f, "usage: leaktrace COMMAND [ARG…]\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(f, "  %-9s %s\n", c->name, c->summary);
	fputs("\nWithout a command: status. 'leaktrace COMMAND --help' shows its options.\n"
	      "\nexample:\n  leaktrace attach $(pidof server)\n", f);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	fail("unknown command '%s' (see 'leaktrace --help')", name);
	return NULL;
}

static int help(const char *name)
{
	const struct command *c = name ? find_command(name) : NULL;

	if (name && !c)
		return EXIT_TROUBLE;
	if (c)
		return options_usage(stdout, c);
	usage(stdout);
	return EXIT_CLEAN;
}

/* Output that did not reach a full disk is a failure, whatever the command says. */
static int end(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return status == EXIT_TROUBLE ? status : fail("cannot write: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "status";
	const struct command *c;
	struct options o;
	int status;

	setlocale(LC_CTYPE, "");
	if (!strcmp(name, "--version") || !strcmp(name, "-V") || !strcmp(name, "version")) {
		printf("leaktrace %s\n", LEAKTRACE_VERSION);
		return end(EXIT_CLEAN);
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return end(help(argc > 2 && !strcmp(name, "help") ? argv[2] : NULL));
	c = find_command(name);
	if (!c)
		return EXIT_TROUBLE;
	status = options_parse(c, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv, &o);
	if (status)
		return end(status < 0 ? EXIT_CLEAN : status);
	status = end(c->run(&o));
	options_free(&o);
	return status;
}
