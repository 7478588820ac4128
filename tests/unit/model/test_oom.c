// SPDX-License-Identifier: GPL-2.0
/* Who was killed by the OOM killer, by the counts that kernels with either version of cgroups keep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "model/oom.h"

static char root[] = "/tmp/leaktrace-oom.XXXXXX";

static void put_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;
	int n = snprintf(path, sizeof(path), "%s", root);

	snprintf(path + n, sizeof(path) - n, "%s", name);
	for (char *slash = path + n + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0755);
	}
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		CHECK(0, "%s: %m", path);
}

static void test_version(const char *cgroups, const char *counts, const char *before, const char *after)
{
	struct oom_looks o = { 0 };

	put_file("/proc/7/cgroup", cgroups);
	put_file(counts, before);
	oom_look(&o, root, 7);
	CHECK(!oom_has_killed(&o), "one look tells nothing");
	oom_look(&o, root, 7);
	CHECK(!oom_has_killed(&o));
	put_file(counts, after);
	oom_look(&o, root, 7);		/* as it dies */
	oom_look_again(&o);
	CHECK(oom_has_killed(&o), "%s", counts);
	for (int i = 0; i < OOM_LOOKS; i++)
		oom_look(&o, root, 7);
	CHECK(!oom_has_killed(&o), "that was another, long ago");
	oom_forget(&o);
}

static void test_moved(void)
{
	struct oom_looks o = { 0 };

	put_file("/proc/7/cgroup", "0::/a\n");
	put_file("/sys/fs/cgroup/a/memory.events", "oom_kill 1\n");
	put_file("/sys/fs/cgroup/b/memory.events", "oom 9\noom_kill 5\noom_group_kill 0\n");
	oom_look(&o, root, 7);
	put_file("/proc/7/cgroup", "0::/b\n");
	oom_look(&o, root, 7);
	CHECK(!oom_has_killed(&o), "another cgroup has another count");
	put_file("/proc/7/cgroup", "0::/\n");
	oom_look(&o, root, 7);
	oom_look_again(&o);
	CHECK(!oom_has_killed(&o) && !o.file);
	oom_forget(&o);
}

int main(void)
{
	char command[64];

	if (!mkdtemp(root))
		return 1;
	test_version("0::/system.slice/x.service\n", "/sys/fs/cgroup/system.slice/x.service/memory.events",
		     "low 0\nhigh 0\nmax 55\noom 2\noom_kill 2\n", "low 0\nhigh 0\nmax 90\noom 3\noom_kill 3\n");
	test_version("7:memory:/docker/x\n0::/\n", "/sys/fs/cgroup/memory/docker/x/memory.oom_control",
		     "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
	test_moved();
	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK(!system(command));
	return verdict("oom");
}
