// SPDX-License-Identifier: GPL-2.0
/*
 * The options of all commands in one table; each command accepts a subset.
 * --help is printed from the same table, so the two cannot disagree.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "export/push_encode.h"
#include "host/table.h"
#include "model/kind.h"
#include "model/runtime.h"
#include "report/output.h"
#include "session/selector.h"
#include "session/suppressions.h"
#include "symbolize/debuginfod.h"
#include "util/error.h"
#include "util/macros.h"
#include "util/parse.h"
#include "util/style.h"
#include "util/text_page.h"
#include "util/version.h"

struct option_row {
	uint32_t bit;		/* 0: every command has it */
	char letter;		/* 0: none */
	const char *name, *arg, *help;
};

/* Where an option means something else to one command than to the others. */
struct option_exception {
	const char *command, *name, *help;
};

enum { LONG_ONLY = 256 };

static const struct option_row rows[] = {
	{ OPT_KINDS, 'k', "kinds", "LIST", "kinds to trace: fd,page,timer,thread (default), map, heap, all" },
	{ OPT_KINDS, 0, "pair", "PAIR", "trace what a library hands out: LIBRARY:ACQUIRE/RELEASE, or openssl, sqlite…; may be repeated" },
	{ OPT_KINDS, 0, "pairs", "FILE", "the pairs in FILE, one a line; may be repeated" },
	{ OPT_KINDS, 0, "heap-rate", "BYTES", "mean distance of samples of kind heap (default: 64K)" },
	{ OPT_SELECT, 'p', "pid", "PID", "processes by PID, as without -p: 12 or 12,34" },
	{ OPT_SELECT, 0, "comm", "NAME", "processes with this name (/proc/PID/comm)" },
	{ OPT_SELECT, 0, "exe", "PATH", "processes that run this program: a path, or its last part" },
	{ OPT_SELECT, 0, "unit", "NAME", "processes of this systemd unit" },
	{ OPT_SELECT, 0, "cgroup", "PATH", "processes in this cgroup, and below it" },
	{ OPT_SELECT, 0, "container", "NAME", "processes of the container with this name or ID" },
	{ OPT_FORK, 'f', "follow-fork", NULL, "trace child processes too" },
	{ OPT_BACKGROUND, 'b', "background", NULL, "return at once and keep tracing in the kernel" },
	{ OPT_DURATION, 'd', "duration", "TIME", "stop after TIME: 10, 10s, 2m, 1h" },
	{ OPT_JSON, 'j', "json", NULL, "print JSON, one object per line" },
	{ OPT_FORMAT, 'F', "format", "FORMAT", "text, json, folded, html, pprof, openmetrics, prometheus" },
	{ OPT_OUTPUT, 'o', "output", "FILE", "write to FILE instead of standard output" },
	{ OPT_ALL, 'a', "all", NULL, "show every call path and frame, not only findings" },
	{ OPT_SITE, 0, "site", "ID", "one site whole: its number, or its hash or how that begins" },
	{ OPT_PUSH, 0, "to", "URL", "server URL, or the URL to POST profiles to" },
	{ OPT_PUSH, 0, "protocol", "NAME", "pyroscope, parca or pprof (default: pyroscope)" },
	{ OPT_PUSH, 0, "label", "NAME=VALUE", "add a label to every profile; may be repeated" },
	{ OPT_EVERY, 0, "every", "TIME", "repeat every TIME" },
	{ OPT_LISTEN, 0, "listen", "ADDRESS", "ADDRESS:PORT or PORT (default: 127.0.0.1:9746)" },
	{ OPT_FAIL_ON, 0, "fail-on", "leak", "exit with status 1 if COMMAND succeeds and a leak is found" },
	{ OPT_SUPPRESS, 0, "suppressions", "FILE", "do not report what FILE names; may be repeated" },
	{ OPT_SUPPRESS, 0, "baseline", "FILE", "report only what is new since FILE, a report (JSON) or trace" },
	{ OPT_MAKE, 0, "suppress", NULL, "print suppressions for what leaks, instead of the report" },
	{ OPT_LEAK_EXIT, 0, "leak-exit-code", "N", "the status for leaks, 1 to 255 (implies --fail-on leak)" },
	{ OPT_ANALYSIS, 0, "min-age", "TIME", "minimum age of a leaked object (default: 3s)" },
	{ OPT_ANALYSIS, 0, "window", "TIME", "judge only the last TIME" },
	{ OPT_MAX_OBJECTS, 0, "max-objects", "N", "track at most N objects in the kernel" },
	{ OPT_GO, 0, "count", "N", "take N samples (default: 6 with --every, else 1)" },
	{ OPT_GO, 0, "arm", NULL, "enable its heap profiling (writes 8 bytes to it)" },
	{ OPT_GO, 0, "disarm", NULL, "disable its heap profiling (writes 8 bytes to it)" },
	{ OPT_GO, 0, "verdict", NULL, "have Go 1.26+ prove leaks (writes one byte to it)" },
	{ OPT_HOLDERS, 0, "holders", NULL, "show what keeps its objects alive" },
	{ OPT_HOLDERS, 0, "max-memory", "SIZE", "--holders: use at most this much memory (default: 1G)" },
	{ OPT_TOP, '1', "once", NULL, "look twice, print the table and end" },
	{ OPT_TOP, 0, "cgroups", NULL, "cgroups instead of processes" },
	{ OPT_TOP, 's', "sort", "COLUMN", "limit (default), growth, fds, threads, timers, maps, memory, pid, name" },
	{ OPT_TOP, 0, "filter", "TEXT", "only those whose name, PID, unit or cgroup has TEXT" },
	{ OPT_AGENT, 0, "config", "FILE", "read FILE and FILE.d (default: /etc/leaktrace/agent.conf)" },
	{ OPT_AGENT, 0, "check", NULL, "only say whether the configuration is right" },
	{ OPT_RECORD, 0, "interval", "TIME", "time between two samples (default: 10s)" },
	{ OPT_RECORD, 0, "max-size", "SIZE", "limit of the disk space used: 64M, 1G (default: 1G)" },
	{ OPT_RECORD, 0, "rotate", "SIZE|TIME", "start a new file after this size or time: 64M, 1h" },
	{ OPT_RECORD, 0, "keep", "N", "keep N rotated files, FILE.1 the newest (default: 7)" },
	{ OPT_RECORD, 0, "events", NULL, "record each creation and release; slows the target more" },
	{ OPT_BETWEEN, 0, "between", "T1 T2", "only this period of a recording: RFC 3339 times,\n"
	  "+30s from its start, -5m from its end" },
	{ OPT_PROBES, 'v', "probes", NULL, "list every probe (as if not to a terminal)" },
	{ OPT_NO_SYMBOLS, 0, "no-symbols", NULL, "leave out names; keep modules, offsets and build ids" },
	{ OPT_DEBUGINFOD, 0, "debuginfod", NULL, "download debug information from DEBUGINFOD_URLS" },
	{ OPT_NO_COLOR, 0, "no-color", NULL, "no colour, as if NO_COLOR were set" },
	{ 0, 'h', "help", NULL, "show this help" },
	{ 0, 'V', "version", NULL, "show the version" },
};

