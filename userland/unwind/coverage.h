/* SPDX-License-Identifier: GPL-2.0 */
/* Which code has rules, and from which source: sorted pieces that do not overlap. */
#ifndef LEAKTRACE_UNWIND_COVERAGE_H
#define LEAKTRACE_UNWIND_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIECE_NO_FDE = UINT32_MAX };

struct unwind_piece {
	uint32_t start, end;		/* relative to the table's base */
	uint32_t fde;			/* or PIECE_NO_FDE: one rule for the whole piece */
	uint32_t rule;
};

struct unwind_pieces {
	struct unwind_piece *piece;
	size_t n, capacity;
};

/* The code of a file whose rules were told by something, not inferred from instructions. */
struct unwind_told {
	struct unwind_pieces pieces;
	uint64_t base;
	bool known;			/* false: nothing can be said of this file */
};

struct elf_image;

void unwind_told_read(struct unwind_told *told, struct elf_image *image);
bool unwind_is_told(const struct unwind_told *told, uint64_t vaddr);

int unwind_pieces_add(struct unwind_pieces *pieces, struct unwind_piece piece);
int unwind_pieces_fill(struct unwind_pieces *cover, struct unwind_pieces *more);
bool unwind_pieces_next_gap(const struct unwind_pieces *cover, uint32_t limit, uint32_t *start,
			    uint32_t *end);
bool unwind_pieces_has(const struct unwind_pieces *cover, uint32_t at);
void unwind_pieces_free(struct unwind_pieces *pieces);

#endif
