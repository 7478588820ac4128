// SPDX-License-Identifier: GPL-2.0
/*
 * A week of a busy server in one recording: the recorder, the thinner and the
 * reader are the real ones, the kernel behind them and the clock are played (the
 * linker puts ours in their places). The file never takes more than it may, and
 * at the end there is the whole week, coarser where it is older.
 *
 * usage: test_week [MAX_MIB [SITES OBJECTS]]
 *
 * By default all of it is 1/256: 4 MiB for 100 sites and 200 objects are what the
 * recorder's 1 GiB is for 25,600 sites and 51,200 objects.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

#include "model/history.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/proc_load.h"
#include "model/site.h"
#include "model/target.h"
#include "session/recorder.h"
#include "symbolize/symbolizer.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "tracefile/records.h"
#include "util/format.h"
#include "util/units.h"

enum { WEEK_S = 7 * 86400, INTERVAL_S = 30, LEAK_EVERY_S = 3600, FRAMES = 8 };

static unsigned int now_s, sites = 100, objects = 200;

uint64_t __wrap_monotonic_ns(void);
int __wrap_client_raw(struct client *c, int cmd, uint32_t target,
		      int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);

uint64_t __wrap_monotonic_ns(void)
{
	return (ATTACHED_S + now_s) * NSEC_PER_SEC;
}

/* Site 1 leaks one an hour, a fifth of the others are at work at any time. */
static uint64_t born_by(uint32_t site, unsigned int s)
{
	return site == LEAKING ? s / LEAK_EVERY_S : (uint64_t)(s / 3600 * (site % 7) * 40) +
		(site % 5 == s / 3600 % 5 ? s % 3600 / (1 + site % 11) : 0) + 2;
}

static struct target target_now(void)
{
	struct target t = target_at(TARGET, now_s);

	t.pid = 0;
	return t;
}

/* --- the kernel --- */

struct answer {
	int cmd, err;
	int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg);
	void *arg;
};

static void begin(void)
{
	msg = nlmsg_alloc_size(2048);
	nlmsg_put(msg, 0, 0, 0, 0, 0);
}

static void give(struct answer *a)
{
	if (!a->err)
		a->err = a->fn(a->cmd, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)), a->arg);
	nlmsg_free(msg);
}

static void give_target(struct answer *a)
{
	struct target t = target_now();
	struct nlattr *nest;

	begin();
	nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, t.id);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_KINDS, t.kinds);
	nla_put_string(msg, LEAKTRACE_A_TARGET_COMM, t.comm);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_NOW_NS, t.now_ns);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_RECONCILED_NS, t.now_ns);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_ATTACHED_NS, t.attached_ns);
	nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
	nla_put_u8(msg, LEAKTRACE_A_KIND_ID, LEAKTRACE_KIND_FD);
	nla_put_u64(msg, LEAKTRACE_A_KIND_BORN, born_by(LEAKING, now_s) + objects);
	nla_put_u64(msg, LEAKTRACE_A_KIND_LIVE, born_by(LEAKING, now_s) + objects);
	nla_nest_end(msg, nest);
	give(a);
}

static void give_site(struct answer *a, uint32_t id)
{
	uint64_t born = born_by(id, now_s);
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS] = { 0 };

	lifetimes[10 + id % 8] = id == LEAKING ? 0 : born - 2;
	begin();
	nla_put_u32(msg, LEAKTRACE_A_SITE_ID, id);
	nla_put_u8(msg, LEAKTRACE_A_SITE_KIND, LEAKTRACE_KIND_FD);
	nla_put_u8(msg, LEAKTRACE_A_SITE_TYPE, LEAKTRACE_TYPE_SOCKET);
	nla_put_u32(msg, LEAKTRACE_A_SITE_STACK, id);
	nla_put_u64(msg, LEAKTRACE_A_SITE_BORN, born);
	nla_put_u64(msg, LEAKTRACE_A_SITE_DIED, id == LEAKING ? 0 : born - 2);
	nla_put_u64(msg, LEAKTRACE_A_SITE_FIRST_NS, (ATTACHED_S + id) * NSEC_PER_SEC);
	nla_put_u64(msg, LEAKTRACE_A_SITE_LAST_NS, __wrap_monotonic_ns());
	nla_put(msg, LEAKTRACE_A_SITE_LIFETIMES, sizeof(lifetimes), lifetimes);
	give(a);
}