static const struct option_exception exceptions[] = {
	{ "snapshot", "output", "write the snapshot to FILE (required)" },
	{ "record", "output", "write the recording to FILE (required)" },
	{ "record", "all", "show every call path and frame in the final report" },
	{ "record", "json", "print events and report as JSON, one object per line" },
	{ "status", "json", "print one JSON object" },
	{ "diff", "json", "the same as --format json" },
	{ "diff", "format", "text or json" },
	{ "top", "every", "look every TIME (default: 3s)" },
	{ "top", "json", "print JSON, one look per line" },
	{ "attach", "holders", "of a Go program, show what keeps alive what grows" },
	{ "attach", "max-memory", "--holders: use at most this much memory (default: 256M)" },
	{ "run", "holders", "of a Go program, show what keeps alive what grows" },
	{ "run", "max-memory", "--holders: use at most this much memory (default: 256M)" },
	{ "record", "holders", "of a Go program, record what keeps alive what grows" },
	{ "record", "max-memory", "--holders: use at most this much memory (default: 256M)" },
	{ "report", "holders", "of a live Go program, show what holds most of its memory" },
	{ "report", "max-memory", "--holders: use at most this much memory (default: 256M)" },
	{ "snapshot", "holders", "of a Go program, keep what holds most of its memory" },
	{ "snapshot", "max-memory", "--holders: use at most this much memory (default: 256M)" },
	{ "go", "format", "text, json or pprof" },
	{ "go", "json", "the same as --format json, on one line" },
	{ "look", "duration", "look for TIME: 10, 10s, 2m, 1h (default: 1m)" },
	{ "look", "every", "look every TIME (default: a 60th of the duration)" },
	{ "look", "format", "text or json" },
	{ "look", "json", "the same as --format json, on one line" },
	{ "look", "all", "show all that there is, not only most of it" },
	{ "heap", "format", "text or json" },
	{ "heap", "json", "the same as --format json, on one line" },
	{ "heap", "all", "show every arena, and all that is lost" },
	{ "objects", "format", "text or json" },
	{ "objects", "json", "the same as --format json, on one line" },
	{ "objects", "all", "show every type and root, and more chains" },
	{ "objects", "every", "look twice, this far apart, and show what has grown" },
	{ "objects", "max-memory", "use at most this much memory (default: 1G)" },
	{ "objects", "holders", "show what keeps the objects of a type alive" },
	{ "go", "output", "write to FILE (pprof: a directory), not to stdout" },
	{ "go", "every", "take a sample every TIME" },
	{ "go", "all", "show every call path and frame, not only what grows" },
};

