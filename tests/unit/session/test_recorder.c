// SPDX-License-Identifier: GPL-2.0
/*
 * Recordings: read whole, cut anywhere, with flipped bits; written, rotated, and
 * kept in their bounds. The truth is recording.h's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/event.h"
#include "model/history.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "session/recorder.h"
#include "symbolize/frame.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/reader.h"
#include "tracefile/records.h"
#include "tracefile/writer.h"
#include "util/format.h"
#include "util/units.h"
#include "recording.h"

static void whole(void)
{
	const struct history_point *p;
	const struct symbol_frame *f;
	struct model m;
	size_t n;

	write_recording();
	CHECK(!look(&m, NULL, NULL) && !m.incomplete, "%s", err);
	check_state(&m, LAST_S);
	n = history_of_site(m.history, LEAKING, &p);
	CHECK(n == 2 * LOOKS);
	for (size_t i = 0; i < n; i++)
		CHECK(p[i].t_ns == (ATTACHED_S + 5 * (i + 1)) * NSEC_PER_SEC && p[i].born == 5 * (i + 1));
	CHECK(history_of_kind(m.history, LEAKTRACE_KIND_FD, &p) == 2 * LOOKS && p[0].live == 10);
	CHECK(model_frames(&m, LEAKING, &f) == 2 && !strcmp(f[0].function, "conn_open"));
	run_analysis(&m);
	CHECK(model_site(&m, LEAKING)->judgement.verdict == VERDICT_LEAK);
	CHECK(model_site(&m, RESTING)->judgement.verdict == VERDICT_OK);
	model_free(&m);
}

static unsigned int looks_before(uint64_t bytes)
{
	unsigned int i = 0;

	while (i < LOOKS && whole_at[i + 1] <= bytes)
		i++;
	return i;
}

/* A recorder that died at that byte: all looks before it are there, none lost. */
static void cut(uint64_t at)
{
	unsigned int looks = looks_before(at);
	struct model m;
	int ret;

	CHECK(!truncate(path, at));
	ret = look(&m, NULL, NULL);
	CHECK(!ret == (looks > 0), "cut at %llu: %d %s", (unsigned long long)at, ret, err);
	CHECK(ret ? *err : m.incomplete, "cut at %llu", (unsigned long long)at);
	if (!ret) {
		check_state(&m, looks * EVERY_S);
		say_all(&m);
	}
	model_free(&m);
}

static void cut_everywhere(void)
{
	struct stat st;

	CHECK(!stat(path, &st));
	for (off_t at = st.st_size - 1; at > 0; at -= at % 1000 ?: 1000)
		cut(at);
	for (unsigned int i = LOOKS; i > 0; i -= 4) {
		write_recording();
		cut(whole_at[i]);
		cut(whole_at[i] - 1);
	}
}

static void flip(long at, unsigned int bit)
{
	FILE *f = fopen(path, "r+");
	int old;

	fseek(f, at, SEEK_SET);
	old = getc(f);
	fseek(f, at, SEEK_SET);
	putc(old ^ 1 << bit, f);
	fclose(f);
}

/* What comes whole before the damage is reported, and nothing after it. */
static void flip_everywhere(void)
{
	struct stat st;

	write_recording();
	CHECK(!stat(path, &st));
	for (long at = 0; at < st.st_size; at += 397) {
		unsigned int looks = looks_before(at);
		struct model m;
		int ret;

		if (at >= 12 && at < 16)
			continue;	/* flags: ignored */
		flip(at, at % 8);
		ret = look(&m, NULL, NULL);
		CHECK(!ret == (at >= 16 && looks > 0), "flip at %ld: %s", at, err);
		if (!ret) {
			CHECK(m.incomplete);
			check_state(&m, looks * EVERY_S);
		}
		model_free(&m);
		flip(at, at % 8);
	}
}

/* --- several targets --- */

static void targets(void)
{
	struct trace_part part = { .to_ns = UINT64_MAX };
	struct file_writer *w = file_record(path, err, sizeof(err));
	struct target never = target_at(99, 5);
	struct trace_survey s;
	struct model m;

	put_snapshot(w, TARGET, 10, true);
	put_snapshot(w, 8, 20, true);
	put_point(w, 8, 25);
	put_snapshot(w, TARGET, 30, false);
	trace_write_edge(w, RECORD_BEGIN, &never);
	put_target(w, &never);
	CHECK(!file_finish(w));
	CHECK(!trace_survey(path, &s, err, sizeof(err)) && s.n == 2 && s.recording);
	CHECK(s.targets[0].id == TARGET && s.targets[1].id == 8 && s.targets[1].pid == 4008);
	CHECK(s.first_ns == (ATTACHED_S + 5) * NSEC_PER_SEC || s.first_ns == (ATTACHED_S + 10) * NSEC_PER_SEC);
	CHECK(s.last_ns == (ATTACHED_S + 30) * NSEC_PER_SEC);
	CHECK(s.wall_minus_mono_s == WALL_S - ATTACHED_S);
	free(s.targets);
	CHECK(!look(&m, NULL, NULL));
	check_state(&m, 30);
	model_free(&m);
	part.target = 8;
	CHECK(!look(&m, &part, NULL));
	check_state(&m, 20);
	model_free(&m);
}

/* --- the recorder --- */

static struct model state_at(unsigned int s, struct site *sites)
{
	struct model m = { .target = target_at(TARGET, s), .sites = sites, .nsites = 2 };

