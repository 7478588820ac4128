// SPDX-License-Identifier: GPL-2.0
/* Numbers and names as text, and fail(), through which every error message goes. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "leaktrace.h"

static const char *const kinds[KINDS] = {
	[LEAKTRACE_KIND_FD] = "fd",
	[LEAKTRACE_KIND_PAGE] = "page",
	[LEAKTRACE_KIND_TIMER] = "timer",
	[LEAKTRACE_KIND_THREAD] = "thread",
};

static const char *const types[__LEAKTRACE_TYPE_MAX] = {
	[LEAKTRACE_TYPE_UNKNOWN] = "unknown",
	[LEAKTRACE_TYPE_FILE] = "file",
	[LEAKTRACE_TYPE_DIRECTORY] = "directory",
	[LEAKTRACE_TYPE_DEVICE] = "device",
	[LEAKTRACE_TYPE_SOCKET] = "socket",
	[LEAKTRACE_TYPE_PIPE] = "pipe",
	[LEAKTRACE_TYPE_EPOLL] = "epoll",
	[LEAKTRACE_TYPE_EVENTFD] = "eventfd",
	[LEAKTRACE_TYPE_TIMERFD] = "timerfd",
	[LEAKTRACE_TYPE_SIGNALFD] = "signalfd",
	[LEAKTRACE_TYPE_INOTIFY] = "inotify",
	[LEAKTRACE_TYPE_FANOTIFY] = "fanotify",
	[LEAKTRACE_TYPE_MEMFD] = "memfd",
	[LEAKTRACE_TYPE_PIDFD] = "pidfd",
	[LEAKTRACE_TYPE_IO_URING] = "io_uring",
	[LEAKTRACE_TYPE_BPF] = "bpf",
	[LEAKTRACE_TYPE_PERF_EVENT] = "perf_event",
	[LEAKTRACE_TYPE_USERFAULTFD] = "userfaultfd",
	[LEAKTRACE_TYPE_ANON_INODE] = "anon_inode",
	[LEAKTRACE_TYPE_ANON] = "anon",
	[LEAKTRACE_TYPE_SHMEM] = "shmem",
	[LEAKTRACE_TYPE_POSIX_TIMER] = "posix_timer",
	[LEAKTRACE_TYPE_THREAD] = "thread",
	[LEAKTRACE_TYPE_IO_WORKER] = "io_worker",
	[LEAKTRACE_TYPE_PROCESS] = "process",
};

static const char *const stack_statuses[__LEAKTRACE_STACK_MAX] = {
	[LEAKTRACE_STACK_ROOT] = "complete",
	[LEAKTRACE_STACK_DEPTH] = "deeper than the depth limit",
	[LEAKTRACE_STACK_FAULT] = "stack memory was not readable",
	[LEAKTRACE_STACK_NOPROGRESS] = "the frame chain is broken",
	[LEAKTRACE_STACK_NONE] = "outside the program's code (exit, the kernel, another process)",
	[LEAKTRACE_STACK_COMPAT] = "32-bit code is not unwound",
	[LEAKTRACE_STACK_LOST] = "the stack table was full",
	[LEAKTRACE_STACK_NOMAP] = "code outside all known mappings",
	[LEAKTRACE_STACK_NOTABLE] = "no unwind table for the code",
	[LEAKTRACE_STACK_NO_CFI] = "no unwind table entry for the code",
	[LEAKTRACE_STACK_UNSUP] = "unsupported unwind rule",
	[LEAKTRACE_STACK_STALE] = "the mapping changed",
	[LEAKTRACE_STACK_JIT] = "code generated at run time",
	[LEAKTRACE_STACK_UPROBE] = "uprobe trampoline",
};

const char *kind_name(unsigned int kind)
{
	return kind < KINDS ? kinds[kind] : "unknown";
}

int kind_parse(const char *name)
{
	for (int i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i], name))
			return i;
	return -1;
}

const char *type_name(unsigned int type)
{
	return type < ARRAY_SIZE(types) ? types[type] : "unknown";
}

const char *stack_status_text(unsigned int status)
{
	return status < ARRAY_SIZE(stack_statuses) ? stack_statuses[status] : "unknown";
}

/* The name of a frame for use in a sentence; f may be NULL. */
const char *frame_name(const struct symbol_frame *f, char *buf, size_t len)
{
	const char *slash = f && f->module ? strrchr(f->module, '/') : NULL;

	if (!f || (!f->function && !f->module))
		snprintf(buf, len, "unknown code");
	else if (f->function && *f->function)
		snprintf(buf, len, "%.*s", (int)strcspn(f->function + 1, "(") + 1, f->function);
	else
		snprintf(buf, len, "%s+%#llx", slash ? slash + 1 : f->module,
			 (unsigned long long)f->offset);
	return buf;
}

const char *format_count(uint64_t n, char buf[32])
{
	char digits[24];
	size_t len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *out = buf;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}

const char *format_bytes(uint64_t bytes, char buf[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = bytes;
	size_t u = 0;

	while (v >= 1024 && u < ARRAY_SIZE(units) - 1) {
		v /= 1024;
		u++;
	}
	snprintf(buf, 32, v < 10 && u ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}

const char *format_seconds(double s, char buf[32])
{
	if (!isfinite(s) || s < 0)
		snprintf(buf, 32, "?");
	else if (s < 0.001)
		snprintf(buf, 32, "%.0f us", s * 1e6);
	else if (s < 1)
		snprintf(buf, 32, "%.0f ms", s * 1e3);
	else if (s < 10)
		snprintf(buf, 32, "%.1f s", s);
	else if (s < 300)
		snprintf(buf, 32, "%.0f s", s);
	else if (s < 3 * 3600)
		snprintf(buf, 32, "%.0f min", s / 60);
	else if (s < 3 * 86400)
		snprintf(buf, 32, "%.1f h", s / 3600);
	else
		snprintf(buf, 32, "%.1f days", s / 86400);
	return buf;
}

int fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("leaktrace: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_TROUBLE;
}

char *text(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		s = NULL;
	va_end(args);
	return s;
}

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* RFC 3339 with milliseconds, in UTC. */
void format_time(double wall_s, char *buf, size_t len)
{
	time_t t = wall_s < 0 ? 0 : (time_t)wall_s;
	char seconds[40];
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, len, "%s.%03dZ", seconds, wall_s < 0 ? 0 : (int)((wall_s - t) * 1000));
}

/* The last components of a path that is longer than room. */
const char *path_tail(const char *path, size_t room)
{
	size_t len = strlen(path);
	const char *p;

	if (len <= room)
		return path;
	p = strchr(path + len - room, '/');
	return p ? p + 1 : path + len - room;
}
