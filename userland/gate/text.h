/* SPDX-License-Identifier: GPL-2.0 */
/* The code of one file: where functions begin, where branches lead, where nothing is executed. */
#ifndef LEAKTRACE_GATE_TEXT_H
#define LEAKTRACE_GATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

struct gate_places {
	uint64_t *at;			/* sorted, each once */
	size_t n, capacity;
};

struct gate_padding {
	uint64_t start, end;		/* nobody executes it; islands take it from its start */
};

struct gate_text {
	const struct elf_image *image;
	struct gate_places starts;	/* of functions, as far as is known */
	struct gate_places targets;	/* of direct branches, jumps and calls */
	struct gate_padding *padding;
	size_t npadding, padding_capacity;
	bool failed;			/* no memory */
};

/* Reads the code around [low, high). 0 or -ENOMEM. */
int gate_text_read(struct gate_text *text, struct elf_image *image, uint64_t low, uint64_t high);

/* Whether a branch leads into [from, to). */
bool gate_text_is_target(const struct gate_text *text, uint64_t from, uint64_t to);

/* The end of the function that begins at an address: where the next one does. */
uint64_t gate_text_end(const struct gate_text *text, uint64_t start);

/* Bytes of padding, in one page, that a short jump which ends at @after gets to; or 0. */
uint64_t gate_text_find(const struct gate_text *text, uint64_t after, size_t bytes);

/* What was found is used from now on. */
void gate_text_take(struct gate_text *text, uint64_t at, size_t bytes);

void gate_text_free(struct gate_text *text);

#endif
