// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/message.h"
#include "util/sanitize.h"

/* Whoever inherited the variable may have turned stderr elsewhere: it names device and inode. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &st) &&
		st.st_dev == device && st.st_ino == inode;
}

void message(enum priority priority, const char *fmt, ...)
{
	char text[2048], when[16] = "";
	time_t now = time(NULL);
	struct tm tm;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sanitize(text);
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	if (is_journal())
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "%s %s\n", when, text);
}
