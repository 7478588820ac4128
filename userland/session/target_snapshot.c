// SPDX-License-Identifier: GPL-2.0
/* Reads a traced target once: for report and snapshot, and at the end of a session. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/account.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/target.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "session/saved_maps.h"
#include "session/target_snapshot.h"
#include "symbolize/symbolizer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/sanitize.h"

#define MALLOC_BYTES_MIN	(16ULL << 20)	/* in memory: less is not looked into */

/* Opens a symbolizer: for the live target, else from saved mappings. */
void target_open_symbolizer(struct model *m)
{
	char err[256];

	if (m->offline)
		return;
	if (!(m->target.flags & LEAKTRACE_TARGET_F_EXITED)) {
		if (m->symbolizer)
			symbolizer_refresh(m->symbolizer);
		else
			m->symbolizer = symbolizer_open(m->target.pid, err, sizeof(err));
	}
	if (!m->symbolizer)
		m->symbolizer = saved_maps_symbolizer(m);
}

/*
 * Opens the target's language runtime, if it has one and no kind was excluded.
 * A runtime that cannot be read is reported once.
 */
void target_open_runtime(struct model *m)
{
	char err[512];

	/* before exec a child only has its parent's memory */
	if (m->offline || (m->target.flags & LEAKTRACE_TARGET_F_FORKED && !m->target.execs) || m->target.flags & LEAKTRACE_TARGET_F_EXITED ||
	    (m->target.kinds & LEAKTRACE_KINDS_DEFAULT) != LEAKTRACE_KINDS_DEFAULT)
		return;
	runtime_close(m->runtime);
	m->runtime = runtime_open(m->target.pid, err, sizeof(err));
	if (m->runtime && m->holders_bytes)
		runtime_find_holders(m->runtime, m->holders_bytes);
	if (m->runtime)
		runtime_sample(m->runtime, true);
	else if (*err)
		fail("no runtime kinds, only the kernel's: %s", err);
}

/* Counts the target's child processes, and which of them are targets. */
void target_read_children(struct client *c, struct model *m)
{
	struct target *targets = NULL;
	size_t n = 0;

	if (monotonic_ns() < m->children.next_ns || client_targets(c, &targets, &n))
		return;
	children_read(m, targets, n);
	free(targets);
}

void target_read_malloc(struct model *m)
{
	const struct ledger_account *p = &m->ledger.process;
	struct ledger_malloc now;

	if (m->offline || m->target.flags & LEAKTRACE_TARGET_F_EXITED || !p->known ||
	    !(m->target.kinds & 1U << LEAKTRACE_KIND_PAGE) || p->bytes[LEDGER_ANONYMOUS] < MALLOC_BYTES_MIN)
		return;
	heap_account_read(m->target.pid, &now);
	if (now.known)
		m->ledger.malloc_last = now;
}

/* Reads everything about target id. */
int target_read(struct client *c, struct model *m, uint32_t id)
{
	int err;

	m->target.id = id;
	err = client_fill(c, m);
	if (err)
		return err;
	model_read_proc(m);
	model_read_memory(m);
	target_read_malloc(m);
	target_read_children(c, m);
	target_open_symbolizer(m);
	target_open_runtime(m);
	if (!(m->target.flags & LEAKTRACE_TARGET_F_BACKGROUND))
		return 0;
	saved_baseline_read(m);
	saved_maps_write(m);
	/* Background targets: refresh the kernel's code maps on each read. */
	if (!(m->target.flags & LEAKTRACE_TARGET_F_EXITED))
		code_map_send(c, m);
	return 0;
}

/*
 * The target with this PID: a live one takes precedence over one that has
 * exited, the latest first.
 */
int target_find(struct client *c, pid_t pid, struct target *found)
{
	struct target *targets;
	int best = -1, err;
	size_t n;

	err = client_targets(c, &targets, &n);
	for (size_t i = 0; !err && i < n; i++) {
		bool gone = targets[i].flags & LEAKTRACE_TARGET_F_EXITED;

		if (targets[i].pid != (uint32_t)pid)
			continue;
		if (best < 0 || (targets[best].flags & LEAKTRACE_TARGET_F_EXITED && !gone) ||
		    targets[i].id > targets[best].id)
			best = i;
	}
	if (best >= 0)
		*found = targets[best];
	free(targets);
	return err ?: best < 0 ? -ESRCH : 0;
}

/* The last number of an NSpid line with more than one: the PID in the container. */
static pid_t innermost(const char *line)
{
	const char *last = strrchr(line, '\t');

	return last && strchr(line, '\t') != last ? atoi(last + 1) : 0;
}

/* The PID on this host of a process that has this PID in a container, or 0. */
static pid_t inner_pid(pid_t inner, char *comm, size_t len)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (d && !found && (e = readdir(d))) {
		char path[280], line[256];
		FILE *f;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", e->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f)) {
			if (!strncmp(line, "Name:\t", 6)) {
				line[strcspn(line, "\n")] = '\0';
				snprintf(comm, len, "%.60s", line + 6);
			}
			if (!strncmp(line, "NSpid:", 6) && innermost(line) == inner)
				found = atoi(e->d_name);
		}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

/* The error message for a PID that does not exist; mentions the process that may be meant. */
int fail_no_process(pid_t pid)
{
	char comm[64] = "";
	pid_t host = inner_pid(pid, comm, sizeof(comm));

	sanitize(comm);
	if (host)
		return fail("no such process %d: PID %d of a container is %s, PID %d on this host",
			    pid, pid, comm, host);
	return fail("no such process %d", pid);
}