	sites[0] = (struct site){ .id = LEAKING, .born = s };
	sites[1] = (struct site){ .id = RESTING, .born = 50 };
	return m;
}

static unsigned int points_in(const char *file, unsigned int *rows)
{
	struct file_reader *r = file_open(file, err, sizeof(err));
	unsigned int type, n = 0;
	struct point p;
	void *data;
	size_t len;

	*rows = 0;
	while (r && file_next(r, &type, &data, &len, err, sizeof(err)) > 0)
		if (type == RECORD_POINT && !trace_point(data, len, &p)) {
			n++;
			*rows += p.nsites;
			free(p.sites);
		}
	CHECK(r && file_complete(r));
	file_close(r);
	return n;
}

static void recorder(void)
{
	struct record_plan plan = { .path = path, .max_bytes = 1 << 20, .rotate_bytes = 1, .keep = 2 };
	struct recorder *r = recorder_open(&plan, err, sizeof(err));
	unsigned int rows;
	char *old[3];

	for (int i = 0; i < 3; i++)
		old[i] = strdup_printf("%s.%d", path, i + 1);
	for (unsigned int file = 0; file < 4; file++) {
		for (unsigned int s = 1; s <= 10; s++) {
			struct site sites[2];
			struct model m = state_at(100 * file + s, sites);

			CHECK(!recorder_point(r, &m));
		}
		CHECK(recorder_rotation_due(r));
		if (file < 3)
			CHECK(!recorder_rotate(r));
	}
	CHECK(!recorder_close(r));
	/* a site that rests is told once in each file */
	CHECK(points_in(path, &rows) == 10 && rows == 11);
	CHECK(points_in(old[0], &rows) == 10 && rows == 11);
	CHECK(points_in(old[1], &rows) == 10 && rows == 11);
	CHECK(access(old[2], F_OK));
	for (int i = 0; i < 3; i++) {
		unlink(old[i]);
		free(old[i]);
	}
}

/* Far more than it may take: it never takes more, and it goes on. */
static void bounded(void)
{
	struct record_plan plan = { .path = path, .max_bytes = 1 << 20 };
	struct recorder *r = recorder_open(&plan, err, sizeof(err));
	struct event e = { .target = TARGET, .op = LEAKTRACE_EVENT_BORN };
	struct site sites[2];
	struct stat st;

	srandom(5);
	for (unsigned int s = 1; s <= 300; s++) {
		struct model m = state_at(s, sites);

		for (int i = 0; i < 2000; i++) {
			e.id = (uint64_t)random() << 32 | random();
			e.time_ns = random();
			CHECK(!recorder_event(r, &e));
		}
		CHECK(!recorder_point(r, &m) && !recorder_flush(r));
		CHECK(!stat(path, &st) && st.st_size <= 1 << 20, "%ld", (long)st.st_size);
	}
	CHECK(!recorder_close(r) && !stat(path, &st) && st.st_size <= 1 << 20);
}

/* The next file cannot be made: said at each call, and nothing is asked of what is not there. */
static void cannot_rotate(void)
{
	char *folder = strdup_printf("%s.d", path), *file = strdup_printf("%s.d/file", path);
	struct record_plan plan = { .path = file, .max_bytes = 1 << 20, .rotate_bytes = 1 };
	struct recorder *r;
	struct site sites[2];
	struct model m = state_at(1, sites);

	CHECK(!mkdir(folder, 0700));
	r = recorder_open(&plan, err, sizeof(err));
	CHECK(r && !recorder_point(r, &m));
	CHECK(!unlink(file) && !rmdir(folder));
	CHECK(recorder_rotate(r) == -ENOENT && !recorder_bytes(r));
	CHECK(recorder_snapshot(r, NULL, &m, true) == -ENOENT);
	CHECK(recorder_close(r) == -ENOENT);
	free(folder);
	free(file);
}

/* A file that is as long as it may be before it is rotated is not thinned for that. */
static void rotated_before_compacted(void)
{
	struct record_plan plan = { .path = path, .max_bytes = 1 << 20, .rotate_bytes = 1 << 19 };
	struct recorder *r = recorder_open(&plan, err, sizeof(err));
	struct event e = { .target = TARGET, .op = LEAKTRACE_EVENT_BORN };
	int rounds = 0;

	srandom(5);
	for (; rounds < 1000 && !recorder_rotation_due(r); rounds++) {
		for (int i = 0; i < 2000; i++) {
			e.id = (uint64_t)random() << 32 | random();
			CHECK(!recorder_event(r, &e));
		}
		CHECK(!recorder_flush(r));
	}
	CHECK(recorder_rotation_due(r), "after %d rounds", rounds);
	CHECK(!recorder_close(r));
}

static void disk_full(void)
{
	struct record_plan plan = { .path = "/dev/full", .max_bytes = 1 << 20 };

	CHECK(!recorder_open(&plan, err, sizeof(err)) && strstr(err, "No space left"), "%s", err);
	plan.path = "/nonexistent/file";
	CHECK(!recorder_open(&plan, err, sizeof(err)) && *err);
}

int main(void)
{
	close(mkstemp(path));
	whole();
	targets();
	recorder();
	bounded();
	cannot_rotate();
	rotated_before_compacted();
	disk_full();
	/* what is said about each damage is not of interest */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	write_recording();
	cut_everywhere();
	flip_everywhere();
	unlink(path);
	return verdict("record");
}
