// SPDX-License-Identifier: GPL-2.0
/* Which target of one file is which of another, and a diff of files with several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "tracefile/container.h"
#include "tracefile/reader.h"
#include "tracefile/target_match.h"
#include "util/error.h"
#include "util/style.h"
#include "recording.h"

static struct trace_survey survey(struct trace_target *t, size_t n)
{
	return (struct trace_survey){ .targets = t, .n = n };
}

static void expect(struct trace_target *older, size_t n, struct trace_target *newer, size_t k,
		   const int *want)
{
	struct trace_survey a = survey(older, n), b = survey(newer, k);
	int *of = target_match(&a, &b);

	CHECK(of);
	for (size_t i = 0; of && i < k; i++)
		CHECK(of[i] == want[i], "%zu: %d, not %d", i, of[i], want[i]);
	free(of);
}

static void matches(void)
{
	struct trace_target old[] = {
		{ 1, 10, 5, "web", "/bin/web" }, { 2, 11, 6, "job", "/bin/job" },
		{ 3, 12, 7, "job", "/bin/job" }, { 4, 13, 8, "old", "/bin/old" },
	};
	struct trace_target same[] = { old[2], old[0], old[1] };
	struct trace_target next[] = {
		{ 9, 77, 90, "new", "/bin/new" }, { 8, 12, 91, "job", "/bin/job" },
		{ 7, 99, 92, "job", "/bin/job" }, { 6, 98, 93, "job", "/bin/job" },
		{ 5, 97, 94, "web", "/opt/2/web" },
	};

	expect(old, 4, same, 3, (int[]){ 2, 0, 1 });
	/* by pid, in order, not there any more, moved elsewhere */
	expect(old, 4, next, 5, (int[]){ MATCH_NONE, 2, 1, MATCH_NONE, 0 });
	/* one with one, whatever they are; not one with several */
	expect(old, 1, next, 1, (int[]){ 0 });
	expect(old, 1, next, 2, (int[]){ MATCH_NONE, MATCH_NONE });
	expect(old, 4, next, 0, NULL);
}

/* Targets from to to, each with s leaked. */
static void write_file(const char *file, uint32_t from, uint32_t to, unsigned int s)
{
	struct file_writer *w = file_record(file, err, sizeof(err));

	for (uint32_t id = from; id <= to; id++)
		put_snapshot(w, id, s, true);
	CHECK(!file_finish(w));
}

static char *diff(const char *older, const char *newer, int want, enum format format)
{
	char out[] = "/tmp/leaktrace-test-XXXXXX", *args[] = { (char *)older, (char *)newer };
	struct options o = { .output.format = format, .output.path = out, .argc = 2, .argv = args };
	static char said[1 << 16];
	FILE *f;

	close(mkstemp(out));
	CHECK(cmd_diff(&o) == want);
	f = fopen(out, "r");
	said[f ? fread(said, 1, sizeof(said) - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	unlink(out);
	return said;
}

static unsigned int times(const char *all, const char *what)
{
	unsigned int n = 0;

	for (const char *p = strstr(all, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static void files(void)
{
	char other[] = "/tmp/leaktrace-test-XXXXXX";
	struct trace_survey s;
	const char *said;

	close(mkstemp(other));
	write_file(path, 7, 9, 30);
	write_file(other, 7, 9, 50);
	CHECK(!trace_survey(path, &s, err, sizeof(err)) && s.n == 3);
	CHECK(!strcmp(s.targets[2].exe, "/bin/server") && s.targets[2].attached_ns);
	free(s.targets);
	/* the same three processes: what came in between leaks in each */
	said = diff(path, other, EXIT_LEAKS, FORMAT_JSON);
	CHECK(times(said, "\n") == 3 && times(said, "\"same_process\":true") == 3);
	CHECK(times(said, "\"growth\":20,") == 3);
	CHECK(strstr(said, "\"pid\":4007") && strstr(said, "\"pid\":4008") && strstr(said, "\"pid\":4009"));
	said = diff(path, other, EXIT_LEAKS, FORMAT_TEXT);
	CHECK(times(said, "the same process") == 3 && times(said, "+20") >= 3);
	said = diff(other, path, EXIT_TROUBLE, FORMAT_TEXT);
	CHECK(!*said);
	/* other runs: the first two of three, in order */
	write_file(other, 17, 18, 50);
	said = diff(path, other, EXIT_LEAKS, FORMAT_JSON);
	CHECK(times(said, "\"growth\":20,") == 2 && times(said, "\"new\":null") == 1);
	said = diff(other, path, EXIT_LEAKS, FORMAT_TEXT);
	CHECK(times(said, "not in the older file") == 1 && times(said, "+30") >= 1 && times(said, "-20 ") == 2);
	unlink(other);
}

int main(void)
{
	close(mkstemp(path));
	matches();
	files();
	unlink(path);
	return verdict("match");
}
