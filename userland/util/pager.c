// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/pager.h"
#include "util/terminal.h"

enum { NOT_FOUND = 127 };

static const char *pager_name(void)
{
	const char *name = getenv("LEAKTRACE_PAGER") ?: getenv("PAGER");

	return name ?: "less";
}

bool pager_is_wanted(void)
{
	const char *name = pager_name(), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && *name && strcmp(name, "cat") && term && strcmp(term, "dumb");
}

/* Whether the text has fewer rows than the terminal; a line may take several. */
static bool fits(const char *text, size_t len)
{
	struct terminal_size screen = terminal_size(STDOUT_FILENO);
	size_t rows = 0, column = 0;

	if (!screen.rows || !screen.columns)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((text[i] & 0xc0) == 0x80)
			continue;
		if (text[i] == '\033')	/* a colour takes no column */
			while (i + 1 < len && text[i] != 'm')
				i++;
		else
			column++;
		if (text[i] == '\n' || column > screen.columns) {
			rows++;
			column = text[i] != '\n';
		}
	}
	return rows < screen.rows;
}

static void exec_pager(int from)
{
	dup2(from, STDIN_FILENO);
	close(from);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", pager_name(), NULL);
	_exit(NOT_FOUND);
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return;		/* who reads has seen enough */
		text += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
}

/* Returns whether there was such a pager. */
static bool through_pager(const char *text, size_t len)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe(ends))
		return false;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ends[1]);
		exec_pager(ends[0]);
	}
	close(ends[0]);
	if (pid > 0)
		write_all(ends[1], text, len);
	close(ends[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND);
}

void pager_write(const char *text, size_t len)
{
	/* Ctrl-C is the pager's; that it is closed early is no error */
	void (*interrupt)(int) = signal(SIGINT, SIG_IGN), (*closed)(int) = signal(SIGPIPE, SIG_IGN);

	if (fits(text, len) || !through_pager(text, len))
		fwrite(text, 1, len, stdout);
	fflush(stdout);
	signal(SIGINT, interrupt);
	signal(SIGPIPE, closed);
}
