// SPDX-License-Identifier: GPL-2.0
/*
 * The compiler writes for each call which words of the frame are live pointers then. The
 * garbage collector goes by it; so a dead variable holds nothing here, either.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "runtime/go/frame_map.h"
#include "runtime/go/process.h"
#include "runtime/go/variable.h"

enum { WORDS_MAX = 1 << 20, OBJECTS_MAX = 1 << 14, MAPS_MAX = 1 << 20 };

/** go_frame_maps_open() - an empty table; false: no memory */
bool go_frame_maps_open(struct go_frame_maps *m, const struct go_process *p)
{
	*m = (struct go_frame_maps){ .process = p, .size = 1024 };
	m->map = calloc(m->size, sizeof(*m->map));
	return m->map;
}

/** go_frame_maps_close() - release it */
void go_frame_maps_close(struct go_frame_maps *m)
{
	free(m->map);
	m->map = NULL;
}

static struct go_frame_map *place(struct go_frame_map *map, size_t size, uint64_t pc)
{
	size_t i = (pc * 0x9e3779b97f4a7c15ULL) >> 20;

	while (map[i & (size - 1)].pc && map[i & (size - 1)].pc != pc)
		i++;
	return &map[i & (size - 1)];
}

/* A bitmap: {count, bits of each}, of which the stack map's index selects one. */
static const unsigned char *bits(const struct go_process *p, uint64_t at, int32_t index, uint32_t *words)
{
	const unsigned char *head = at ? go_elf_at(p->image, at, 8) : NULL;
	int32_t n[2];
	uint64_t bytes;

	*words = 0;
	if (!head)
		return NULL;
	memcpy(n, head, sizeof(n));
	if (index < 0 || index >= n[0] || n[1] <= 0 || n[1] > WORDS_MAX)
		return NULL;
	bytes = (n[1] + 7) / 8;
	head = go_elf_at(p->image, at + 8 + index * bytes, bytes);
	*words = head ? n[1] : 0;
	return head;
}

static void read_objects(const struct go_process *p, const struct go_func *f, struct go_frame_map *k)
{
	uint64_t at = go_func_funcdata(&p->table, f, GO_FUNCDATA_STACK_OBJECTS), n;
	const unsigned char *head = at ? go_elf_at(p->image, at, 8) : NULL;

	if (!head)
		return;
	memcpy(&n, head, sizeof(n));
	if (!n || n > OBJECTS_MAX)
		return;
	k->object = go_elf_at(p->image, at + 8, n * GO_STACK_OBJECT_BYTES);
	k->objects = k->object ? n : 0;
}

static struct go_frame_map learn(const struct go_process *p, uint64_t pc)
{
	struct go_frame_map k = { .pc = pc, .delta_bytes = -1 };
	uint64_t vaddr = pc - p->bias;
	const char *name;
	struct go_func f;
	int32_t index = 0;

	if (!go_table_find(&p->table, vaddr, &f))
		return k;
	k.function = f.start + p->bias;
	name = go_func_name(&p->table, &f) ?: "";
	k.is_root = !strncmp(name, "runtime.goexit", 14);
	k.is_runtime = go_is_runtime_name(name);
	k.is_preempted = !strcmp(name, "runtime.asyncPreempt");
	if (k.is_root || !go_func_sp_delta(&p->table, &f, vaddr, &k.delta_bytes)) {
		k.delta_bytes = -1;
		return k;
	}
	/* it is a return address: what holds is said at the call before it */
	if (vaddr != f.start)
		index = go_func_pcdata(&p->table, &f, GO_PCDATA_STACK_MAP, vaddr - 1);
	if (index < 0)
		index = 0;
	k.local_bits = bits(p, go_func_funcdata(&p->table, &f, GO_FUNCDATA_LOCALS), index, &k.locals);
	if (go_func_args_bytes(&f) > 0)
		k.arg_bits = bits(p, go_func_funcdata(&p->table, &f, GO_FUNCDATA_ARGS), index, &k.args);
	read_objects(p, &f, &k);
	return k;
}

static bool grow(struct go_frame_maps *m)
{
	struct go_frame_map *more = calloc(2 * m->size, sizeof(*more));

	if (!more)
		return false;
	for (size_t i = 0; i < m->size; i++)
		if (m->map[i].pc)
			*place(more, 2 * m->size, m->map[i].pc) = m->map[i];
	free(m->map);
	m->map = more;
	m->size *= 2;
	return true;
}

/** go_frame_map() - what is known of a frame by its return address */
const struct go_frame_map *go_frame_map(struct go_frame_maps *m, uint64_t pc)
{
	struct go_frame_map *k = place(m->map, m->size, pc);

	if (k->pc && pc)
		return k;
	m->spare = learn(m->process, pc);
	if (!pc || (2 * m->n >= m->size && (m->size >= MAPS_MAX || !grow(m))))
		return &m->spare;
	k = place(m->map, m->size, pc);
	*k = m->spare;
	m->n++;
	return k;
}
