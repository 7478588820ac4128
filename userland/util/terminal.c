// SPDX-License-Identifier: GPL-2.0
/*
 * Terminals. A process in the background must neither change the mode of its
 * terminal nor read from it: the kernel would stop it. So each use asks first
 * whether we are in the foreground, which changes with every ^Z, bg and fg.
 */
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "util/terminal.h"

#define ELLIPSIS	"\xe2\x80\xa6"

static struct termios before;		/* the mode to which the terminal is put back */
static bool keys;

struct terminal_size terminal_size(int fd)
{
	struct winsize w;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &w))
		return (struct terminal_size){ 0 };
	return (struct terminal_size){ .columns = w.ws_col, .rows = w.ws_row };
}

bool terminal_is_capable(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb");
}

unsigned int text_character(const char *text, size_t *len)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, text, strnlen(text, MB_LEN_MAX), &state);
	int width = n == (size_t)-1 || n == (size_t)-2 || !n ? -1 : wcwidth(c);

	*len = width < 0 ? 1 : n;
	return width < 0 ? 1 : width;
}

unsigned int text_columns(const char *text)
{
	unsigned int columns = 0;
	size_t len;

	for (; *text; text += len)
		columns += text_character(text, &len);
	return columns;
}

size_t text_fit(const char *text, unsigned int columns)
{
	const char *at = text;
	size_t len;

	while (*at) {
		unsigned int width = text_character(at, &len);

		if (width > columns)
			break;
		columns -= width;
		at += len;
	}
	return at - text;
}

void text_put(FILE *f, const char *text)
{
	const char *next;

	if (!strcmp(nl_langinfo(CODESET), "UTF-8")) {
		fputs(text, f);
		return;
	}
	for (; (next = strstr(text, ELLIPSIS)); text = next + strlen(ELLIPSIS)) {
		fwrite(text, 1, next - text, f);
		fputs("...", f);
	}
	fputs(text, f);
}

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void terminal_keys_begin(void)
{
	struct termios mode;

	if (!isatty(STDIN_FILENO) || !in_foreground() || tcgetattr(STDIN_FILENO, &mode))
		return;
	if (!keys)
		before = mode;
	mode.c_lflag &= ~(ICANON | ECHO);
	mode.c_cc[VMIN] = 0;
	mode.c_cc[VTIME] = 0;
	keys = !tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

void terminal_keys_end(void)
{
	if (keys && in_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	keys = false;
}

int terminal_keys_fd(void)
{
	return keys && in_foreground() ? STDIN_FILENO : -1;
}

int terminal_key(void)
{
	unsigned char c;
	ssize_t n = read(STDIN_FILENO, &c, 1);

	/* nothing where poll() has told of something: the terminal is gone */
	if (!n || (n < 0 && errno != EINTR && errno != EAGAIN))
		keys = false;
	return n == 1 ? c : 0;
}
