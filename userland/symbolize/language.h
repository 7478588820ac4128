/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Languages whose programs carry their own names: one row in lang.c and a room
 * are all that a further one needs, and another of each if its runtime can be read.
 * The kernel module knows none of them.
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

/* What a running program has that only its runtime knows of: all that is alike. */
struct lang_site {
	uint32_t id;			/* from 1; the same at each look */
	const char *kind, *type;
	uint64_t baseline, live;	/* at the first look, at the last */
	uint64_t baseline_bytes, bytes;	/* 0: of no size */
	uint64_t in_thread;		/* that hold a thread each */
	bool own;			/* the runtime's: nobody's fault */
	double age_max_s;
	const struct judgement *judgement;
	const struct symbol_frame *frames;	/* innermost first */
	int nframes;
	const struct symbol_frame *by;	/* who made them; NULL: unknown */
};

struct lang_look;			/* a running program, looked at again and again */

struct lang {
	const char *name;
	/* What image has of this language, or NULL: nothing. image outlives it. */
	void *(*open)(struct elf_image *image);
	/*
	 * Name the address of an instruction, innermost first; vaddr is inside it,
	 * step_bytes before what was asked for. The strings are kept by names. 0:
	 * this is not code of the language.
	 */
	int (*resolve)(void *code, struct names *names, uint64_t vaddr, uint64_t step_bytes,
		       struct symbol_frame *frames, int max);
	/* Whether what stands further out is somebody else's stack, or none. */
	bool (*is_root)(const char *function);
	/* Whether this function releases what the program only forgot. */
	bool (*is_collector)(const char *function);
	/* Whether this is the language's own library, which is nobody's mistake. */
	bool (*is_library)(const struct symbol_frame *frame);
	void (*close)(void *code);
	/* Whether this function starts a thread on behalf of somebody who is not on its stack. */
	bool (*starts_threads)(const char *function);
};

/* What reads a running program of a language: its room, and a row in lang_process.c. */
struct lang_runtime {
	/*
	 * A running program; NULL with one line in err: it cannot be looked at, or with
	 * an empty one: it is not of this language.
	 */
	struct lang_look *(*open)(pid_t pid, char *err, size_t errlen);
	int (*look)(struct lang_look *l);	/* once more, and judge; 0 or -errno */
	/* All it has, in no order; malloced, good until the next look. */
	size_t (*sites)(struct lang_look *l, struct lang_site **sites);
	void (*close)(struct lang_look *l);
};

extern const struct lang lang_go;
/* Each runtime calls this in a constructor, so that nobody above has to name it. */
void lang_runtime_register(const struct lang_runtime *runtime);

/* The language of an image, and what it has of it; NULL: none that is known. */
const struct lang *lang_open(struct elf_image *image, void **code);

/* Whether what happened here was done by a garbage collector. */
bool lang_by_collector(const struct symbol_frame *frames, int n);

bool lang_is_library(const struct symbol_frame *frame);
/* Whether a stack that ends with this frame has all its frames. */
bool lang_is_root(const struct symbol_frame *frame);

/* Whether this stack starts a thread for somebody who is not on it. */
bool lang_starts_thread(const struct symbol_frame *frames, int n);

/* How many of these frames, innermost first, belong to one stack. */
int lang_stack_end(const struct symbol_frame *frames, int n);

/*
 * lang_process.c: a running program of a language, in any language's words
 */
struct lang_process;

/* NULL with one line in err: it cannot be looked at; with an empty one: no language's. */
struct lang_process *lang_process_open(pid_t pid, char *err, size_t errlen);
/* Look if it is time, or in any case; whether it was looked at. */
bool lang_process_look(struct lang_process *p, bool in_any_case);
/* By the last look, worst first; good until the next one. */
size_t lang_process_sites(struct lang_process *p, const struct lang_site **sites);
bool lang_process_leaks(struct lang_process *p);
/* All of it by kind: NULL has none. */
enum { LANG_KINDS = 8 };
struct lang_total {
	const char *kind;
	uint64_t baseline, live, bytes;
};
int lang_process_totals(struct lang_process *p, struct lang_total totals[LANG_KINDS]);
/*
 * What has become a leak since the last call, or ceased to be one. What grows may be a
 * cache, or a service that warms up: it is growth until it has gone on for long enough,
 * unless the runtime has proven it, or this was the last look.
 */
enum lang_news { LANG_NO_NEWS, LANG_LEAK, LANG_GROWTH, LANG_CLEARED };
struct lang_told {
	uint64_t since_ns;		/* it seems to leak; 0: it does not */
	unsigned int down;		/* looks since it did */
	bool raised, mentioned;
};
enum lang_news lang_news_of(struct lang_told *t, const struct lang_site *s, uint64_t now_ns,
			    bool last);
void lang_process_news(struct lang_process *p, bool last,
		       void (*fn)(const struct lang_site *s, enum lang_news news, void *arg), void *arg);
void lang_process_close(struct lang_process *p);	/* NULL is fine */
/* Its number in reports, where the kernel's sites have those of 32 bits. */
static inline uint64_t lang_site_number(const struct lang_site *s)
{
	return (1ULL << 32) + s->id;
}

/* Worse things are heavier: as many as live, or their pages. */
uint64_t lang_site_weight(const struct lang_site *s);
/* Whether it comes before what the kernel knows, in a list of the worst. */
bool lang_site_worse(const struct lang_site *s, enum verdict v, uint64_t weight);
/* The innermost frame that is nobody's library, or who made it. NULL: unknown. */
const struct symbol_frame *lang_site_place(const struct lang_site *s);

#endif
