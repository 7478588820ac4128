// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/format.h"
#include "util/macros.h"

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

char *strdup_printf(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		s = NULL;
	va_end(args);
	return s;
}

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

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

const char *format_count_change(int64_t n, char buf[40])
{
	char digits[32];

	snprintf(buf, 40, "%c%s", n < 0 ? '-' : '+', format_count(magnitude(n), digits));
	return buf;
}

const char *format_bytes_change(int64_t bytes, char buf[40])
{
	char digits[32];

	snprintf(buf, 40, "%c%s", bytes < 0 ? '-' : '+', format_bytes(magnitude(bytes), digits));
	return buf;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_short(const char *path)
{
	const char *base = path_base(path), *p = base;

	if (base == path)
		return path;
	for (p--; p > path && p[-1] != '/'; p--)
		;
	return base - 1 - p < 30 ? p : base;
}

const char *path_fit(const char *path, size_t columns, char *buf, size_t len)
{
	const char *rest, *base = path_base(path);

	while (!strncmp(path, "./", 2) || !strncmp(path, "../", 3))
		path = strchr(path, '/') + 1;
	if (strlen(path) <= columns) {
		snprintf(buf, len, "%s", path);
		return buf;
	}
	rest = columns > 2 ? path_tail(path, columns - 2) : base;
	if (rest > base || rest[-1] != '/')
		rest = base;
	snprintf(buf, len, "%s%s", rest > path ? "…/" : "", rest);
	return buf;
}

const char *path_tail(const char *path, size_t width)
{
	size_t len = strlen(path);
	const char *p;

	if (len <= width)
		return path;
	p = strchr(path + len - width, '/');
	return p ? p + 1 : path + len - width;
}
