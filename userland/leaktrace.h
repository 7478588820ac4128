/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map of the command line tool. A message from the kernel, or a record of
 * a trace file, travels down this page:
 *
 *   client.c | file.c -> decode.c -> model.c -> symbol*.c -> verdict.c -> report_*.c
 *   (door)     (shelf)   (structs)   (store)    (names)      (judge)      (say it)
 *
 * Rooms that stand beside it: session.c keeps targets traced and polls them,
 * live.c shows that on a terminal, history.c remembers how many there were when,
 * cmd_*.c are the verbs.
 *
 * Names carry their units. Times are CLOCK_MONOTONIC nanoseconds of the traced
 * host unless they end in _s. Functions return 0 or a negative errno unless
 * they say otherwise; the one who meets an error puts the sentence for the
 * user together, the one who gives up prints it.
 */
#ifndef LEAKTRACE_H
#define LEAKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/leaktrace.h>

#include "model/proc_load.h"
#include "model/object_notes.h"
#include "symbolize/symbolizer.h"
#include "util/style.h"

#define LEAKTRACE_VERSION	"0.1.0"
#define PAGE_BYTES		4096
#define NSEC_PER_SEC		1000000000ULL
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a)		__attribute__((format(printf, f, a)))

struct nlattr;
struct nl_msg;
struct maps;
struct history;
struct runtime;

enum { KINDS = __LEAKTRACE_KIND_MAX };

/* Exit status: the contract of every command. */
enum { EXIT_CLEAN = 0, EXIT_LEAKS = 1, EXIT_TROUBLE = 2 };

/*
 * names.c: words for numbers, and errors
 */
const char *kind_name(unsigned int kind);
int kind_parse(const char *name);		/* -1: no such kind */
const char *type_name(unsigned int type);
const char *stack_status_text(unsigned int status);
const char *format_count(uint64_t n, char buf[32]);		/* 12,345 */
const char *format_bytes(uint64_t bytes, char buf[32]);		/* 1.2 MiB */
const char *format_seconds(double s, char buf[32]);		/* 92 s, 40 ms */
const char *path_tail(const char *path, size_t room);	/* its last parts */
const char *frame_name(const struct symbol_frame *f, char *buf, size_t len); /* no arguments */
int fail(const char *fmt, ...) PRINTF(1, 2);	/* one line on stderr; EXIT_TROUBLE */
char *text(const char *fmt, ...) PRINTF(1, 2);	/* malloced */
uint64_t monotonic_ns(void);

/*
 * decode.c: attributes to structs. Input is hostile: a trace file may hold
 * anything. Absent attributes leave zeroes; malformed ones are -EINVAL.
 */
struct kind_totals {
	bool present;
	uint64_t baseline, baseline_live, born, died, live, bytes;
	uint64_t missed_births, missed_deaths, reborn, foreign, untracked, moved;
};

struct lost {	/* by cause: ring and socket are events, the rest births */
	uint64_t ring, socket, objects, sites, stacks, nested, work;
};

struct target {
	uint32_t id, pid, kinds, flags, max_objects, parent;
	uint32_t exit_code, execs, generation, inexact;
	uint64_t now_ns, attached_ns, exited_ns, reconciled_ns;
	char comm[64];
	struct kind_totals kind[KINDS];
	bool knows_lost;
	struct lost lost;		/* its own; events: anybody's since */
};

/* As a shell says it. */
static inline unsigned int target_exit_code(const struct target *t)
{
	unsigned int signal = t->exit_code & 0x7f;

	return signal ? 128 + signal : t->exit_code >> 8 & 0xff;
}

struct status {
	char version[64], stopped[128];
	bool tracing;
	uint32_t targets, targets_max;
	uint64_t objects, objects_max, page_cells, page_cells_max;
	uint64_t sites, sites_max, stacks, stacks_max;
	uint64_t ring_bytes, ring_used_bytes, memory_bytes, events, works;
	struct lost lost;		/* since the module was loaded */
};

struct probe {
	char name[128], why[256];
	uint32_t kinds;
	uint8_t how;
	bool required, present, attached;
	int32_t error;
	uint64_t hits;
};

struct release {
	uint32_t stack;
	uint64_t count;
};

enum verdict { VERDICT_OK, VERDICT_CACHE, VERDICT_SUSPECT, VERDICT_LEAK };

enum { EVIDENCE_MAX = 8 };

