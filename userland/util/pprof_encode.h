/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Builds a pprof profile, a gzipped profile.proto message, as 'go tool pprof',
 * Pyroscope and Parca read it.
 *
 * Order of calls: pprof_new(), then the types of the sample values, then
 * mappings if they are known, then samples, then pprof_finish(). Arguments are
 * copied; NULL and "" mean the same. Strings that are not valid UTF-8 are
 * repaired. Running out of memory is remembered and reported by pprof_finish().
 */
#ifndef LEAKTRACE_PPROF_H
#define LEAKTRACE_PPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pprof;

enum { PPROF_VALUES_MAX = 8 };

struct pprof_frame {
	const char *function;		/* NULL: unnamed; pprof may symbolize it */
	const char *file;		/* NULL: unknown */
	int64_t line;			/* 0: unknown */
	bool inlined;			/* into the next frame, which has the same address */
	uint64_t address;		/* inside the instruction; 0: unknown */
	const char *module, *build_id;	/* used if no mapping covers address */
};

struct pprof_label {
	const char *key;
	const char *text;		/* NULL: the label is a number */
	int64_t number;
	const char *unit;		/* of the number; NULL: none */
};

struct pprof *pprof_new(void);		/* NULL: no memory */
void pprof_free(struct pprof *p);

/* Adds a value type; each sample has one value of each, such as "live" and "count". */
void pprof_sample_type(struct pprof *p, const char *type, const char *unit);
void pprof_default_type(struct pprof *p, const char *type);
void pprof_period(struct pprof *p, const char *type, const char *unit, int64_t period);
void pprof_time(struct pprof *p, int64_t wall_ns, int64_t duration_ns);
void pprof_comment(struct pprof *p, const char *comment);

/*
 * Maps [start, limit) to path at offset_bytes. Only mappings that contain a
 * sample are written. pprof takes the first of them for the main program.
 */
void pprof_mapping(struct pprof *p, uint64_t start, uint64_t limit, uint64_t offset_bytes,
		   const char *path, const char *build_id);

/* One value for each type; frames innermost first. */
void pprof_sample(struct pprof *p, const struct pprof_frame *frames, size_t nframes,
		  const int64_t *values, const struct pprof_label *labels, size_t nlabels);


/* Returns the gzipped profile, malloced; 0 or -errno. p must still be freed. */
int pprof_finish(struct pprof *p, void **data, size_t *len);

#endif
