// SPDX-License-Identifier: GPL-2.0
/* How much work a process has done: see proc_load.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/proc_load.h"
#include "util/process.h"

static bool read_bytes(pid_t pid, struct proc_load *l)
{
	char path[64], line[128];
	unsigned int seen = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		seen += sscanf(line, "rchar: %" SCNu64, &l->done[LOAD_READ]) == 1 ||
			sscanf(line, "wchar: %" SCNu64, &l->done[LOAD_WRITTEN]) == 1;
	if (f)
		fclose(f);
	return seen == 2;
}

static bool read_cpu(pid_t pid, struct proc_load *l)
{
	char line[1024];
	const char *p = process_stat(pid, line, sizeof(line));
	uint64_t user, system;

	if (!p || sscanf(p, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
			 &user, &system) != 2)
		return false;
	l->done[LOAD_CPU] = (user + system) * (1000000 / sysconf(_SC_CLK_TCK));
	return true;
}

void proc_load_read(pid_t pid, struct proc_load *l)
{
	memset(l, 0, sizeof(*l));
	l->known = pid > 0 && read_bytes(pid, l) && read_cpu(pid, l);
}
