// SPDX-License-Identifier: GPL-2.0
/* The child processes of a session's targets: looks at them, and news of them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/children.h"
#include "model/hysteresis.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "session/live_view.h"
#include "session/session.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hash.h"

enum {
	JUDGE_MIN = 5,
	TAKE_LOOKS = 16,
};

/* All targets, read at most once a second, however many targets a session has. */
static void refresh_known(struct session *s)
{
	struct target *targets = NULL;
	size_t n = 0;

	if (s->known && monotonic_ns() < s->known_ns + NSEC_PER_SEC)
		return;
	if (client_targets(s->client, &targets, &n))
		return;
	free(s->known);
	s->known = targets;
	s->nknown = n;
	s->known_ns = monotonic_ns();
}

/** session_look_at_children() - count a target's children, if a look is due */
void session_look_at_children(struct session *s, struct traced *t)
{
	if (monotonic_ns() < t->model.children.next_ns)
		return;
	refresh_known(s);
	children_read(&t->model, s->known, s->nknown);
}

/** session_children_changed() - whether a verdict about children may have changed */
bool session_children_changed(const struct traced *t)
{
	for (int g = 0; g < CHILD_GROUPS; g++) {
		uint64_t live = t->model.children.group[g].live;

		if (live >= JUDGE_MIN && live != t->children_judged[g])
			return true;
	}
	return false;
}

/* The same in all processes of that name. */
static uint64_t key_of(const struct traced *t, int group)
{
	const char *comm = t->model.target.comm;

	return hash_bytes(hash_bytes(HASH_START, comm, strlen(comm)), &group, sizeof(group));
}

/** session_children_news() - report groups of children that became, grew as, or ceased to be a leak */
void session_children_news(struct session *s, struct traced *t, bool last)
{
	unsigned int others;

	for (int g = 0; g < CHILD_GROUPS; g++) {
		const struct child_group *group = &t->model.children.group[g];
		struct alarm_sample sample = {
			.now_s = t->model.target.now_ns / 1e9, .last = last, .raise_samples = ALARM_RAISE_SAMPLES, .repeats = true,
			.leak = group->judgement.verdict == VERDICT_LEAK, .live = group->live,
			.wait_s = group->judgement.early ? INFINITY : 0,
		};
		enum alarm_news news = alarm_update(&t->child_alarm[g], &sample);

		t->children_judged[g] = group->live;
		if (news != ALARM_NO_NEWS && session_tells(s, t, key_of(t, g), news, &others))
			live_children(s, t, news, others, g);
	}
}

/* Returns how many were added; *full: there was no place for more. */
static size_t take_once(struct session *s, struct traced *root, bool *full)
{
	size_t n, taken = 0;
	uint32_t *pids;

	n = children_descendants(root->model.target.pid, &pids);
	for (size_t i = 0; i < n && !*full; i++) {
		struct traced *child;
		int err = session_try_child(s, pids[i], root, &child);

		taken += !err;
		*full = err == -ENOSPC;
	}
	free(pids);
	return taken;
}

/**
 * session_take_children() - descendants that a target had already when it was attached
 *
 * Each look may find children that were forked by others before these were traced. What is
 * traced already, by us or by others, is left alone.
 */
void session_take_children(struct session *s, struct traced *root)
{
	bool full = false;

	for (int i = 0; i < TAKE_LOOKS && !full && take_once(s, root, &full); i++)
		;
	if (full)
		fail("not all children of %u are traced: too many targets (module parameter max_targets)",
		     root->model.target.pid);
}
