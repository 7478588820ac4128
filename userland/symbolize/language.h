/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Languages whose programs carry names of their own. A language is one row in
 * language.c and one source file; if its runtime can be read, there is also a
 * folder below runtime/. The kernel module knows none of them.
 */
#ifndef LEAKTRACE_LANG_H
#define LEAKTRACE_LANG_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "elf/image.h"
#include "leaktrace.h"
#include "symbolize/symbolizer.h"
#include "util/string_table.h"

/*
 * A call path whose objects only the runtime knows, such as goroutines; the
 * fields that all languages share.
 */
struct lang_site {
	uint32_t id;			/* from 1; the same in each sample */
	const char *kind, *type;
	uint64_t baseline, live;	/* in the first sample, in the last */
	uint64_t baseline_bytes, bytes;	/* 0: has no size */
	uint64_t in_thread;		/* that occupy a thread each */
	bool own;			/* the runtime's own: never reported as a leak */
	double age_max_s;
	const struct judgement *judgement;
	const struct symbol_frame *frames;	/* innermost first */
	int nframes;
	const struct symbol_frame *by;	/* where they were created; NULL: unknown */
};

struct lang_look;			/* a running program that is sampled repeatedly */

struct lang {
	const char *name;
	/* Opens the language's data in image; NULL if there is none. image outlives it. */
	void *(*open)(struct elf_image *image);
	/*
	 * Names the address of an instruction, innermost frame first. vaddr is
	 * inside the instruction, step_bytes before the requested address.
	 * Strings are interned in names. 0: this is not code of the language.
	 */
	int (*resolve)(void *code, struct names *names, uint64_t vaddr, uint64_t step_bytes,
		       struct symbol_frame *frames, int max);
	/* Whether a stack begins with this function: frames after it belong to another stack. */
	bool (*is_root)(const char *function);
	/* Whether this function belongs to the garbage collector or its finalizers. */
	bool (*is_collector)(const char *function);
	/*
	 * Whether this frame belongs to the language's standard library, which
	 * is never to blame.
	 */
	bool (*is_library)(const struct symbol_frame *frame);
	void (*close)(void *code);
	/* Whether this function starts a thread on behalf of code that is not on its stack. */
	bool (*starts_threads)(const char *function);
};

/* Reads running programs of a language; implemented below runtime/. */
struct lang_runtime {
	/*
	 * Opens a running program. NULL with one line in err if it cannot be
	 * read, or with an empty err if it is not of this language.
	 */
	struct lang_look *(*open)(pid_t pid, char *err, size_t errlen);
	int (*look)(struct lang_look *l);	/* takes a sample and updates the verdicts; 0 or -errno */
	/* All call paths, unordered; malloced, valid until the next sample. */
	size_t (*sites)(struct lang_look *l, struct lang_site **sites);
	void (*close)(struct lang_look *l);
};

extern const struct lang lang_go;
/* Called by each runtime from a constructor, so that no lower layer has to name it. */
void lang_runtime_register(const struct lang_runtime *runtime);

/* The language of an image, and its data; NULL if it has none that is known. */
const struct lang *lang_open(struct elf_image *image, void **code);

/* Whether a garbage collector is on this stack. */
bool lang_by_collector(const struct symbol_frame *frames, int n);

bool lang_is_library(const struct symbol_frame *frame);
/* Whether a stack that ends with this frame is complete. */
bool lang_is_root(const struct symbol_frame *frame);

/* Whether a thread is started here on behalf of code that is not on this stack. */
bool lang_starts_thread(const struct symbol_frame *frames, int n);

/* How many of these frames, innermost first, belong to the stack. */
int lang_stack_end(const struct symbol_frame *frames, int n);

/* model/runtime.c: a running program, whatever its language */
struct lang_process;

/*
 * NULL with one line in err if it cannot be read, or with an empty err if no
 * runtime supports it.
 */
struct lang_process *lang_process_open(pid_t pid, char *err, size_t errlen);
/* Takes a sample if one is due, or in_any_case; returns whether it did. */
bool lang_process_look(struct lang_process *p, bool in_any_case);
/* As of the last sample, worst first; valid until the next one. */
size_t lang_process_sites(struct lang_process *p, const struct lang_site **sites);
bool lang_process_leaks(struct lang_process *p);
/* Totals by kind; none for NULL. */
enum { LANG_KINDS = 8 };
struct lang_total {
	const char *kind;
	uint64_t baseline, live, bytes;
};
int lang_process_totals(struct lang_process *p, struct lang_total totals[LANG_KINDS]);
/*
 * What has changed since the last call. Growth may be that of a cache, or of a
 * service that is warming up: it is reported as growth until it has continued
 * for long enough, unless the runtime has proven the leak or this was the last
 * sample.
 */
enum lang_news { LANG_NO_NEWS, LANG_LEAK, LANG_GROWTH, LANG_CLEARED };
struct lang_told {
	uint64_t since_ns;		/* since when it has seemed to leak; 0: it does not */
	unsigned int down;		/* samples since it last did */
	bool raised, mentioned;
};
enum lang_news lang_news_of(struct lang_told *t, const struct lang_site *s, uint64_t now_ns,
			    bool last);
void lang_process_news(struct lang_process *p, bool last,
		       void (*fn)(const struct lang_site *s, enum lang_news news, void *arg), void *arg);
void lang_process_close(struct lang_process *p);	/* NULL is fine */
/* Its site number in reports; those of the kernel's sites have 32 bits. */
static inline uint64_t lang_site_number(const struct lang_site *s)
{
	return (1ULL << 32) + s->id;
}

/* For ranking: the number of live objects, or of their pages. */
uint64_t lang_site_weight(const struct lang_site *s);
/* Whether it ranks before a kernel's finding with this verdict and weight. */
bool lang_site_worse(const struct lang_site *s, enum verdict v, uint64_t weight);
/* The innermost frame outside libraries, or the creator's. NULL: unknown. */
const struct symbol_frame *lang_site_place(const struct lang_site *s);

#endif
