// SPDX-License-Identifier: GPL-2.0
/* Windows of a recording, and what differs between two looks. The truth is recording.h's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"
#include "model/delta.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "tracefile/container.h"
#include "tracefile/reader.h"
#include "util/units.h"

static void between(unsigned int from_s, unsigned int to_s, unsigned int first_s, unsigned int last_s)
{
	struct trace_part part = {
		.from_ns = (ATTACHED_S + from_s) * NSEC_PER_SEC, .to_ns = (ATTACHED_S + to_s) * NSEC_PER_SEC,
	};
	unsigned int span = last_s - first_s;
	struct model m, base;
	struct site *s;
	size_t n;

	CHECK(!look(&m, &part, &base), "%s", err);
	CHECK(base.target.id ? !delta_rebase(&m, &base) : !first_s);
	CHECK(m.target.now_ns == (ATTACHED_S + last_s) * NSEC_PER_SEC);
	CHECK(model_end_s(&m) == span, "%f", model_end_s(&m));
	s = model_site(&m, LEAKING);
	CHECK(s && s->born == span && !s->died && site_live(s) == span);
	s = model_site(&m, RESTING);
	CHECK(s && s->born == 10 * span && s->died == 10 * span && s->lifetimes[20] == 10 * span);
	CHECK(m.target.kind[0].born == 11 * span && m.target.kind[0].died == 10 * span);
	CHECK(m.target.kind[0].live == 5 + last_s);
	CHECK(m.target.kind[0].baseline == 5 + first_s && m.target.kind[0].baseline_live == 5 + first_s);
	model_objects(&m, LEAKING, &n);
	CHECK(n == span, "%zu", n);
	run_analysis(&m);
	s = model_site(&m, LEAKING);
	CHECK(span < 100 || s->judgement.verdict == VERDICT_LEAK);
	say_all(&m);
	model_free(&m);
	model_free(&base);
}

static void windows(void)
{
	struct trace_part late = { .from_ns = (ATTACHED_S + LAST_S + 1) * NSEC_PER_SEC, .to_ns = UINT64_MAX };
	struct model m, base;

	write_recording();
	between(100, 200, 100, 200);
	between(109, 219, 100, 210);
	between(0, 50, 0, 50);
	between(9, 50, 0, 50);
	between(101, 102, 100, 110);	/* no look in between: up to the next */
	between(100, 9999, 100, LAST_S);
	CHECK(look(&m, &late, &base) == -ENODATA && *err);
	model_free(&m);
	model_free(&base);
}

static void write_snapshot(unsigned int s, unsigned int pid, uint64_t load)
{
	struct file_writer *w = file_create(path, err, sizeof(err));
	struct target t = target_at(TARGET, s);

	t.pid = pid;
	put_state(w, &t, s, load);
	CHECK(!file_finish(w));
}

static void differences(void)
{
	struct model older, newer, nothing = { 0 };
	struct difference *d;

	/* one process, seen twice */
	write_snapshot(30, 4242, 0x400000);
	CHECK(!look(&older, NULL, NULL));
	write_snapshot(50, 4242, 0x400000);
	CHECK(!look(&newer, NULL, NULL));
	CHECK(delta_same_target(&newer, &older) && delta_rebase(&older, &newer) == -EINVAL && !delta_rebase(&newer, &older));
	CHECK(delta_compare(&nothing, &newer, &d) == 1);
	CHECK(d[0].live == 20 && !d[0].live_before && d[0].site->id == LEAKING);
	delta_free(d, 1);
	model_free(&newer);
	/* another run: elsewhere in memory, more of the same */
	write_snapshot(80, 5000, 0x7f0000);
	CHECK(!look(&newer, NULL, NULL));
	CHECK(!delta_same_target(&newer, &older));
	CHECK(delta_compare(&older, &newer, &d) == 1);
	CHECK(d[0].live == 80 && d[0].live_before == 30 && d[0].site && d[0].before);
	delta_free(d, 1);
	CHECK(delta_compare(&newer, &older, &d) == 1 && d[0].live == 30 && d[0].live_before == 80);
	delta_free(d, 1);
	model_free(&newer);
	model_free(&older);
}

int main(void)
{
	close(mkstemp(path));
	windows();
	differences();
	unlink(path);
	return verdict("since");
}