static void give_stack(struct answer *a, uint32_t id)
{
	uint64_t pcs[FRAMES];

	for (int i = 0; i < FRAMES; i++)
		pcs[i] = 0x400000 + 16 * (i < 3 ? id * 4 + i : (uint32_t)i);
	begin();
	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, id);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, LEAKTRACE_STACK_ROOT);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, sizeof(pcs), pcs);
	give(a);
}

/* Most of them come and go; what has leaked stays. */
static void give_object(struct answer *a, uint32_t i)
{
	uint64_t born_s = i < objects ? now_s - (i * 2654435761U) % (1 + now_s % 97) :
		(uint64_t)(i - objects + 1) * LEAK_EVERY_S;

	begin();
	nla_put_u8(msg, LEAKTRACE_A_OBJECT_KIND, LEAKTRACE_KIND_FD);
	nla_put_u8(msg, LEAKTRACE_A_OBJECT_TYPE, LEAKTRACE_TYPE_SOCKET);
	nla_put_u64(msg, LEAKTRACE_A_OBJECT_ID, i);
	nla_put_u32(msg, LEAKTRACE_A_OBJECT_SITE, i < objects ? 2 + i % (sites - 1) : LEAKING);
	nla_put_u64(msg, LEAKTRACE_A_OBJECT_BORN_NS, (ATTACHED_S + born_s) * NSEC_PER_SEC + i);
	give(a);
}

int __wrap_client_raw(struct client *c, int cmd, uint32_t target,
		      int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg)
{
	struct answer a = { .cmd = cmd, .fn = fn, .arg = arg };

	(void)c;
	(void)target;
	switch (cmd) {
	case LEAKTRACE_CMD_TARGET_GET:
		give_target(&a);
		break;
	case LEAKTRACE_CMD_SITE_GET:
		for (uint32_t id = 1; id <= sites; id++)
			give_site(&a, id);
		break;
	case LEAKTRACE_CMD_STACK_GET:
		for (uint32_t id = 1; id <= sites; id++)
			give_stack(&a, id);
		break;
	case LEAKTRACE_CMD_OBJECT_GET:
		for (uint32_t i = 0; i < objects + born_by(LEAKING, now_s); i++)
			give_object(&a, i);
		break;
	}
	return a.err;
}

/* --- the session --- */

static uint64_t bytes_of(const char *file)
{
	struct stat st;

	return stat(file, &st) ? 0 : st.st_size;
}

static void look_counters(struct model *m)
{
	m->target = target_now();
	m->load = (struct proc_load){ .known = true, .done = { 5000ULL * now_s, 4000ULL * now_s, 30000ULL * now_s } };
	for (size_t i = 0; i < m->nsites; i++) {
		struct site *s = &m->sites[i];

		s->born = born_by(s->id, now_s);
		s->died = s->id == LEAKING ? 0 : s->born - 2;
	}
}