static const char *help_of(const struct command *cmd, const struct option_row *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (!strcmp(exceptions[i].command, cmd->name) && !strcmp(exceptions[i].name, r->name))
			return exceptions[i].help;
	return r->help;
}

/* An option and its help; each further line of the help under the first. */
static void usage_row(FILE *f, const char *option, const char *help)
{
	int line = strcspn(help, "\n");

	fprintf(f, "  %-26s %.*s\n", option, line, help);
	if (help[line])
		usage_row(f, "", help + line + 1);
}

static void write_usage(FILE *f, const struct command *cmd)
{
	fprintf(f, "usage: leaktrace %s%s%s\n\n%s.\n%s%s\noptions:\n", cmd->name, *cmd->args ? " " : "",
		cmd->args, cmd->summary, cmd->details ?: "", cmd->details ? "\n" : "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *r = &rows[i];
		char left[40], letter[8] = "    ";

		if (r->bit && !(cmd->options & r->bit))
			continue;
		if (r->letter)
			snprintf(letter, sizeof(letter), "-%c, ", r->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, r->name, r->arg ? " " : "", r->arg ?: "");
		usage_row(f, left, help_of(cmd, r));
	}
	fprintf(f, "\nexample:\n  %s\n", cmd->example);
}

int options_usage(FILE *f, const struct command *cmd)
{
	struct text_page page;

	if (!text_page_open(&page))
		return fail("out of memory");
	write_usage(page.f, cmd);
	return text_page_write(&page, f, 0) ? 0 : fail("out of memory");
}

static int parse_kinds(const char *arg, uint32_t *kinds)
{
	char unknown[32];

	if (!kinds_parse(arg, kinds, unknown))
		return 0;
	return fail("--kinds: unknown kind '%s' (one of fd, page, timer, thread, map, heap, or all)", unknown);
}

/* 1: every block. */
static int parse_heap_rate(const char *arg, uint64_t *bytes)
{
	char *end;

	*bytes = strtoull(arg, &end, 10);
	if (end > arg && (*end == 'K' || *end == 'M')) {
		*bytes <<= *end == 'K' ? 10 : 20;
		end++;
	}
	if (end > arg && isdigit((unsigned char)*arg) && !*end && *bytes && *bytes <= 1U << 30)
		return 0;
	return fail("--heap-rate: '%s' is not a number of bytes from 1 to 1024M, such as 64K", arg);
}

static int parse_format(const char *arg, struct options *o)
{
	static const char *const names[] = {
		[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_FOLDED] = "folded",
		[FORMAT_PPROF] = "pprof", [FORMAT_OPENMETRICS] = "openmetrics",
		[FORMAT_PROMETHEUS] = "prometheus", [FORMAT_HTML] = "html",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(arg, names[i])) {
			o->output.format = i;
			o->output.format_given = true;
			return 0;
		}
	return fail("--format: unknown format '%s' (one of text, json, folded, html, pprof, openmetrics, prometheus)", arg);
}

static int parse_time_option(const char *name, const char *arg, double *s)
{
	*s = parse_duration_s(arg);
	return *s > 0 ? 0 : fail("--%s: '%s' is not a time (10, 10s, 2m, 1h)", name, arg);
}

static int parse_go(const char *name, const char *arg, struct options *o)
{
	char *end;

	o->arm |= !strcmp(name, "arm");
	o->disarm |= !strcmp(name, "disarm");
	o->verdict |= !strcmp(name, "verdict");
	if (strcmp(name, "count"))
		return 0;
	o->count = strtoul(arg, &end, 10);
	return *end || !o->count || o->count > 1000 ?
		fail("--count: '%s' is not a number from 1 to 1000", arg) : 0;
}

