/* SPDX-License-Identifier: GPL-2.0 */
/* One file: its allocators, and the door of each of their functions. */
#ifndef LEAKTRACE_GATE_SURVEY_H
#define LEAKTRACE_GATE_SURVEY_H

#include "gate/door.h"
#include "gate/entry.h"
#include "gate/text.h"

struct gate_survey {
	struct elf_image *image;
	struct gate_text text;
	struct gate_allocators found;
};

/* 0, also of a file without allocators; or -ENOMEM. The image stays the caller's. */
int gate_survey_read(struct gate_survey *survey, struct elf_image *image);
void gate_survey_free(struct gate_survey *survey);

/* Where a function of the file is; 0: it has none of that name. */
uint64_t gate_survey_function(struct elf_image *image, const char *name);

#endif
