// SPDX-License-Identifier: GPL-2.0
/*
 * What a Go program's memory can make `leaktrace go` do: goroutines, timers and
 * heap profile are read out of input, with the functions of a real program
 * ($FUZZ_GO), by the layout of its version, and then judged and told.
 *
 * Input: 8 words, where the runtime's variables point to (MEMORY + 16 bits, or
 * anywhere), and the memory from MEMORY on. Words there whose highest byte is
 * HERE or CODE are relative to the memory, or to the program's code.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "fuzz_memory.h"
#include "runtime/go/judge.h"
#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "runtime/go/report.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/unwind.h"
#include "runtime/go/view.h"
#include "symbolize/symbolizer.h"
#include "util/style.h"

#define MEMORY	0xc000000000ULL
#define HERE	0x51ULL
#define CODE	0x52ULL

enum { VARIABLES = 8, MEMORY_BYTES = 1 << 16 };

static struct go_process process;
static FILE *nowhere;
static uint64_t memory[MEMORY_BYTES / 8];
static size_t memory_bytes;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- what fuzz_memory.h leaves to us --- */

int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	uint64_t here = process.table.module + process.bias;

	(void)pid;
	if (at == here && bytes == 8) {		/* the program is still there */
		memcpy(to, &here, bytes);
		return 0;
	}
	if (at - MEMORY > memory_bytes || bytes > memory_bytes - (at - MEMORY))
		return -EFAULT;
	memcpy(to, (char *)memory + (at - MEMORY), bytes);
	return 0;
}

/* --- a program --- */

static void open_process(void)
{
	const char *path = getenv("FUZZ_GO");
	char err[256];
	int fd = path ? open(path, O_RDONLY) : -1;

	process.image = fd < 0 ? NULL : elf_image_map(fd);
	process.pid = process.tid = getpid();
	process.pagemap = -1;
	if (!process.image || !go_table_open(&process.table, process.image) ||
	    go_layout_find(&process, err, sizeof(err))) {
		fprintf(stderr, "fuzz_go: no program of Go in $FUZZ_GO\n");
		exit(2);
	}
	process.symbolizer = symbolizer_open(process.pid, err, sizeof(err));
	nowhere = fopen("/dev/null", "w");
	if (!nowhere || !process.symbolizer)
		exit(2);
	for (int i = 0; i < GO_REASONS; i += 2)
		snprintf(process.reasons[i], sizeof(process.reasons[i]), "reason %d", i);
}

static uint64_t place(uint64_t word)
{
	switch (word >> 56) {
	case HERE:
		return MEMORY + (word & 0xffff);
	case CODE:
		return process.table.text + (word & 0xfffff);
	default:
		return word;
	}
}

static void fill(const uint8_t *data, size_t size)
{
	uint64_t at[VARIABLES] = { 0 };

	memcpy(at, data, size < sizeof(at) ? size : sizeof(at));
	data += sizeof(at);
	size = size < sizeof(at) ? 0 : size - sizeof(at);
	memory_bytes = size < MEMORY_BYTES ? size : MEMORY_BYTES;
	memcpy(memory, data, memory_bytes);
	for (size_t i = 0; i < memory_bytes / 8; i++)
		memory[i] = place(memory[i]);
	process.globals = (struct go_globals){
		.allgs_pointer = place(at[0]), .allgs_length = place(at[1]),
		.mbuckets = place(at[2]), .profile_cycle = place(at[3]),
		.profile_rate = place(at[4]), .allp = place(at[5]), .controller = place(at[6]),
	};
	/* 0 would have all of the program searched for it. */
	if (!process.globals.mbuckets)
		process.globals.mbuckets = MEMORY;
}

static void say(struct go_view *v)
{
	struct report_style look = { .format = FORMAT_TEXT, .all = true };

	go_judge(v);
	go_text(nowhere, v, &look);
	json_object_put(go_json(v));
	fflush(nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct go_view view = { .process = &process };

	if (!process.image)
		open_process();
	process.unwind = go_unwind_new(&process);
	fill(data, size);
	for (int i = 0; i < 2; i++)
		if (go_sample(&view))
			go_view_undo(&view);
	say(&view);
	go_view_free(&view);
	go_unwind_free(process.unwind);
	return 0;
}