static int parse_holders(const char *name, const char *arg, struct options *o)
{
	o->holders |= !strcmp(name, "holders");
	if (!strcmp(name, "max-memory")) {
		o->memory_bytes = parse_size_bytes(arg);
		if (o->memory_bytes < 1 << 20)
			return fail("--max-memory: '%s' is not a size of at least 1M (512M, 4G)", arg);
	}
	o->session.holders_bytes = o->holders ? o->memory_bytes ?: RUNTIME_HOLDERS_BYTES : 0;
	return 0;
}

/* Names as in Prometheus; any value. */
static int add_label(const char *arg, struct options *o)
{
	size_t len = strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	struct option_label *l = &o->labels[o->nlabels];

	if (!len || arg[len] != '=' || isdigit((unsigned char)*arg))
		return fail("--label: '%s' is not NAME=VALUE (letters, digits and _ in NAME)", arg);
	if (o->nlabels == OPTIONS_LABELS_MAX)
		return fail("--label: at most %d are allowed", OPTIONS_LABELS_MAX);
	l->name = strndup(arg, len);
	l->value = strdup(arg + len + 1);
	o->nlabels++;
	return l->name && l->value ? 0 : fail("out of memory");
}

static int parse_push(const char *name, const char *arg, struct options *o)
{
	if (!strcmp(name, "label"))
		return add_label(arg, o);
	if (!strcmp(name, "to")) {
		o->to = arg;
		return 0;
	}
	o->protocol = push_protocol_parse(arg);
	return o->protocol < 0 ?
		fail("--protocol: unknown protocol '%s' (one of pyroscope, parca, pprof)", arg) : 0;
}

/* As perf's and strace's -p: one, or several separated by commas. */
static int add_pids(const char *arg, struct options *o)
{
	char *copy = strdup(arg), *rest = copy, *word, **grown;
	int err = copy ? 0 : fail("out of memory");
	pid_t pid;

	while (!err && (word = strsep(&rest, ","))) {
		grown = realloc(o->pids, (o->npids + 1) * sizeof(*grown));
		if (parse_pid(word, &pid))
			err = fail("--pid: invalid PID '%s'", word);
		else if (!grown)
			err = fail("out of memory");
		if (grown)
			o->pids = grown;
		if (!err)
			o->pids[o->npids++] = strdup(word);
	}
	free(copy);
	return err;
}

/* The same as if they had been given without -p. */
static int join_pids(struct options *o)
{
	char **all = realloc(o->pids, (o->npids + o->argc + 1) * sizeof(*all));

	if (!all)
		return fail("out of memory");
	for (int i = 0; i < o->argc; i++)
		all[o->npids + i] = o->argv[i];
	o->pids = o->argv = all;
	o->argc += o->npids;
	return 0;
}

static int parse_select(const char *name, const char *arg, struct options *o)
{
	if (!strcmp(name, "pid"))
		return add_pids(arg, o);
	if (!o->selector)
		o->selector = selector_new("");
	return o->selector ? selector_add(o->selector, name, arg) : fail("out of memory");
}

static int parse_suppress(const char *name, const char *arg, struct options *o)
{
	if (!o->suppressions)
		o->suppressions = suppressions_new();
	if (!o->suppressions)
		return fail("out of memory");
	if (strcmp(name, "baseline"))
		return suppressions_read(o->suppressions, arg);
	o->baseline = arg;	/* read once the options of the analysis are known */
	return 0;
}

void options_free(struct options *o)
{
	selector_free(o->selector);
	suppressions_free(o->suppressions);
	for (unsigned int i = 0; i < o->npids; i++)
		free(o->pids[i]);
	free(o->pids);
	pair_specs_free(&o->session.pairs);
}

/* Options without an argument. */
static void set_flag(const struct option_row *r, struct options *o)
{
	o->session.follow_fork |= r->bit == OPT_FORK;
	o->session.background |= r->bit == OPT_BACKGROUND;
	o->json |= r->bit == OPT_JSON;
	o->output.all |= r->bit == OPT_ALL;
	o->suppress |= r->bit == OPT_MAKE;
	o->probes |= r->bit == OPT_PROBES;
	o->check |= r->bit == OPT_AGENT && !r->arg;
	o->no_symbols |= r->bit == OPT_NO_SYMBOLS;
	o->output.no_color |= r->bit == OPT_NO_COLOR;
}

