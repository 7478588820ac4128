/* SPDX-License-Identifier: GPL-2.0 */
/* Targets that are traced by us, or watched, until something ends it. */
#ifndef LEAKTRACE_SESSION_SESSION_H
#define LEAKTRACE_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "analysis/analysis.h"
#include "model/hysteresis.h"
#include "model/model.h"
#include "pair/spec.h"
#include "util/terminal.h"
#include "util/units.h"

struct client;
struct event;
struct family;
struct news;
struct output_options;
struct alarm_set;
struct selector;
struct suppressions;
struct target;

#define SESSION_RECONCILE_NS	(10 * NSEC_PER_SEC)

struct session;

struct traced {
	struct traced *next;
	struct model model;
	struct alarm_set *alarms;
	bool ours;		/* to be deleted when we exit */
	bool deleted;		/* already deleted */
	bool root;		/* requested, not added by a fork */
	bool selected;		/* found by the selector */
	bool announced;		/* "attached" was reported */
	bool done;		/* exited or detached */
	bool detached;		/* by another command: nothing more can be read */
	bool read;		/* the final sample was taken */
	bool judged;		/* since its sites were read, which drops their verdicts */
	bool leaks;		/* when it was judged last */
	bool gate_decided;	/* of its heap: opened, or given up */
	unsigned int gate_tries;
	bool *pair_is_done;	/* of each of the options' pairs: followed, or refused; NULL: not tried */
	uint32_t pair_generation;	/* of its code, when they were looked for */
	unsigned int pair_tries;
	bool in_family;		/* its findings were added */
	uint32_t execs_seen;
	uint64_t sample_next_ns, objects_next_ns, reconcile_next_ns;
	uint32_t sites_seen;
	uint64_t script_names_next_ns;
	uint64_t heap_bytes;	/* estimated, of live blocks, when it was judged last */
	struct alarm child_alarm[CHILD_GROUPS];
	uint64_t children_judged[CHILD_GROUPS];	/* live ones, the last time */
};

/* What to trace, and the options of the analysis. */
struct session_options {
	uint32_t kinds;		/* bits: 1 << LEAKTRACE_KIND_… */
	uint32_t max_objects;	/* of a target's table in the kernel; 0: the module's default */
	uint64_t heap_rate_bytes;	/* mean distance of samples of the heap */
	uint64_t holders_bytes;	/* memory to find what holds the objects of a runtime; 0: not */
	struct pair_specs pairs;	/* of kind pair */
	bool follow_fork;	/* children become targets */
	bool background;	/* targets outlive the session */
	bool every_object;	/* events: also every creation and release */
	double duration_s;	/* 0: no end */
	struct analysis_options analysis;
};

/* Called by session_loop(); NULL: nothing to do. */
struct session_hooks {
	void (*on_child)(struct session *s);	/* SIGCHLD */
	void (*on_signal)(struct session *s, int signal);	/* instead of stopping */
	/* the sites are up to date; last: everything is, before the report */
	void (*on_sample)(struct session *s, struct traced *t, bool last);
	void (*on_event)(struct session *s, const struct event *e);
	void (*on_tick)(struct session *s);	/* once a second */
};

/* Processes that are traced because of what they are. */
struct selection {
	struct selector *selector;	/* NULL: none; not owned */
	bool share;		/* also those that are traced already */
	bool aside;		/* the session does not wait for them */
	size_t left_out;	/* more than could be traced */
	uint64_t next_ns;	/* of the next scan */
};

enum { SCREEN_LINES_MAX = 128 };

/* The live view, as it was drawn last. */
struct screen {
	struct terminal_size size;
	unsigned int nlines;		/* 0: nothing is drawn */
	unsigned int width[SCREEN_LINES_MAX];	/* columns of each line */
	bool help;
};

struct session {
	struct client *client;
	const struct session_options *options;
	struct session_hooks hooks;
	void *user;		/* of the hooks */
	struct traced *targets;
	struct selection selection;
	struct suppressions *suppressions;	/* NULL: none; not owned */
	int events_fd, signal_fd, timer_fd;
	FILE *tail;		/* where events are written; NULL: nowhere */
	bool json;		/* as JSON */
	bool watches;		/* what others trace */
	bool view;		/* live_begin(): live view on the terminal instead */
	bool follow_all;		/* follow every traced process */
	struct target *known;		/* all targets, of this session or not, as of known_ns */
	size_t nknown;
	uint64_t known_ns;
	const struct output_options *output;	/* of the report, for children that exit before; or NULL */
	struct family *family;		/* what is alike in several targets */
	struct news *news;		/* which have been told; NULL: no memory */
	FILE *spill;			/* reports of children that have exited, as JSON and folded stacks */
	unsigned int kept;		/* children that have exited and are to be reported in full */
	bool found;			/* leaks, in children that are not kept */
	uint64_t sample_every_ns;	/* 0: at each tick, once a second */
	bool quiet;			/* added targets are reported by session_announce() */
	bool stop;
	int status;		/* result of session_loop(), if it stops */
	uint64_t started_ns, lost;
	unsigned int leaks;		/* found */
	uint64_t heaps_ns;		/* how long the heaps of targets took to read */
	struct screen screen;
};

/* 0, or EXIT_TROUBLE after an error message; session_close() in any case. o must outlive s. */
int session_open(struct session *s, const struct session_options *o);
int session_listen(struct session *s);
struct traced *session_add(struct session *s, pid_t pid);
int session_try_add(struct session *s, pid_t pid, struct traced **added);	/* 0 or -errno */
int session_add_failed(struct session *s, pid_t pid, int err);	/* EXIT_TROUBLE after an error message */
struct traced *session_adopt(struct session *s, uint32_t id);
void session_announce(struct session *s, struct traced *t);
struct traced *session_find(struct session *s, uint32_t id);
/* Whether news of t are to be told; others: in how many more processes they are the same. */
bool session_tells(struct session *s, const struct traced *t, uint64_t key, enum alarm_news news,
		   unsigned int *others);
void session_judge(struct session *s, struct traced *t, bool last);
void session_runtime(struct session *s, struct traced *t, bool last);
void session_look_at_children(struct session *s, struct traced *t);
void session_take_children(struct session *s, struct traced *root);
int session_try_child(struct session *s, pid_t pid, const struct traced *parent, struct traced **added);
bool session_children_changed(const struct traced *t);
void session_children_news(struct session *s, struct traced *t, bool last);
void session_exec(struct session *s, struct traced *t);
void session_catch_up(struct session *s, struct traced *t);	/* before it exits */
int session_loop(struct session *s);
/* The same for who has a loop of its own: once, then again and again; EXIT_TROUBLE after an error message. */
void session_begin(struct session *s);
int session_step(struct session *s, int wait_ms);
void session_refresh(struct session *s, struct traced *t);	/* verdicts, and unless that was just done objects */
void session_remove(struct session *s, struct traced *t);	/* detaches what is ours, and frees it */
int session_final_sample(struct session *s, struct traced *t);	/* 0, or EXIT_TROUBLE: client_error() */
void session_fold(struct session *s);	/* frees children that have exited */
void session_forget(struct traced *t);
void session_drop_done(struct session *s);	/* those that are not reported */
int session_report(struct session *s, const struct output_options *output, bool *leaks);
void session_close(struct session *s);

#endif
