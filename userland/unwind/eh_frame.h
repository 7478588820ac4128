/* SPDX-License-Identifier: GPL-2.0 */
/* The CIEs and FDEs of an ELF file. */
#ifndef LEAKTRACE_UNWIND_EH_FRAME_H
#define LEAKTRACE_UNWIND_EH_FRAME_H

#include "elf/image.h"
#include "unwind/cfi.h"

enum unwind_section { SECTION_EH_FRAME, SECTION_DEBUG_FRAME };

struct unwind_frames {
	struct unwind_cie *cie;
	uint32_t ncies, cie_room;
	struct unwind_fde *fde;
	uint32_t nfdes, fde_room;
	uint64_t skipped;		/* FDEs that were not understood */
	uint64_t section_bytes;		/* read so far */
};

int unwind_frames_read(struct unwind_frames *frames, struct elf_image *image,
		       const struct unwind_machine *machine, enum unwind_section section);
void unwind_frames_free(struct unwind_frames *frames);

#endif