/* Options whose argument is taken as it is. */
static void set_word(const struct option_row *r, const char *arg, struct options *o)
{
	if (r->bit == OPT_OUTPUT)
		o->output.path = arg;
	if (r->bit == OPT_LISTEN)
		o->listen = arg;
	if (r->bit == OPT_BETWEEN)
		o->between[0] = arg;
	if (r->bit == OPT_AGENT && r->arg)
		o->config = arg;
}

/* As in perf: 10m is a time, 10M a size, and a size needs its unit. */
static int parse_rotate(const char *arg, struct options *o)
{
	o->rotate_bytes = strpbrk(arg, "KMGT") ? parse_size_bytes(arg) : 0;
	o->rotate_s = o->rotate_bytes ? 0 : parse_duration_s(arg);
	return o->rotate_bytes || o->rotate_s >= 1 ? 0 :
		fail("--rotate: '%s' is neither a size (64M, 1G) nor a time of at least one second (1h)", arg);
}

static int parse_top(const char *name, const char *arg, struct options *o)
{
	o->once |= !strcmp(name, "once");
	o->cgroups |= !strcmp(name, "cgroups");
	if (!strcmp(name, "filter"))
		o->filter = arg;
	if (strcmp(name, "sort"))
		return 0;
	o->sort = arg;
	return host_order_parse(arg) < 0 ?
		fail("--sort: unknown column '%s' (one of limit, growth, fds, threads, timers, maps, memory, pid, name)", arg) : 0;
}

static int parse_record(const char *name, const char *arg, struct options *o)
{
	char *end;

	switch (name[0]) {
	case 'i':
		o->interval_s = parse_duration_s(arg);
		return o->interval_s >= 1 ? 0 : fail("--interval: '%s' is not a time of at least one second (10s, 1m)", arg);
	case 'm':
		o->max_bytes = parse_size_bytes(arg);
		return o->max_bytes >= 1 << 20 ? 0 : fail("--max-size: '%s' is not a size of at least 1M (64M, 1G)", arg);
	case 'r':
		return parse_rotate(arg, o);
	case 'k':
		o->keep = strtoul(arg, &end, 10);
		return *end || !o->keep || o->keep > 9999 ? fail("--keep: '%s' is not a number from 1 to 9999", arg) : 0;
	}
	o->session.every_object = true;
	return 0;
}

static int parse_leak_exit(const char *arg, struct options *o)
{
	o->fail_on_leak = true;
	o->leak_exit_code = strspn(arg, "0123456789") == strlen(arg) && strlen(arg) <= 3 ? atoi(arg) : 0;
	return o->leak_exit_code < 1 || o->leak_exit_code > 255 ?
		fail("--leak-exit-code: '%s' is not a number from 1 to 255", arg) : 0;
}

static int parse_kinds_option(const struct option_row *r, const char *arg, struct options *o)
{
	char err[512];

	if (!strcmp(r->name, "pair"))
		return pair_specs_add(&o->session.pairs, arg, err, sizeof(err)) ? fail("--pair: %s", err) : 0;
	if (!strcmp(r->name, "pairs"))
		return pair_specs_add_file(&o->session.pairs, arg, err, sizeof(err)) ? fail("--pairs: %s", err) : 0;
	return !strcmp(r->name, "kinds") ? parse_kinds(arg, &o->session.kinds) :
					   parse_heap_rate(arg, &o->session.heap_rate_bytes);
}

static int parse_option(const struct option_row *r, const char *arg, struct options *o)
{
	char *end;

	switch (r->bit) {
	case OPT_KINDS:
		return parse_kinds_option(r, arg, o);
	case OPT_DURATION:
		return parse_time_option(r->name, arg, &o->session.duration_s);
	case OPT_FORMAT:
		return parse_format(arg, o);
	case OPT_EVERY:
		return parse_time_option(r->name, arg, &o->every_s);
	case OPT_PUSH:
		return parse_push(r->name, arg, o);
	case OPT_FAIL_ON:
		o->fail_on_leak = true;
		return strcmp(arg, "leak") ? fail("--fail-on: unknown condition '%s' (only 'leak')", arg) : 0;
	case OPT_SUPPRESS:
		return parse_suppress(r->name, arg, o);
	case OPT_SELECT:
		return parse_select(r->name, arg, o);
	case OPT_LEAK_EXIT:
		return parse_leak_exit(arg, o);
	case OPT_ANALYSIS:
		return parse_time_option(r->name, arg, r->name[0] == 'm' ? &o->session.analysis.min_age_s :
					 &o->session.analysis.window_s);
	case OPT_MAX_OBJECTS:
		o->session.max_objects = strtoul(arg, &end, 10);
		return *end || !o->session.max_objects ? fail("--max-objects: '%s' is not a number", arg) : 0;
	case OPT_GO:
		return parse_go(r->name, arg, o);
	case OPT_HOLDERS:
		return parse_holders(r->name, arg, o);
	case OPT_TOP:
		return parse_top(r->name, arg, o);
	case OPT_RECORD:
		return parse_record(r->name, arg, o);
	case OPT_DEBUGINFOD:
		return debuginfod_ask();
	case OPT_SITE:
		o->output.site = arg;
		return *arg ? 0 : fail("--site: expected a site's number or hash");
	}
	set_word(r, arg, o);
	set_flag(r, o);
	return 0;
}

