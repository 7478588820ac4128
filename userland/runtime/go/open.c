// SPDX-License-Identifier: GPL-2.0
/*
 * Opens a running Go program: its executable, the load bias, and the runtime's
 * names of wait reasons.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/go_pclntab.h"
#include "elf/image.h"
#include "runtime/go/find.h"
#include "runtime/go/layout.h"
#include "runtime/go/process.h"
#include "runtime/go/unwind.h"
#include "symbolize/symbolizer.h"
#include "util/proc_maps.h"
#include "util/process.h"
#include "util/process_memory.h"

static bool open_image(struct go_process *p, char *err, size_t errlen)
{
	char path[40];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", p->tid);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(err, errlen, "cannot open the executable of process %d: %s", p->pid,
			 strerror(errno));
		return false;
	}
	p->image = fstat(fd, &st) || !S_ISREG(st.st_mode) ? NULL : elf_image_map(fd);
	close(fd);
	if (p->image && go_table_open(&p->table, p->image) && p->image->machine == EM_X86_64) {
		for (size_t i = 0; i < p->maps.n; i++) {
			const struct map *map = &p->maps.map[i];
			uint64_t vaddr;

			if (map->inode == st.st_ino && map->exec &&
			    elf_image_vaddr(p->image, map->offset_bytes, &vaddr)) {
				p->bias = map->start - vaddr;
				return true;
			}
		}
	}
	snprintf(err, errlen, "process %d is not a supported Go program (Go 1.18 or later, x86-64)",
		 p->pid);
	return false;
}

/* An array of {pointer, length}; the first string is empty. */
static void read_reasons(struct go_process *p)
{
	for (int i = 0; i < GO_REASONS && p->globals.wait_reasons; i++) {
		uint64_t s[2];

		if (!go_read(p, p->globals.wait_reasons + 16 * i, s, sizeof(s)) ||
		    s[1] >= sizeof(p->reasons[i]) || (i && !s[1]) ||
		    (s[1] && !go_read(p, s[0], p->reasons[i], s[1])))
			break;
		p->reasons[i][s[1]] = '\0';
		for (char *c = p->reasons[i]; *c; c++)
			if (*c < ' ' || *c > '~')
				*c = '?';
	}
}

static int open_all(struct go_process *p, char *err, size_t errlen)
{
	unsigned char byte;
	char state;
	int error = process_open_memory(p->pid, &p->maps, &p->pagemap, err, errlen);

	if (error)
		return error;
	p->tid = p->maps.tid;
	if (!open_image(p, err, errlen))
		return -ENOEXEC;
	error = memory_read(p->tid, p->table.module + p->bias, &byte, 1);
	if (error) {
		process_explain_memory(p->pid, error, err, errlen);
		return error;
	}
	error = go_layout_find(p, err, errlen);
	if (error)
		return error;
	process_comm(p->pid, p->comm, sizeof(p->comm));
	p->start_ticks = process_start_ticks(p->pid, &state);
	go_find(p);
	if (!p->globals.allgs_pointer) {
		snprintf(err, errlen, "process %d: its list of goroutines was not found", p->pid);
		return -ENOENT;
	}
	read_reasons(p);
	p->unwind = go_unwind_new(p);
	p->symbolizer = symbolizer_open(p->pid, err, errlen);
	return p->unwind && p->symbolizer ? 0 : -ENOMEM;
}

/**
 * go_open() - open a running Go program
 * @why: on failure, -ENOEXEC if it is not a Go program, or another error
 * @err: on failure, one line that says why
 *
 * Return: the program, or NULL.
 */
struct go_process *go_open(pid_t pid, int *why, char *err, size_t errlen)
{
	struct go_process *p = calloc(1, sizeof(*p));

	*why = -ENOMEM;
	if (!p) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	p->pid = pid;
	p->pagemap = -1;
	*why = open_all(p, err, errlen);
	if (!*why)
		return p;
	go_close(p);
	return NULL;
}