/* What verdict.c makes of a site. */
struct judgement {
	enum verdict verdict;
	double confidence;		/* that it leaks, 0 to 1 */
	double rate_per_min;		/* growth of what lives */
	bool exits;			/* no: of threads that exited, and nobody joined */
	bool early;			/* what is being filled would look the same so far */
	double age_p50_s, age_max_s;
	double life_p50_s, life_p99_s, life_max_s;
	uint64_t unjoined;		/* threads: exited, nobody joined */
	uint64_t zombies;		/* processes: exited, nobody reaped */
	char *evidence[EVIDENCE_MAX];	/* NULL: no more */
	uint32_t finding;		/* it is part of, 1 for the worst; 0: of none */
};

/* One root: sites that one cause explains; finding.c makes them. */
struct finding {
	uint32_t *sites;		/* ids: the one that shows it best, then its parts */
	size_t nsites;
	uint64_t born, died, live[KINDS], unjoined;
	bool mixed;			/* not one way, but one caller, and in step */
	unsigned int common;		/* frames, from the outermost, that all parts have */
	int odd;			/* frame of the first site where others, whose objects are
					 * released, differ; -1: none */
	uint64_t others_born, others_died;	/* by those others */
	double limit_s;			/* until limits[limit] is reached; 0: never, unknown */
	unsigned int limit;
	struct judgement judgement;	/* of all of them together, or of the worst */
};

struct site {
	uint32_t id, stack, target;
	uint8_t kind, type;
	uint64_t born, died;
	uint64_t first_ns, last_ns, last_died_ns;
	uint64_t lifetime_max_ns, lifetime_sum_ns;
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS];
	struct release release[LEAKTRACE_RELEASES_MAX];
	unsigned int releases;
	uint64_t released_elsewhere;
	struct judgement judgement;
};

static inline uint64_t site_live(const struct site *s)
{
	return s->born > s->died ? s->born - s->died : 0;
}

struct object {
	uint64_t id, born_ns;
	uint32_t count, site, flags, space;
	uint8_t kind, type;
	bool unjoined;			/* thread.c has looked */
	uint32_t clock;
	union {
		uint64_t interval_ns;	/* timer */
		uint64_t ctid;		/* thread */
	};
	uint64_t expirations;		/* timer */
	union {
		uint64_t overruns;	/* timer */
		uint64_t exited_ns;	/* thread */
	};
};

struct stack {
	uint32_t id;
	uint8_t status, guessed;
	uint16_t npcs;
	uint64_t *pcs;			/* innermost first */
	int nframes;			/* 0: not yet named */
	struct symbol_frame *frames;
};

struct event {
	uint8_t op, kind;
	uint32_t target, count, site, stack, tid;
	uint64_t time_ns, id;
};

struct batch {
	uint32_t cpu;
	uint64_t seq, lost;
};

int decode_target(struct nlattr *attrs, int len, struct target *t);
int decode_status(struct nlattr *attrs, int len, struct status *s);
int decode_probe(struct nlattr *attrs, int len, struct probe *p);
int decode_site(struct nlattr *attrs, int len, struct site *s);
int decode_object(struct nlattr *attrs, int len, struct object *o);
int decode_stack(struct nlattr *attrs, int len, struct stack *s); /* mallocs pcs */
int decode_batch(struct nlattr *attrs, int len, struct batch *b,
		 void (*fn)(const struct event *e, void *arg), void *arg);

/*
 * model.c: all that is known of one target
 */
enum { LIMIT_FDS, LIMIT_THREADS, LIMIT_MEMORY, LIMITS };

struct limit {				/* descriptors, threads, bytes */
	uint64_t max, now;		/* max 0: unknown or none */
	char name[40];
};

struct model {
	struct target target;
	struct status status;
	char *exe, *hostname, *kernel;
	double wall_minus_mono_s;	/* wall clock = monotonic + this */
	bool offline, incomplete;	/* from a file: nobody to ask; its end is missing */
	bool dump_interrupted;		/* changed while it was read */
	uint64_t fd_limit;		/* 0: unknown */
	struct limit limits[LIMITS];	/* as they were when last looked */
	struct site *sites;		/* by id */
	size_t nsites, sites_room;
	struct stack *stacks;		/* by id once model_settle() has run */
	size_t nstacks, stacks_room;
	bool stacks_sorted;
	struct stack *rests;		/* rest.h; as they came */
	size_t nrests, rests_room;
	struct finding *findings;	/* worst first, by the last judgement */
	size_t nfindings;
	struct object *objects;		/* by site, then birth */
	size_t nobjects, objects_room;
	struct object_notes seen;
	struct maps *maps;		/* NULL: unknown */
	struct proc_load load;		/* of the target, when last looked */
	struct history *history;	/* history.h; NULL: looked at once */
	struct runtime *runtime;	/* lang.h; NULL: the kernel knows all there is */
	struct symbolizer *symbolizer;	/* NULL: nothing can be named */
	bool borrowed_symbolizer;	/* the parent's */
};