/* Builds getopt's tables from the options that cmd accepts. */
static void build(const struct command *cmd, struct option *longs, char *letters)
{
	/* options after the command to run belong to that command */
	if (!strcmp(cmd->name, "run"))
		*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *r = &rows[i];

		if (r->bit && !(cmd->options & r->bit))
			continue;
		*longs++ = (struct option){ r->name, r->arg ? required_argument : no_argument, NULL,
					    LONG_ONLY + i };
		if (r->letter) {
			*letters++ = r->letter;
			if (r->arg)
				*letters++ = ':';
		}
	}
	memset(longs, 0, sizeof(*longs));
	*letters = '\0';
}

static const struct option_row *row_of(int c)
{
	if (c >= LONG_ONLY)
		return &rows[c - LONG_ONLY];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter == c)
			return &rows[i];
	return NULL;
}

static int add_pair_kind(struct session_options *o)
{
	if (o->kinds & 1U << LEAKTRACE_KIND_PAIR && !o->pairs.n)
		return fail("--kinds pair: say which, by --pair LIBRARY:ACQUIRE/RELEASE or --pairs FILE");
	if (o->pairs.n)
		o->kinds |= 1U << LEAKTRACE_KIND_PAIR;
	return 0;
}

/* 0: continue; EXIT_TROUBLE after an error message; -1: help or version was printed. */
int options_parse(const struct command *cmd, int argc, char **argv, struct options *o)
{
	struct option longs[ARRAY_SIZE(rows) + 1];
	char letters[3 * ARRAY_SIZE(rows) + 3];
	const struct option_row *r;
	int c, err;

	memset(o, 0, sizeof(*o));
	o->session.kinds = LEAKTRACE_KINDS_DEFAULT;
	o->session.heap_rate_bytes = 64 << 10;
	o->protocol = PUSH_PYROSCOPE;
	o->leak_exit_code = EXIT_LEAKS;
	build(cmd, longs, letters);
	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?' || c == ':') {
			char letter[] = { '-', optopt, '\0' }, *word = argv[optind - 1];

			/* in a word of several letters, only one of them is wrong */
			if (c == '?' && optopt > ' ' && optopt <= '~' && strncmp(word, "--", 2))
				word = letter;
			return fail("%s: %s '%s' (see 'leaktrace %s --help')", cmd->name,
				    c == ':' ? "missing argument for" : "unknown option", word, cmd->name);
		}
		r = row_of(c);
		if (!strcmp(r->name, "help"))
			return options_usage(stdout, cmd) ?: -1;
		if (!strcmp(r->name, "version")) {
			printf("leaktrace %s\n", LEAKTRACE_VERSION);
			return -1;
		}
		err = parse_option(r, optarg, o);
		if (err)
			return err;
		/* the only option with two arguments */
		if (r->bit == OPT_BETWEEN && optind >= argc)
			return fail("--between: expected two times: T1 T2");
		if (r->bit == OPT_BETWEEN)
			o->between[1] = argv[optind++];
	}
	if (o->output.format == FORMAT_PPROF && output_is_stdout(&o->output) && isatty(STDOUT_FILENO))
		return fail("%s: refusing to write binary pprof to a terminal: give -o FILE or -o DIRECTORY", cmd->name);
	if (o->json && !o->output.format_given)
		o->output.format = FORMAT_JSON;
	o->argc = argc - optind;
	o->argv = argv + optind;
	if (o->baseline && suppressions_read_baseline(o->suppressions, o->baseline, &o->session.analysis))
		return EXIT_TROUBLE;
	/* run's arguments are its command */
	return add_pair_kind(&o->session) ?: o->npids && strcmp(cmd->name, "run") ? join_pids(o) : 0;
}

