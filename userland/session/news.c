// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "session/news.h"
#include "util/array.h"
#include "util/macros.h"
#include "util/units.h"

enum {
	KEYS_MAX = 4096, SHOWN_BY_MAX = 4096,
	BURST = 16,		/* lines about processes at once */
};

#define EVERY_NS	(5 * NSEC_PER_SEC)	/* and then one so often */

struct shown_by {
	uint32_t target;
	unsigned int news;	/* bits: 1 << enum alarm_news */
};

struct shown {
	uint64_t key;
	uint32_t speaker;	/* whose growth is told; 0: the next one's */
	unsigned int processes[ALARM_CLEARED + 1], told[ALARM_CLEARED + 1];
	struct shown_by *by;
	size_t n, room;
};

struct pace {
	const char *event;
	uint64_t full_ns;	/* when there will be a whole burst again */
	unsigned int left_out;
};

struct news {
	struct shown *shown;
	size_t n, room;
	struct pace pace[3];
};

struct news *news_new(void)
{
	static const char *const events[] = { "attached", "exited", "detached" };
	struct news *n = calloc(1, sizeof(*n));

	for (size_t i = 0; n && i < ARRAY_SIZE(events); i++)
		n->pace[i].event = events[i];
	return n;
}

void news_free(struct news *n)
{
	for (size_t i = 0; n && i < n->n; i++)
		free(n->shown[i].by);
	if (n)
		free(n->shown);
	free(n);
}

static struct shown *shown_of(struct news *n, uint64_t key)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->shown[i].key == key)
			return &n->shown[i];
	if (n->n == KEYS_MAX || !array_reserve(n->shown, n->room, n->n, 1))
		return NULL;
	n->shown[n->n] = (struct shown){ .key = key };
	return &n->shown[n->n++];
}

static struct shown_by *by_target(struct shown *s, uint32_t target)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->by[i].target == target)
			return &s->by[i];
	if (s->n == SHOWN_BY_MAX || !array_reserve(s->by, s->room, s->n, 1))
		return NULL;
	s->by[s->n] = (struct shown_by){ .target = target };
	return &s->by[s->n++];
}

static void add(struct shown *s, struct shown_by *by, enum alarm_news news)
{
	if (!(by->news & 1U << news))
		s->processes[news]++;
	by->news |= 1U << news;
}

static void take_back(struct shown *s, struct shown_by *by, enum alarm_news news)
{
	if (!(by->news & 1U << news))
		return;
	by->news &= ~(1U << news);
	s->processes[news]--;
	if (s->told[news] > s->processes[news])
		s->told[news] = s->processes[news];
}

bool news_is_due(struct news *n, const struct news_item *item, unsigned int *others)
{
	struct shown *s = n ? shown_of(n, item->key) : NULL;
	struct shown_by *by = s ? by_target(s, item->target) : NULL;
	bool again;

	*others = 0;
	if (!by)
		return true;
	if (!s->speaker)
		s->speaker = item->target;
	again = by->news & 1U << item->news;
	add(s, by, item->news);
	if (item->news == ALARM_CLEARED) {
		take_back(s, by, ALARM_LEAK);
		take_back(s, by, ALARM_GROWTH);
	} else {
		take_back(s, by, ALARM_CLEARED);
	}
	*others = s->processes[item->news] - 1;
	if (item->news == ALARM_LEAK_GREW)
		return s->speaker == item->target;
	if (again || s->processes[item->news] < 2 * s->told[item->news])
		return false;
	s->told[item->news] = s->processes[item->news];
	return true;
}

/* What it has shown still counts: it may have been the first of many. */
void news_forget(struct news *n, uint32_t target)
{
	for (size_t i = 0; n && i < n->n; i++)
		if (n->shown[i].speaker == target)
			n->shown[i].speaker = 0;
}

bool news_of_process_is_due(struct news *n, const char *event, uint64_t now_ns, unsigned int *left_out)
{
	struct pace *p = NULL;

	*left_out = 0;
	for (size_t i = 0; n && i < ARRAY_SIZE(n->pace); i++)
		if (!strcmp(n->pace[i].event, event))
			p = &n->pace[i];
	if (!p)
		return true;
	if (p->full_ns < now_ns)
		p->full_ns = now_ns;
	if (p->full_ns > now_ns + (BURST - 1) * EVERY_NS) {
		p->left_out++;
		return false;
	}
	p->full_ns += EVERY_NS;
	*left_out = p->left_out;
	p->left_out = 0;
	return true;
}