void model_init(struct model *m);
void model_free(struct model *m);
int model_record(struct model *m, int type, struct nlattr *attrs, int len);
void model_drop(struct model *m, int type);	/* before a dump of that is repeated */
void model_settle(struct model *m);		/* sort, after dumps */
struct site *model_site(struct model *m, uint32_t id);
struct stack *model_stack(struct model *m, uint32_t id);
void model_forget_names(struct model *m);
int model_frames(struct model *m, uint32_t stack, const struct symbol_frame **frames);
struct object *model_objects(struct model *m, uint32_t site, size_t *n);
void model_learn(struct model *m);		/* exe, host, limits, maps of a live target */
double model_end_s(const struct model *m);	/* of the window */
uint64_t model_end_ns(const struct model *m);

/*
 * limits.c: what a leak runs into
 */
void limits_read(pid_t pid, struct limit l[LIMITS]);
int limit_of_kind(unsigned int kind);		/* LIMIT_…; -1: none */
double limit_in_s(const struct model *m, unsigned int kind, double per_min); /* 0: never */
void limits_put(struct nl_msg *msg, int attr, const struct limit l[LIMITS]);
int limits_take(struct nlattr *nest, struct limit l[LIMITS]);

/*
 * client.c: the kernel's door
 */
struct client;
struct code_map;

struct client *client_open(char *err, size_t errlen);
void client_close(struct client *c);
const char *client_error(const struct client *c);	/* of the last failure */
int client_target_add(struct client *c, pid_t pid, uint32_t kinds, uint32_t flags,
		      uint32_t max_objects, const struct code_map *code,
		      uint32_t *id);		/* code: or NULL, see code.h */
int client_target_del(struct client *c, uint32_t id);	/* 0: all */
int client_target_get(struct client *c, uint32_t id, struct model *m);
int client_reconcile(struct client *c, uint32_t id, struct model *m);
int client_targets(struct client *c, struct target **targets, size_t *n);
int client_status(struct client *c, struct status *s);
int client_probes(struct client *c, struct probe **probes, size_t *n);
int client_dump(struct client *c, int cmd, struct model *m, int kind); /* -1: all kinds */
int client_fill(struct client *c, struct model *m);	/* reconcile, then all dumps */
int client_raw(struct client *c, int cmd, uint32_t target,
	       int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);
/*
 * A descriptor to poll, or -errno. Events in the life of targets; with objects
 * also every birth and death, which costs the targets more.
 */
int client_subscribe(struct client *c, bool objects);
int client_events(struct client *c,
		  void (*batch)(const struct batch *b, void *arg),
		  void (*event)(const struct event *e, void *arg), void *arg);

/*
 * examples.c, sockets.c, ranges.c, thread.c: what an object is, from outside
 */
char *object_describe(struct model *m, const struct object *o);	/* malloced; NULL */
int object_examples(struct model *m, const struct site *s, struct object **list, int max);
char *socket_describe(pid_t pid, uint64_t inode);
const char *range_name(const struct model *m, uint64_t address);	/* [heap], … */
bool range_is_heap(const struct model *m, uint64_t address);
bool range_is_stack(const struct model *m, uint64_t address);
enum range { RANGE_HEAP, RANGE_MMAP, RANGE_STACK, RANGE_SHARED, RANGE_UNKNOWN, RANGES };
enum range range_of(const struct model *m, uint64_t address);
const char *range_kind_name(enum range r);
void thread_find_unjoined(struct model *m);		/* which of the exited nobody joined */

/*
 * verdict.c and the rooms around it, verdict.h: the judge
 */
struct bench {				/* how to judge */
	double min_age_s;		/* 0: 3 s */
	double window_s;		/* 0: all */
};

struct curve {				/* live of one site over time, sampled */
	unsigned int n;
	double t_s[64], live[64];
};

void judge(struct model *m, const struct bench *b,
	   const struct curve *(*curve)(uint32_t site, void *arg), void *arg);
void judgement_clear(struct judgement *j);
void finding_clear(struct finding *f);
void findings_drop(struct model *m);
uint64_t finding_weight(const struct finding *f);
const char *verdict_name(enum verdict v);
const char *verdict_color(const struct report_style *style, enum verdict v);

