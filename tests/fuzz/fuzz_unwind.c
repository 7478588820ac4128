// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on the unwind compiler. Input that begins as ELF is a whole file;
 * any other is a call frame section in a file made around it, of the kind that
 * the first byte says, so that the search need not first invent ELF.
 */
#include <stdint.h>
#include <string.h>

#include "unwind/damage.h"
#include "unwind/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_part part = { .name = ".eh_frame" };
	uint8_t *packed = NULL;
	void *image;
	size_t bytes;

	if (size < 1 || (size >= 4 && !memcmp(data, ELFMAG, SELFMAG))) {
		compile_damaged(data, size);
		return 0;
	}
	part.data = data + 1;
	part.bytes = size - 1;
	if (*data % 4)
		part.name = ".debug_frame";
	if (*data % 4 == 2) {
		packed = malloc(2 * size + 256);
		part.bytes = image_pack(packed, 2 * size + 256, data + 1, size - 1);
		part.data = packed;
	}
	if (*data % 4 >= 2)
		part.flags = SHF_COMPRESSED;
	image = image_make(&part, 1, 0x1200, &bytes);
	compile_damaged(image, bytes);
	free(image);
	free(packed);
	return 0;
}
