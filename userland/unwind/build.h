/* SPDX-License-Identifier: GPL-2.0 */
/* The state of one compilation, passed from step to step. */
#ifndef LEAKTRACE_UNWIND_BUILD_H
#define LEAKTRACE_UNWIND_BUILD_H

#include "elf/image.h"
#include "unwind/unwind.h"
#include "unwind/coverage.h"
#include "unwind/eh_frame.h"
#include "unwind/rule.h"

struct unwind_row {
	uint32_t at;			/* relative to base */
	uint32_t rule;
};

struct unwind_build {
	struct elf_image *image;
	const struct unwind_machine *machine;
	uint64_t base;
	uint32_t size_bytes;
	struct unwind_frames frames;
	struct unwind_rules rules;
	struct unwind_pieces cover;
	struct unwind_row *row;
	size_t nrows, row_room;
	int64_t work_bytes;		/* budget of CFI bytes still to be executed */
};

/* Sources of rules. Each fills the gaps left by those before it. */
int unwind_synth_sigreturn(struct unwind_build *b);
int unwind_synth_plt(struct unwind_build *b);
int unwind_go(struct unwind_build *b);
int unwind_synth_init(struct unwind_build *b);
int unwind_synth_entry(struct unwind_build *b);
int unwind_infer(struct unwind_build *b);

bool unwind_build_clip(const struct unwind_build *b, uint64_t start, uint64_t end,
		       struct unwind_piece *piece);
int unwind_pack(struct unwind_build *b, struct unwind_blob *out);

#endif
