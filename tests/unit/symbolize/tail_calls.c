// SPDX-License-Identifier: GPL-2.0
/*
 * What left the stack by a tail call, named as fixtures/tail_calls.c says.
 * usage: symbolize_tail_calls PROGRAM [bare]
 * bare: without debug information only what is on the stack can be named; the library has it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "symbolize/frame.h"
#include "symbolize/symbolizer.h"
#include "util/format.h"

enum { STACK_MAX = 64 };

static const char *program;

static void add(char *got, const struct symbol_frame *f)
{
	const char *module = f->module ? path_base(f->module) : "";

	if ((strcmp(module, path_base(program)) && strcmp(module, "libjumps.so")) || !f->function || !strcmp(f->function, "_start"))
		return;
	sprintf(got + strlen(got), f->tail_call ? "[%.100s] " : "%.100s ", f->function);
}

/* The functions of the program and its library, innermost first. */
static void name(struct symbolizer *s, const uint64_t *pc, int n, char *got)
{
	struct symbol_frame f[STACK_MAX];

	*got = '\0';
	for (int i = 0; i < n; i++) {
		struct stack_gap gap = { .inner = i ? pc[i - 1] : 0, .outer = pc[i], .inner_is_return_address = true };
		int k = i ? symbolizer_tail_calls(s, &gap, f, STACK_MAX / 2) : 0;

		for (int j = 0; j < k; j++) {
			add(got, &f[j]);
			CHECK(f[j].tail_call && f[j].offset < 0x1000, "%s+%#llx", f[j].function,
			      (unsigned long long)f[j].offset);
			CHECK(!f[j].inlined || (f[j].line && j + 1 < k));
		}
		k += symbolizer_resolve(s, pc[i], true, f + k, STACK_MAX / 2);
		add(got, &f[k - 1]);
	}
}

/* But for the library's. */
static void leave_out_brackets(char *text)
{
	char *from = text, *to;

	while ((from = strchr(from, '[')) && (to = strchr(from, ']')))
		if (strncmp(from, "[library", 8))
			memmove(from, to + 2, strlen(to + 2) + 1);
		else
			from = to;
}

static void check_line(struct symbolizer *s, char *line, bool bare)
{
	char *stack = strchr(line, '|'), *end, got[4096];
	uint64_t pc[STACK_MAX];
	int n = 0;

	*stack++ = '\0';
	while (n < STACK_MAX && (pc[n] = strtoull(stack, &end, 16))) {
		stack = end;
		n++;
	}
	name(s, pc, n, got);
	if (bare)
		leave_out_brackets(line);
	CHECK(!strcmp(got, line), "%s: \"%s\", not \"%s\"", program, got, line);
}

int main(int argc, char **argv)
{
	struct symbolizer *s = NULL;
	int ends[2], lines = 0;
	char line[4096];
	FILE *f;
	pid_t pid;

	program = argv[1];
	if (argc < 2 || pipe(ends))
		return 2;
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		execl(program, program, NULL);
		_exit(127);
	}
	close(ends[1]);
	f = fdopen(ends[0], "r");
	while (f && fgets(line, sizeof(line), f) && strcmp(line, "end\n")) {
		if (!s)
			s = symbolizer_open(pid, NULL, 0);
		if (s && strchr(line, '|'))
			check_line(s, line, argc > 2);
		lines++;
	}
	CHECK(s && lines == 14, "%d lines", lines);
	symbolizer_close(s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return verdict("tail calls");
}
