/* SPDX-License-Identifier: GPL-2.0 */
/* The command line above the pipeline of leaktrace.h: options, sessions, the live view. */
#ifndef LEAKTRACE_CLI_H
#define LEAKTRACE_CLI_H

#include "symbolize/language.h"
#include "leaktrace.h"
#include "report/output.h"

/*
 * options.c, options_record.c, main.c: the command line
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
	OPT_RECORD	= 1 << 13,	/* --interval, --max-size, --rotate, --keep, --events */
	OPT_BETWEEN	= 1 << 14,
	OPT_DEBUGINFOD	= 1 << 15,
	OPT_GO		= 1 << 24,	/* --count, --arm, --disarm */
	OPT_PUSH	= 1 << 20,	/* --to, --protocol, --label */
	OPT_LISTEN	= 1 << 21,
	OPT_EVERY	= 1 << 22,
};

enum { OPTIONS_LABELS_MAX = 16 };

struct option_label {
	char *name, *value;
};

struct options {
	uint32_t kinds, max_objects;
	bool follow_fork, background, json, fail_on_leak, no_symbols;
	struct output_options output;
	bool arm, disarm, verdict;	/* go: what is written to it */
	unsigned int count;		/* of looks; 0: not given */
	double every_s;			/* 0: not given */
	double duration_s;		/* 0: no end */
	const char *to, *listen;
	int protocol;			/* enum push_protocol */
	struct option_label labels[OPTIONS_LABELS_MAX];
	unsigned int nlabels;
	struct bench bench;
	double interval_s, rotate_s;	/* 0: as is usual, never */
	uint64_t max_bytes, rotate_bytes;
	unsigned int keep;
	bool events;
	const char *between[2];		/* as given: when.h */
	int argc;			/* what is left */
	char **argv;
};

struct command {
	const char *name, *args;
	const char *summary;		/* one line, for 'leaktrace --help' */
	const char *details;		/* what --help of the command adds to it; or NULL */
	const char *example;
	uint32_t options;
	int (*run)(struct options *o);
};

extern const struct command commands[];

int options_parse(const struct command *cmd, int argc, char **argv, struct options *o);
void options_usage(FILE *f, const struct command *cmd);
int debuginfod_ask(void);		/* debuginfod.c: and say why not */

/*
 * source.c, source_file.c: what an argument stands for: a pid, a file, or NULL for all that is
 * traced. Each is judged and handed to fn, whose status ends it if it is not 0.
 */
struct source {
	const struct options *o;
	int (*fn)(struct model *m, void *arg);
	void *arg;
	struct client *client;		/* source_read() opens it */
};

bool source_is_file(const char *arg);
int source_file(struct source *s, const char *path);
int source_read(struct source *s, const char *arg);	/* 0, or EXIT_TROUBLE after an error message */
void source_close(struct source *s);

/*
 * observe.c: one look at a target
 */
int observe(struct client *c, struct model *m, uint32_t id);
void observe_names(struct model *m);
void observe_runtime(struct model *m);
int observe_find(struct client *c, pid_t pid, struct target *found);
int observe_no_process(pid_t pid);

/*
 * watch.c: what changed since the last look: curves, hysteresis
 */
struct watch;
enum watch_news {
	WATCH_GROWTH,		/* may become a leak */
	WATCH_LEAK,
	WATCH_LEAK_GREW,	/* by a quarter since it was last reported */
	WATCH_CLEARED,
};

struct watch *watch_new(void);
void watch_free(struct watch *w);
void watch_sample(struct watch *w, const struct model *m);
bool watch_curious(const struct watch *w, const struct model *m);
const struct curve *watch_curve(uint32_t site, void *watch);
void watch_judge(struct watch *w, struct model *m, bool last,
		 void (*fn)(enum watch_news news, struct site *s, void *arg), void *arg);

/*
 * session.c, session_loop.c: targets being traced by us, or watched
 */
struct traced {
	struct traced *next;
	struct model model;
	struct watch *watch;
	bool ours;		/* to be deleted when we go, */
	bool deleted;		/* if it was not before */
	bool root;		/* asked for, not come by a fork */
	bool done;		/* exited or detached */
	bool detached;		/* by somebody else: there is nothing more to read */
	bool read;		/* for the last time: the model is what the report will say */
	uint32_t execs_seen;
	uint64_t sample_next_ns, objects_next_ns, reconcile_next_ns;
	uint32_t sites_seen;
};

struct session {
	struct client *client;
	const struct options *options;
	struct traced *targets;
	int events_fd, signal_fd, timer_fd;
	FILE *tail;		/* where events go as lines; NULL: nowhere */
	bool json;		/* as JSON */
	bool view;		/* a picture on the terminal instead */
	bool watch_all;		/* take up whatever is traced */
	bool objects;		/* events: every birth and death, too */
	uint64_t sample_every_ns;	/* 0: at each tick, that is every second */
	bool stop;
	int status;		/* of session_loop(), if it stops */
	uint64_t started_ns, lost;
	unsigned int leaks, drawn;	/* found; lines of the picture now on screen */
	void (*on_child)(struct session *s);	/* run: SIGCHLD */
	void (*on_signal)(struct session *s, int signal);
	/* record: the sites are fresh; last: and all else, before the report */
	void (*on_sample)(struct session *s, struct traced *t, bool last);
	void (*on_event)(struct session *s, const struct event *e);
	void (*on_tick)(struct session *s);
	void *user;
	bool broken;		/* record: nothing more can be written */
};

#define SESSION_RECONCILE_NS	(10 * NSEC_PER_SEC)

int session_open(struct session *s, const struct options *o);
int session_listen(struct session *s);
struct traced *session_add(struct session *s, pid_t pid);
struct traced *session_adopt(struct session *s, uint32_t id);
struct traced *session_find(struct session *s, uint32_t id);
void session_judge(struct session *s, struct traced *t, bool last);
void session_runtime(struct session *s, struct traced *t, bool last);
void session_exec(struct session *s, struct traced *t);
void session_catch_up(struct session *s, struct traced *t);	/* before it is gone */
int session_loop(struct session *s);
int session_final_sample(struct session *s, struct traced *t);	/* 0, or EXIT_TROUBLE: client_error() */
void session_drop_done(struct session *s);	/* of whom there will be no report */
int session_report(struct session *s, bool *leaks);
void session_close(struct session *s);

/*
 * live.c: news of a session, as lines and as a calm picture
 */
void live_leak(struct session *s, struct traced *t, enum watch_news news, struct site *site);
void live_runtime(struct session *s, struct traced *t, enum runtime_news news,
		  const struct runtime_site *site);
void live_note(struct session *s, struct traced *t, const char *event, const char *why);
void live_draw(struct session *s);
void live_erase(struct session *s);

#endif