static void record_week(uint64_t max_bytes)
{
	struct record_plan plan = { .path = path, .interval_s = INTERVAL_S, .max_bytes = max_bytes,
				    .symbols = true };
	struct recorder *r = recorder_open(&plan, err, sizeof(err));
	char *aside = strdup_printf("%s.thinned", path);
	uint64_t most_bytes = 0;
	struct model m;
	int ret = 0;

	model_init(&m);
	m.offline = true;
	m.symbolizer = symbolizer_offline();
	for (now_s = INTERVAL_S; now_s <= WEEK_S && !ret; now_s += INTERVAL_S) {
		bool last = now_s == INTERVAL_S || now_s == WEEK_S;
		uint64_t bytes;

		look_counters(&m);
		ret = recorder_point(r, &m) ?: recorder_snapshot(r, NULL, &m, last) ?: recorder_flush(r);
		bytes = bytes_of(path) + bytes_of(aside);
		most_bytes = bytes > most_bytes ? bytes : most_bytes;
	}
	now_s = WEEK_S;
	CHECK(!ret, "second %u: %s", now_s, strerror(-ret));
	CHECK(!recorder_close(r));
	CHECK(most_bytes <= max_bytes, "%llu of %llu bytes", (unsigned long long)most_bytes,
	      (unsigned long long)max_bytes);
	/* and makes use of them */
	CHECK(most_bytes > max_bytes / 3 && bytes_of(path) > max_bytes / 8, "%llu at most, %llu at the end",
	      (unsigned long long)most_bytes, (unsigned long long)bytes_of(path));
	CHECK(access(aside, F_OK));
	free(aside);
	model_free(&m);
}

/* --- a week later --- */

struct week {
	unsigned int looks[7], points[7];	/* by day */
};

static struct week count_days(void)
{
	struct file_reader *f = file_open(path, err, sizeof(err));
	struct week w = { 0 };
	bool inside = false, whole = false;
	unsigned int type;
	uint64_t t_ns;
	uint32_t id;
	void *data;
	size_t len;

	while (f && file_next(f, &type, &data, &len, err, sizeof(err)) > 0) {
		unsigned int day;

		whole = type == RECORD_BEGIN ? false : whole || type == LEAKTRACE_CMD_TARGET_GET;
		inside = type == RECORD_BEGIN || (inside && type != RECORD_END);
		if ((type != RECORD_END && type != RECORD_POINT) || trace_edge(data, len, &id, &t_ns))
			continue;
		day = (t_ns / NSEC_PER_SEC - ATTACHED_S - 1) / 86400;
		CHECK(day < 7 && !inside);
		w.looks[day % 7] += type == RECORD_END && whole;
		w.points[day % 7] += type == RECORD_POINT;
	}
	CHECK(f && file_complete(f), "%s", err);
	file_close(f);
	return w;
}

static void read_week(void)
{
	const struct history_point *p;
	struct week w = count_days();
	struct site *leaking;
	struct model m;
	size_t n;

	for (int day = 0; day < 7; day++) {
		CHECK(w.looks[day] >= 4, "day %d: %u looks", day, w.looks[day]);
		CHECK(w.points[day] >= 24, "day %d: %u points", day, w.points[day]);
		CHECK(!day || w.points[day] * 2 + 20 > w.points[day - 1], "day %d is coarser than the one before", day);
		if (getenv("VERBOSE"))
			printf("day %d: %u looks, %u points\n", day + 1, w.looks[day], w.points[day]);
	}
	CHECK(w.points[6] > 4 * w.points[0]);
	CHECK(!look(&m, NULL, NULL) && !m.incomplete, "%s", err);
	leaking = model_site(&m, LEAKING);
	CHECK(leaking && leaking->born == WEEK_S / LEAK_EVERY_S && m.nsites == sites);
	n = history_of_site(m.history, LEAKING, &p);
	CHECK(n > 50 && p[0].t_ns < (ATTACHED_S + 86400) * NSEC_PER_SEC &&
	      p[n - 1].t_ns > (ATTACHED_S + WEEK_S - 7200) * NSEC_PER_SEC);
	for (size_t i = 0; i < n; i++)
		CHECK(p[i].born == born_by(LEAKING, p[i].t_ns / NSEC_PER_SEC - ATTACHED_S));
	run_analysis(&m);
	CHECK(leaking && leaking->judgement.verdict == VERDICT_LEAK);
	model_free(&m);
}

int main(int argc, char **argv)
{
	uint64_t max_mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 4;

	sites = argc > 2 ? strtoul(argv[2], NULL, 10) : sites;
	objects = argc > 3 ? strtoul(argv[3], NULL, 10) : objects;
	close(mkstemp(path));
	record_week(max_mib << 20);
	read_week();
	unlink(path);
	return verdict("week");
}
