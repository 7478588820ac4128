/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether it was the OOM killer that ended a target: the exit code only says SIGKILL. The
 * kernel counts, for each cgroup, the processes that it killed for want of memory.
 *
 * Another process of the same cgroup may have been the one that it killed while somebody
 * else killed the target; both within a few seconds. systemd removes the cgroup of a service
 * as soon as it is empty, and its count with it; then the cgroup above is asked, which counts
 * what happens below it, too (version 2 only): there the other process may be another service's.
 */
#ifndef LEAKTRACE_MODEL_OOM_H
#define LEAKTRACE_MODEL_OOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { OOM_LOOKS = 3 };

/*
 * The count as of the last looks, at least a second apart, the latest first. At the latest
 * the victim may be dying, which takes its time.
 */
struct oom_looks {
	uint64_t kills[OOM_LOOKS], above[OOM_LOOKS];
	unsigned int n;
	char *file;			/* where it is counted; malloced. NULL: nowhere */
	char *file_above;		/* of the cgroup above; NULL: none that counts */
	bool is_gone;			/* the cgroup, so that only 'above' tells */
	uint64_t next_ns;		/* monotonic: looks before that are left out */
};

/* root is put before the path of every file that is read: "" but in tests. */
void oom_look(struct oom_looks *o, const char *root, pid_t pid);	/* of a live process */
void oom_look_again(struct oom_looks *o);	/* after its end */
bool oom_has_killed(const struct oom_looks *o);	/* between the first of the looks that are kept and the last */
void oom_forget(struct oom_looks *o);

#endif
