// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of a program can make `leaktrace heap` do: a heap that is read out
 * of input, with lists that lead anywhere, is walked, searched and told.
 *
 * Input: struct heap_input, which may be cut off anywhere. Bins are empty, because
 * without them it would not be an arena.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Mappings are invented, too: the rest of that file is the real one. */
#define maps_read maps_read_of_process
#include "util/proc_maps.c"
#undef maps_read

#include <json-c/json.h>

#include "fuzz_heap.h"
#include "fuzz_memory.h"
#include "heap/report.h"
#include "heap/snapshot.h"
#include "util/style.h"

enum { ARENA_WORDS = 275, BINS_WORD = 14, BINS = 127 };

static const struct {
	uint64_t at;
	size_t bytes;
} regions[] = {
	{ HEAP_AT, HEAP_BYTES }, { THREAD_AT, THREAD_BYTES }, { DATA_AT, DATA_BYTES }, { OTHER_AT, OTHER_BYTES },
};

static uint8_t memory[4][8192];
static FILE *nowhere;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int maps_read(pid_t pid, struct maps *maps);

int maps_read(pid_t pid, struct maps *maps)
{
	static const char text[] =
		"550000000000-550000001000 rw-p 00000000 00:00 0 [heap]\n"
		"7e0000000000-7e0000001000 rw-p 00000000 00:00 0 \n"
		"7f0000000000-7f0000001000 rw-p 00000000 08:01 7 /nowhere/libc.so.6\n"
		"7f1000000000-7f1000002000 rwxp 00000000 00:00 0 \n";
	char *copy = strdup(text);
	int err = copy ? maps_parse(copy, maps) : -1;

	maps->tid = pid;
	return err;
}

/* --- what fuzz_memory.h leaves to us --- */

int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	(void)pid;
	for (size_t i = 0; i < 4; i++)
		if (at - regions[i].at < regions[i].bytes && bytes <= regions[i].bytes - (at - regions[i].at)) {
			memcpy(to, memory[i] + (at - regions[i].at), bytes);
			return 0;
		}
	return -14;			/* EFAULT */
}

/* --- a program --- */

static void fill_data(const struct heap_input *in)
{
	uint64_t *w = (uint64_t *)(memory[2] + ARENA_OFFSET), at = DATA_AT + ARENA_OFFSET;
	uint64_t *params = (uint64_t *)(memory[2] + PARAMS_OFFSET);

	memcpy(w + 2, in->fast, sizeof(in->fast));
	w[12] = in->top;
	for (int i = 0; i < BINS; i++)
		w[BINS_WORD + 2 * i] = w[BINS_WORD + 2 * i + 1] = at + (BINS_WORD + 2 * i - 2) * 8;
	w[ARENA_WORDS - 5] = in->next ?: at;
	w[ARENA_WORDS - 3] = 1;
	w[ARENA_WORDS - 2] = w[ARENA_WORDS - 1] = in->system_bytes;
	params[0] = params[1] = in->mapped_bytes & ~4095ULL;
	params[2] = in->sbrk_base;
	params[3] = 64;
	params[4] = 1032;
	params[5] = in->cache_limit & 0xffff;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heap_input in;
	struct heap_process process = { .pid = getpid(), .tid = getpid(), .pagemap = -1, .comm = "fuzz" };
	struct heap_snapshot s = { .process = &process };
	struct report_style look = { .format = FORMAT_TEXT, .all = true };
	char err[512];

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	memset(&in, 0, sizeof(in));
	memset(memory, 0, sizeof(memory));
	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	memcpy(memory[0], in.heap, sizeof(in.heap));
	memcpy(memory[1], in.thread, sizeof(in.thread));
	memcpy(memory[3], in.other, sizeof(in.other));
	fill_data(&in);
	if (!heap_snapshot_read(&s, err, sizeof(err)) && !heap_lost_find(&s, &s.lost, NULL, err, sizeof(err)) &&
	    !heap_snapshot_sum(&s)) {
		heap_text(nowhere, &s, &look);
		json_object_put(heap_json(&s));
	}
	heap_lost_free(&s.lost);
	heap_snapshot_free(&s);
	maps_free(&process.maps);
	return 0;
}
