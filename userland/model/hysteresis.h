/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the verdicts of successive samples to what is reported: growth at first,
 * a leak once it has continued for long enough, cleared after several consecutive
 * samples without one. A leak cannot be told from a cache that is being filled,
 * and false alarms make people ignore the next one.
 */
#ifndef LEAKTRACE_MODEL_HYSTERESIS_H
#define LEAKTRACE_MODEL_HYSTERESIS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ALARM_AFTER_S = 45,		/* shorter growth is reported as growth only */
	ALARM_AFTER_HEAP_S = 600,	/* as long as a garbage collector's old generation may take */
	ALARM_RAISE_SAMPLES = 2,	/* of sites and children */
	ALARM_CLEAR_SAMPLES = 4,
};

enum alarm_news {
	ALARM_NO_NEWS,
	ALARM_GROWTH,			/* may become a leak */
	ALARM_LEAK,
	ALARM_LEAK_GREW,		/* has doubled since it was last reported */
	ALARM_CLEARED,
};

struct alarm {				/* of one site; starts as all zeroes */
	unsigned int up, down;		/* consecutive samples with a leak, and without */
	bool raised;
	bool mentioned;			/* reported as growth */
	double since_s;			/* time of the first of the up samples */
	uint64_t live_reported;		/* when something was last reported */
	double reported_s;
};

struct alarm_sample {
	double now_s;
	bool leak;			/* by the verdict */
	bool last;			/* no other will follow: nothing to wait for */
	bool silent;			/* another site of its finding is reported instead */
	unsigned int raise_samples;	/* consecutive samples with a leak before any report */
	double wait_s;			/* from the first of them to the alarm; INFINITY: no alarm */
	bool repeats;			/* report an alarm again when it has grown */
	uint64_t live;
};

enum alarm_news alarm_update(struct alarm *a, const struct alarm_sample *sample);
const char *alarm_news_name(enum alarm_news news);	/* in JSON */
const char *alarm_news_text(enum alarm_news news);

#endif
