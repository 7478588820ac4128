// SPDX-License-Identifier: GPL-2.0
/* Access to a running Go program: its memory and functions. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "runtime/go/process.h"
#include "runtime/go/unwind.h"
#include "symbolize/symbolizer.h"
#include "util/proc_maps.h"
#include "util/process_memory.h"

/**
 * go_read() - read memory of the target; false if not all of it is mapped
 *
 * Untouched memory reads as zeroes, and stays unpopulated.
 */
bool go_read(const struct go_process *p, uint64_t at, void *to, size_t bytes)
{
	const struct map *m = maps_find(&p->maps, at);

	if (m && m->read && !m->inode && bytes <= m->end - at)
		return !memory_read_populated(p->tid, p->pagemap, at, to, bytes);
	return !memory_read(p->tid, at, to, bytes);
}

/** go_word() - read one word of the target; 0 if it is not mapped */
uint64_t go_word(const struct go_process *p, uint64_t at)
{
	uint64_t word = 0;

	return at && go_read(p, at, &word, sizeof(word)) ? word : 0;
}

/** go_function() - the function at a code address; NULL if it is not Go code */
const char *go_function(const struct go_process *p, uint64_t pc)
{
	struct go_func f;

	return go_table_find(&p->table, pc - p->bias, &f) ? go_func_name(&p->table, &f) : NULL;
}

/** go_close() - release it; NULL is fine */
void go_close(struct go_process *p)
{
	if (!p)
		return;
	symbolizer_close(p->symbolizer);
	go_unwind_free(p->unwind);
	maps_free(&p->maps);
	elf_image_close(p->image);
	if (p->pagemap >= 0)
		close(p->pagemap);
	free(p);
}
