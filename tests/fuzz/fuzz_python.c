// SPDX-License-Identifier: GPL-2.0
/*
 * What a Python program's memory can make `leaktrace objects` do: interpreters, lists,
 * types and tables are read out of input by the layout of a version, and objects counted,
 * followed, compared and told.
 *
 * Input: a byte that chooses the version, 7 more, and the memory from MEMORY on, of which
 * the first is _PyRuntime. Words there whose highest byte is HERE are relative to it.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fuzz_words.h"
#include "runtime/python/objects.h"
#include "runtime/python/past.h"
#include "runtime/python/process.h"
#include "util/style.h"

enum { HEAD_BYTES = 8, VERSIONS = PYTHON_MINOR_NEWEST - PYTHON_MINOR_OLDEST + 1 };

static FILE *nowhere;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

/* Nothing here changes while one waits. */
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
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
	fill_memory(data + HEAD_BYTES, size - HEAD_BYTES);
	p.runtime = FUZZ_MEMORY;
	p.layout = *python_layout_of(PYTHON_MINOR_OLDEST + data[0] % VERSIONS);
	p.memory = (struct python_memory){ .tid = p.tid, .pagemap = -1, .maps = &p.maps };
	look(&p);
	python_memory_free(&p.memory);
	maps_free(&p.maps);
	return 0;
}
