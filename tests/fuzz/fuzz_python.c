// SPDX-License-Identifier: GPL-2.0
/*
 * What a Python program's memory can make `leaktrace objects` do: interpreters, lists,
 * types and tables are read out of input by the layout of a version, and objects counted,
 * followed, compared and told.
 *
 * Input: a byte that chooses the version, 7 more, and the memory from MEMORY on, of which
 * the first is _PyRuntime. Words there whose highest byte is HERE are relative to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Mappings are invented, too: the rest of that file is the real one. */
#define maps_read maps_read_of_process
#include "util/proc_maps.c"
#undef maps_read

#include <json-c/json.h>

#include "fuzz_memory.h"
#include "fuzz_python.h"
#include "runtime/python/objects.h"
#include "runtime/python/past.h"
#include "runtime/python/process.h"
#include "util/style.h"

enum { MEMORY_BYTES = 1 << 16, HEAD_BYTES = 8, VERSIONS = PYTHON_MINOR_NEWEST - PYTHON_MINOR_OLDEST + 1 };

static FILE *nowhere;
static uint64_t memory[MEMORY_BYTES / 8];
static size_t memory_bytes;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int maps_read(pid_t pid, struct maps *maps);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

/* Nothing here changes while one waits. */
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

int maps_read(pid_t pid, struct maps *maps)
{
	char *text = strdup("510000000000-510000010000 rw-p 00000000 00:00 0 \n");
	int err = text ? maps_parse(text, maps) : -ENOMEM;

	maps->tid = pid;
	return err;
}

/* --- what fuzz_memory.h leaves to us --- */

int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	(void)pid;
	if (at - PYTHON_MEMORY > memory_bytes || bytes > memory_bytes - (at - PYTHON_MEMORY))
		return -EFAULT;
	memcpy(to, (char *)memory + (at - PYTHON_MEMORY), bytes);
	return 0;
}

/* --- a program --- */

static void fill(const uint8_t *data, size_t size)
{
	memset(memory, 0, sizeof(memory));
	memory_bytes = MEMORY_BYTES;
	memcpy(memory, data, size < MEMORY_BYTES ? size : MEMORY_BYTES);
	for (size_t i = 0; i < MEMORY_BYTES / 8; i++)
		if (memory[i] >> 56 == PYTHON_HERE)
			memory[i] = PYTHON_MEMORY + (memory[i] & 0xffff);
}

static void say(struct python_objects *o)
{
	struct report_style look = { .format = FORMAT_TEXT, .all = true };

	python_objects_text(nowhere, o, &look);
	json_object_put(python_objects_json(o));
	fflush(nowhere);
}

/* Twice, with a look in between at what each type is. */
static void look(struct python_process *p)
{
	struct python_objects o = { .process = p };
	struct python_past past = { 0 };
	struct python_objects_options how = { .max_bytes = 1 << 20, .reach = true, .all = true };
	char err[512];

	for (int i = 0; i < 2; i++) {
		if (!python_objects_read(&o, &how, err, sizeof(err))) {
			say(&o);
			if (!how.past && python_past_keep(&past, &o))
				how.past = &past;
		}
		python_objects_free(&o);
	}
	python_past_free(&past);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct python_process p = { .pid = getpid(), .tid = getpid(), .pagemap = -1, .comm = "fuzz" };

	if (size < HEAD_BYTES)
		return 0;
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	fill(data + HEAD_BYTES, size - HEAD_BYTES);
	p.runtime = PYTHON_MEMORY;
	p.layout = *python_layout_of(PYTHON_MINOR_OLDEST + data[0] % VERSIONS);
	p.memory = (struct python_memory){ .tid = p.tid, .pagemap = -1, .maps = &p.maps };
	look(&p);
	python_memory_free(&p.memory);
	maps_free(&p.maps);
	return 0;
}
