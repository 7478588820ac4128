/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of a process, and why one cannot be read. */
#ifndef LEAKTRACE_UTIL_PROCESS_H
#define LEAKTRACE_UTIL_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct maps;

/* Its name, or that of a thread; printable, and "" if it cannot be read. */
void process_comm(pid_t pid, char *comm, size_t size);
/* root is put before the path: "" but in tests. */
void process_comm_under(const char *root, pid_t pid, char *comm, size_t size);

/*
 * The fields of /proc/PID/stat from the third one on, " S 1 …": they follow the name, which may
 * contain any character. In line; NULL: it cannot be read.
 */
const char *process_stat(pid_t pid, char *line, size_t size);

/* The clock tick since boot in which it began, and its state ("Z", "X": it has ended); 0: it cannot be read. */
uint64_t process_start_ticks(pid_t pid, char *state);

/* Both are 0 if they cannot be read, and of what has no memory: a zombie or a kernel thread. */
uint64_t process_rss_bytes(pid_t pid);
uint64_t process_mapped_bytes(pid_t pid);	/* also what was never touched */

/* One line about an error of maps_read() (util/proc_maps.h) or memory_read() (util/process_memory.h). */
void process_explain_maps(pid_t pid, int error, char *err, size_t errlen);
void process_explain_memory(pid_t pid, int error, char *err, size_t errlen);

/*
 * What reads its memory needs: its mappings, and /proc/PID/pagemap of a thread that has memory
 * (-1: it cannot be opened). 0, or -errno with one line in err. The caller frees and closes them.
 */
int process_open_memory(pid_t pid, struct maps *maps, int *pagemap, char *err, size_t errlen);

/* Of our own process: as many as it may have, not only as many as it usually has. */
void process_raise_descriptor_limit(void);

#endif