/*
 * report.c and report_*.c: say it
 */
enum { STACK_UNKNOWN = __LEAKTRACE_STACK_MAX };	/* not even why it is missing */

struct losses {
	bool exact;
	uint64_t bytes;			/* of live memory; its share with complete stacks: */
	double complete_bytes;
	struct {
		uint64_t objects, bytes;
	} ended[STACK_UNKNOWN + 1];	/* live, by why their stack is not complete */
	uint64_t events, objects, stacks, truncated_stacks, reconciled;
	double complete_stacks;
	const char *inexact[16];
	unsigned int ninexact;
};

struct json_object;
struct runtime_site;

/* A finding: of the kernel's kinds, or of what a runtime knows. */
struct report_item {
	const struct finding *g;
	const struct runtime_site *l;	/* or NULL */
};

void report_losses(struct model *m, struct losses *l);
size_t report_rank(struct model *m, struct site ***sites);	/* malloced, worst first */
size_t report_findings(struct model *m, struct report_item **items);	/* the same of findings */
bool report_leaks(const struct model *m);
uint64_t report_weight(const struct site *s);
const struct symbol_frame *report_place(struct model *m, const struct site *s); /* NULL: unknown */
const struct symbol_frame *report_place_of(struct model *m, uint32_t stack);
int report_write(FILE *f, struct model *m, const struct report_style *style);
void report_text(FILE *f, struct model *m, const struct report_style *style);
void report_folded(FILE *f, struct model *m);
struct json_object *report_json(struct model *m);
struct json_object *report_json_site(struct model *m, const struct site *s);
struct json_object *report_json_frame(const struct symbol_frame *f);
struct json_object *report_json_frames(struct model *m, uint32_t stack);
struct json_object *report_json_runtime_site(const struct runtime_site *s);
struct json_object *report_json_runtime_finding(const struct runtime_site *s, size_t id);
struct json_object *report_json_holders(struct model *m, const struct site *s); /* NULL: none */
void report_json_runtime_totals(const struct model *m, struct json_object *totals);
struct json_object *report_json_rss(struct model *m);	/* NULL: no pages traced */
void format_time(double wall_s, char *buf, size_t len);		/* RFC 3339 */

/*
 * file.c, trace_put.c, trace.c: the shelf. docs/trace-format.md describes it.
 */
struct file_writer;
struct file_reader;
/* Types of records beside the kernel's commands. */
enum { RECORD_META = 0x100, RECORD_SYMBOL, RECORD_MAPS, RECORD_EXAMPLE,
       RECORD_BEGIN, RECORD_END, RECORD_POINT, RECORD_EVENTS };

struct file_writer *file_create(const char *path, char *err, size_t errlen);
struct file_writer *file_record(const char *path, char *err, size_t errlen);
int file_append(struct file_writer *w, unsigned int type, const void *data, size_t len);
int file_flush(struct file_writer *w);		/* ends a chunk */
uint64_t file_bytes(const struct file_writer *w);	/* that a reader would find */
int file_move(struct file_writer *w, const char *other, uint64_t from_bytes);
int file_finish(struct file_writer *w);		/* 0 or -errno; frees w */
void file_abandon(struct file_writer *w);	/* without an end; frees w */
void file_discard(struct file_writer *w);	/* as if it had not been created; frees w */
struct file_reader *file_open(const char *path, char *err, size_t errlen);
/* 1: a record, 0: the end, -errno: err says what; data is valid until the next. */
int file_next(struct file_reader *r, unsigned int *type, void **data, size_t *len,
	      char *err, size_t errlen);
bool file_complete(const struct file_reader *r);
void file_limit(struct file_reader *r, uint64_t bytes);
void file_close(struct file_reader *r);

int trace_write(struct client *c, struct model *m, const char *path, bool symbols,
		char *err, size_t errlen);
int trace_read(const char *path, struct model *m, char *err, size_t errlen);

/*
 * blame.c: who the threads are for that a language's runtime starts by itself
 */
enum { HOLDERS = 3 };
size_t blame_holders(struct model *m, uint32_t stack, const struct runtime_site *holders[HOLDERS]);
void blame_judge(struct model *m, struct site *s);

/*
 * keep.c: maps of background targets, kept for reports after their exit
 */
void keep_maps(const struct model *m);
void keep_forget(uint32_t target);		/* 0: all */
struct symbolizer *keep_symbolizer(struct model *m);

#endif
