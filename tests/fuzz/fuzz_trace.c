// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that a trace file can make a report do. Input that begins as a
 * trace file is one, checksums and all; any other is a list of records, each
 * u16 type, u16 bytes and these, and is put into a file that is whole: so that
 * the fuzzer need not guess checksums. It is then read in every way, judged,
 * thinned, compared with an earlier part of itself, and reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_report.h"
#include "analysis/analysis.h"
#include "model/delta.h"
#include "model/history.h"
#include "model/model.h"
#include "model/runtime_delta.h"
#include "report/diff.h"
#include "tracefile/compact.h"
#include "tracefile/container.h"
#include "tracefile/reader.h"

static FILE *nowhere;
static char path[64], err[256];
static int fd = -1;

static void as_it_is(const uint8_t *data, size_t size)
{
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

static void as_records(const uint8_t *data, size_t size)
{
	struct file_writer *w = file_record(path, err, sizeof(err));
	uint16_t head[2];

	while (size >= sizeof(head)) {
		size_t len;

		memcpy(head, data, sizeof(head));
		data += sizeof(head);
		size -= sizeof(head);
		len = head[1] < size ? head[1] : size;
		/* the types that there are, and a few that there are not */
		file_append(w, head[0] & 0x100 ? 0x100 | (head[0] & 15) : head[0] & 15, data, len);
		data += len;
		size -= len;
	}
	file_finish(w);
}

static void differ(struct model *older, struct model *newer)
{
	struct difference_report r = { .older = older, .newer = newer };

	r.n = delta_compare(older, newer, &r.d);
	r.nruntime = runtime_delta_compare(older->runtime, newer->runtime, &r.runtime);
	difference_leaks(&r);
	difference_json(nowhere, &r);
	delta_free(r.d, r.n);
	free(r.runtime);
}

static void read_part(const struct trace_part *part, const uint8_t *data, size_t size)
{
	struct analysis_options opts = { 0 };
	struct model m, base;

	model_init(&m);
	model_init(&base);
	if (!trace_read_part(path, part, &m, &base, err, sizeof(err))) {
		if (base.target.id)
			delta_rebase(&m, &base);
		analysis_run(&m, &opts, history_curve, m.history);
		fuzz_report(nowhere, &m, data, size);
		differ(&base, &m);
	}
	model_free(&m);
	model_free(&base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_part part = { .to_ns = UINT64_MAX };
	struct trace_survey s;

	if (fd < 0) {
		fd = memfd_create("trace", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		nowhere = fopen("/dev/null", "w");
		if (!nowhere)
			abort();
	}
	if (size >= 8 && !memcmp(data, "LEAKTRC\n", 8))
		as_it_is(data, size);
	else
		as_records(data, size);
	if (!trace_survey(path, &s, err, sizeof(err))) {
		read_part(&part, data, size);
		part.target = s.targets[s.n - 1].id;
		part.from_ns = s.first_ns + (s.last_ns - s.first_ns) / 2;
		read_part(&part, data, size);
		free(s.targets);
	}
	trace_compact(path, "/dev/null", lseek(fd, 0, SEEK_END));
	return 0;
}
