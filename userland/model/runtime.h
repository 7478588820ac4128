/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data that only the language runtime of a running program has, such as
 * goroutines. Runtimes register themselves, so that no lower layer names one.
 */
#ifndef LEAKTRACE_MODEL_RUNTIME_H
#define LEAKTRACE_MODEL_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/hysteresis.h"
#include "model/judgement.h"

struct symbol_frame;

/*
 * A call path whose objects only the runtime knows, such as goroutines; the
 * fields that all languages share.
 */
/* What keeps more and more objects alive. */
struct runtime_holder {
	const char *root;		/* a variable, a goroutine */
	const char *chain;		/* of references from there to most of them, a line each */
	uint64_t grown_bytes;
};

struct runtime_site {			/* owned by the runtime, including what it points to */
	uint32_t id;			/* from 1; the same in each sample */
	const char *kind, *type;
	uint64_t baseline, live;	/* in the first sample, in the last */
	uint64_t baseline_bytes, bytes;	/* 0: has no size */
	uint64_t in_thread;		/* that occupy a thread each */
	bool own;			/* the runtime's own: never reported as a leak */
	double age_max_s;
	struct judgement *judgement;
	const struct symbol_frame *frames;	/* innermost first */
	int nframes;
	const struct symbol_frame *by;	/* where they were created; NULL: unknown */
	const struct runtime_holder *holder;	/* NULL: it is a call path, not what holds something */
};

struct runtime_reader;			/* a running program that is sampled repeatedly */

/* Reads running programs of a language; implemented below runtime/. */
struct runtime_ops {
	/*
	 * Opens a running program. NULL with one line in err if it cannot be
	 * read, or with an empty err if it is not of this language.
	 */
	struct runtime_reader *(*open)(pid_t pid, char *err, size_t errlen);
	/* Takes a sample and updates the verdicts; may_be_last: if it is not the first. 0 or -errno. */
	int (*sample)(struct runtime_reader *l, bool may_be_last);
	/* From now on, samples tell what keeps more and more alive. */
	void (*find_holders)(struct runtime_reader *l, uint64_t max_bytes);
	/* All call paths, unordered; malloced, valid until the next sample. */
	size_t (*sites)(struct runtime_reader *l, struct runtime_site **sites);
	void (*close)(struct runtime_reader *l);
};

/* Called by each runtime from a constructor, so that no lower layer has to name it. */
void runtime_register(const struct runtime_ops *runtime);

/* A running program, whatever its language. */
struct runtime;

/*
 * NULL with one line in err if it cannot be read, or with an empty err if no
 * runtime supports it.
 */
struct runtime *runtime_open(pid_t pid, char *err, size_t errlen);
/* Before the first sample: also tell what keeps more and more alive, in so much memory. */
enum { RUNTIME_HOLDERS_BYTES = 256 << 20 };
void runtime_find_holders(struct runtime *p, uint64_t max_bytes);
/* One that no process stands behind; owns the reader. NULL: no memory. */
struct runtime *runtime_of(const struct runtime_ops *ops, struct runtime_reader *reader);
struct runtime_reader *runtime_reader_of(struct runtime *p);
/* Takes a sample if one is due, or in_any_case; returns whether it did. */
bool runtime_sample(struct runtime *p, bool in_any_case);
/* As of the last sample, worst first; valid until the next one. */
size_t runtime_sites(struct runtime *p, const struct runtime_site **sites);
bool runtime_leaks(struct runtime *p);
void runtime_close(struct runtime *p);	/* NULL is fine */

/* Totals by kind; none for NULL. */
enum { RUNTIME_KINDS = 8 };
struct runtime_total {
	const char *kind;
	uint64_t baseline, live, bytes;
};
int runtime_totals(struct runtime *p, struct runtime_total totals[RUNTIME_KINDS]);

/*
 * What has changed since the last call. Growth may be that of a cache, or of a
 * service that is warming up: it is reported as growth until it has continued
 * for long enough, unless the runtime has proven the leak or this was the last
 * sample.
 */
enum alarm_news runtime_news_of(struct alarm *a, const struct runtime_site *s, uint64_t now_ns,
				bool last);
void runtime_report_news(struct runtime *p, bool last,
			 void (*fn)(const struct runtime_site *s, enum alarm_news news, void *arg), void *arg);

/* Its site number in reports; those of the kernel's sites have 32 bits. */
static inline uint64_t runtime_site_number(const struct runtime_site *s)
{
	return (1ULL << 32) + s->id;
}

/* For ranking: the number of live objects, or of their pages. */
uint64_t runtime_site_weight(const struct runtime_site *s);
/* Whether it ranks before a kernel's finding with this verdict and weight. */
bool runtime_site_worse(const struct runtime_site *s, enum verdict v, uint64_t weight);
/* The innermost frame outside libraries, or the creator's. NULL: unknown. */
const struct symbol_frame *runtime_site_blamed_frame(const struct runtime_site *s);

#endif
