// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "top/messages.h"
#include "util/sanitize.h"

static int before = -1, kept = -1;	/* the real standard error, and what stands in for it */

void messages_begin(void)
{
	kept = memfd_create("messages", MFD_CLOEXEC);
	if (kept < 0)
		return;
	fflush(stderr);
	before = dup(STDERR_FILENO);
	dup2(kept, STDERR_FILENO);
}

void messages_take(char *buf, size_t len)
{
	static const char prefix[] = "leaktrace: ";
	char text[1024], *line;
	ssize_t n;

	fflush(stderr);
	if (kept < 0 || lseek(kept, 0, SEEK_CUR) <= 0)
		return;
	n = pread(kept, text, sizeof(text) - 1, lseek(kept, 0, SEEK_CUR) > (off_t)sizeof(text) ?
		  lseek(kept, 0, SEEK_CUR) - (off_t)sizeof(text) + 1 : 0);
	if (ftruncate(kept, 0) || n <= 0)
		return;
	lseek(kept, 0, SEEK_SET);
	while (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	line = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
	if (!strncmp(line, prefix, strlen(prefix)))
		line += strlen(prefix);
	snprintf(buf, len, "%s", line);
	sanitize(buf);
}

void messages_end(void)
{
	if (before < 0)
		return;
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	close(kept);
	before = kept = -1;
}
