/* SPDX-License-Identifier: GPL-2.0 */
/* The command line above the pipeline of leaktrace.h: options, sessions, the live view. */
#ifndef LEAKTRACE_CLI_H
#define LEAKTRACE_CLI_H

#include "leaktrace.h"

/*
 * options.c, main.c: the command line
 */
enum option_bit {
	OPT_KINDS	= 1 << 0,
	OPT_FORK	= 1 << 1,
	OPT_BACKGROUND	= 1 << 2,
	OPT_JSON	= 1 << 3,
	OPT_DURATION	= 1 << 4,
	OPT_FORMAT	= 1 << 5,
	OPT_OUTPUT	= 1 << 6,
	OPT_ALL		= 1 << 7,
	OPT_JUDGE	= 1 << 8,	/* --min-age, --window */
	OPT_FAIL_ON	= 1 << 9,
	OPT_NO_SYMBOLS	= 1 << 10,
	OPT_NO_COLOR	= 1 << 11,
	OPT_MAX_OBJECTS	= 1 << 12,
};

struct options {
	uint32_t kinds, max_objects;
	bool follow_fork, background, json, all, no_color, fail_on_leak, no_symbols;
	bool format_given;
	enum format format;
	double duration_s;		/* 0: no end */
	const char *output;
	struct bench bench;
	int argc;			/* what is left */
	char **argv;
};

struct command {
	const char *name, *args, *summary, *example;
	uint32_t options;
	int (*run)(struct options *o);
};

extern const struct command commands[];

int options_parse(const struct command *cmd, int argc, char **argv, struct options *o);
void options_usage(FILE *f, const struct command *cmd);
int options_pid(const char *arg, pid_t *pid);
struct look options_look(const struct options *o, FILE *f);
FILE *options_open_output(const struct options *o);
int options_close_output(FILE *f, const struct options *o);

/*
 * session.c: targets being traced by us, or watched
 */
struct watch;				/* what changed since: curves, hysteresis */

struct watch *watch_new(void);
void watch_free(struct watch *w);
void watch_sample(struct watch *w, struct model *m);
bool watch_curious(const struct watch *w, const struct model *m, uint32_t *kinds);
const struct curve *watch_curve(uint32_t site, void *watch);
enum watch_news { WATCH_LEAK, WATCH_GROWTH, WATCH_CLEARED };
void watch_judge(struct watch *w, struct model *m,
		 void (*fn)(enum watch_news news, struct site *s, void *arg), void *arg);
void watch_uphold(const struct watch *w, struct model *m);

struct traced {
	struct traced *next;
	struct model model;
	struct watch *watch;
	bool ours;			/* to be deleted when we go */
	bool done;			/* exited or detached: looked at for the last time */
	bool exec_seen;
	uint64_t lost_seen;
	double objects_cost_s;		/* of the last look at all objects */
	uint64_t objects_next_ns, reconcile_next_ns;
};

struct session {
	struct client *client;
	const struct options *options;
	struct traced *targets;
	FILE *tail;			/* events as lines; NULL: the live view */
	bool json, follow_all, view;
	bool stop;
	pid_t child;			/* run: our child, 0: none or reaped */
	int child_status;
	unsigned int leaks;		/* found so far */
};

int session_open(struct session *s, const struct options *o);
struct traced *session_add(struct session *s, pid_t pid);
int session_watch(struct session *s, pid_t pid);	/* 0: all, others' too */
int session_loop(struct session *s);
int session_report(struct session *s);
void session_close(struct session *s);

/*
 * live.c: a calm picture of a session
 */
void live_event(struct session *s, struct traced *t, const char *event, struct site *site);
void live_note(struct session *s, struct traced *t, const char *fmt, ...) PRINTF(3, 4);
void live_draw(struct session *s);
void live_erase(struct session *s);

#endif
