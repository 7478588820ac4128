// SPDX-License-Identifier: GPL-2.0
/*
 * Opens a process with a CPython interpreter. Which version it is, is said by the file,
 * or tried: only with the right layout does sys.hexversion say the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "util/macros.h"
#include "util/process.h"
#include "util/process_memory.h"

#define HEX_MAJOR_MINOR(version)	((version) >> 16)

/* At the start of _PyRuntime from 3.13 on, in words: what releases of one version may move. */
enum {
	OFFSETS_VERSION = 1, OFFSETS_FREE_THREADED, OFFSETS_INTERPRETERS = 5, OFFSETS_NEXT = 8, OFFSETS_THREADS,
	OFFSETS_GC, OFFSETS_MODULES, OFFSETS_SYSDICT, OFFSETS_BUILTINS, OFFSETS_WORDS,
	GC_GENERATIONS = 24, OFFSET_MAX = 1 << 20, OFFSETS_SINCE_MINOR = 13,
};

/* False: it is built so that there are no lists of objects. */
static bool take_offsets(struct python_process *p)
{
	struct python_layout *l = &p->layout;
	uint64_t w[OFFSETS_WORDS];

	if (l->minor < OFFSETS_SINCE_MINOR || !python_read(&p->memory, p->runtime, w, sizeof(w)) ||
	    memcmp(w, "xdebugpy", sizeof(*w)))
		return true;
	for (size_t i = OFFSETS_INTERPRETERS; i < OFFSETS_WORDS; i++)
		if (w[i] >= OFFSET_MAX)
			return true;
	l->interpreters = w[OFFSETS_INTERPRETERS];
	l->next = w[OFFSETS_NEXT];
	l->threads = w[OFFSETS_THREADS];
	l->generations = w[OFFSETS_GC] + GC_GENERATIONS;
	l->modules = w[OFFSETS_MODULES];
	l->sysdict = w[OFFSETS_SYSDICT];
	l->builtins = w[OFFSETS_BUILTINS];
	return !w[OFFSETS_FREE_THREADED];
}

/** python_interpreters() - the addresses of the process's interpreters; how many there are */
size_t python_interpreters(struct python_process *p, uint64_t at[PYTHON_INTERPRETERS_MAX])
{
	uint64_t next = python_word(&p->memory, p->runtime + p->layout.interpreters);
	size_t n = 0;

	while (next && n < PYTHON_INTERPRETERS_MAX) {
		for (size_t i = 0; i < n; i++)
			if (at[i] == next)
				return n;
		at[n++] = next;
		next = python_word(&p->memory, next + p->layout.next);
	}
	return n;
}

/* Whether, with this layout, the interpreter says that it has this version. */
static bool fits(struct python_process *p, const struct python_layout *l)
{
	uint64_t at[PYTHON_INTERPRETERS_MAX], value, hex;
	size_t n;

	p->layout = *l;
	n = take_offsets(p) ? python_interpreters(p, at) : 0;
	for (size_t i = 0; i < n; i++) {
		value = python_dict_find(p, python_word(&p->memory, at[i] + l->sysdict), "hexversion");
		hex = value ? python_small_int(p, value) : 0;
		if (HEX_MAJOR_MINOR(hex) == (3U << 8 | l->minor)) {
			p->hex_version = hex;
			return true;
		}
	}
	return false;
}

static bool find_layout(struct python_process *p)
{
	for (unsigned int minor = PYTHON_MINOR_OLDEST; minor <= PYTHON_MINOR_NEWEST; minor++)
		if ((!p->hex_version || HEX_MAJOR_MINOR(p->hex_version) == (3U << 8 | minor)) &&
		    fits(p, python_layout_of(minor)))
			return true;
	return false;
}

static void say_version(struct python_process *p)
{
	snprintf(p->version, sizeof(p->version), "%u.%u.%u", p->hex_version >> 24, p->hex_version >> 16 & 0xff,
		 p->hex_version >> 8 & 0xff);
}

static void say_unknown(struct python_process *p, char *err, size_t errlen)
{
	uint32_t minor = p->hex_version >> 16 & 0xff;
	bool is_listed = p->hex_version >> 24 == 3 && python_layout_of(minor);

	say_version(p);
	if (is_listed && !take_offsets(p))
		snprintf(err, errlen, "the objects of process %d are not read: its CPython %s is built without the global interpreter lock",
			 p->pid, p->version);
	else if (is_listed)
		snprintf(err, errlen, "the objects of process %d are not read: its CPython %s has not the layout of a release, or is only starting",
			 p->pid, p->version);
	else if (p->hex_version)
		snprintf(err, errlen, "the objects of process %d are not read: its runtime is CPython %s (3.%d to 3.%d are read)",
			 p->pid, p->version, PYTHON_MINOR_OLDEST, PYTHON_MINOR_NEWEST);
	else
		snprintf(err, errlen, "the objects of process %d are not read: the version of its CPython is unknown (3.%d to 3.%d are read)",
			 p->pid, PYTHON_MINOR_OLDEST, PYTHON_MINOR_NEWEST);
}

static int open_all(struct python_process *p, char *err, size_t errlen)
{
	unsigned char byte;
	int error = process_open_memory(p->pid, &p->maps, &p->pagemap, err, errlen);

	if (error)
		return error;
	p->tid = p->memory.tid = p->maps.tid;
	p->memory.pagemap = p->pagemap;
	process_comm(p->tid, p->comm, sizeof(p->comm));
	p->rss_bytes = process_rss_bytes(p->tid);
	if (!python_find(p)) {
		snprintf(err, errlen, "process %d has no CPython interpreter (no file that it has mapped exports _PyRuntime)", p->pid);
		return -ENOEXEC;
	}
	error = memory_read(p->tid, p->runtime, &byte, 1);
	if (error) {
		process_explain_memory(p->pid, error, err, errlen);
		return error;
	}
	if (!find_layout(p)) {
		say_unknown(p, err, errlen);
		return -ENOTSUP;
	}
	say_version(p);
	return 0;
}

/**
 * python_open() - open a process to read the objects of its interpreters
 * @max_bytes: of copies of its memory
 * @err: on failure, one line that says why
 *
 * Return: the process, or NULL.
 */
struct python_process *python_open(pid_t pid, uint64_t max_bytes, char *err, size_t errlen)
{
	struct python_process *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	p->pid = pid;
	p->pagemap = -1;
	p->memory.maps = &p->maps;
	p->memory.max_bytes = max_bytes;
	if (!open_all(p, err, errlen))
		return p;
	python_close(p);
	return NULL;
}

/** python_close() - release it; NULL is fine */
void python_close(struct python_process *p)
{
	if (!p)
		return;
	python_memory_free(&p->memory);
	maps_free(&p->maps);
	if (p->pagemap >= 0)
		close(p->pagemap);
	free(p);
}

/** python_refresh() - read the mappings again; 0 or -errno, with the old ones kept */
int python_refresh(struct python_process *p)
{
	struct maps maps;
	int error = maps_read(p->pid, &maps);

	if (error)
		return error;
	maps_free(&p->maps);
	p->maps = maps;
	p->tid = p->memory.tid = maps.tid;
	p->rss_bytes = process_rss_bytes(p->tid);
	python_memory_drop(&p->memory);
	return 0;
}

/** python_is_alive() - false once the process has exited or called exec */
bool python_is_alive(const struct python_process *p)
{
	return memory_is_alive(p->pagemap);
}
