// SPDX-License-Identifier: GPL-2.0
/* Who was killed by the OOM killer, by the counts that kernels with either version of cgroups keep. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"
#include "model/oom.h"

/* A second later. */
static void look(struct oom_looks *o)
{
	o->next_ns = 0;
	oom_look(o, root, 7);
}

static void test_version(const char *cgroups, const char *counts, const char *before, const char *after)
{
	struct oom_looks o = { 0 };

	put_file(cgroups, "/proc/7/cgroup");
	put_file(before, counts);
	look(&o);
	CHECK(!oom_has_killed(&o), "one look tells nothing");
	look(&o);
	CHECK(!oom_has_killed(&o));
	put_file(after, counts);
	look(&o);		/* as it dies */
	for (int i = 0; i < OOM_LOOKS; i++)
		oom_look(&o, root, 7);	/* all at once */
	oom_look_again(&o);
	CHECK(oom_has_killed(&o), "%s", counts);
	for (int i = 0; i < OOM_LOOKS; i++)
		look(&o);
	CHECK(!oom_has_killed(&o), "that was another, long ago");
	oom_forget(&o);
}

static void test_moved(void)
{
	struct oom_looks o = { 0 };

	put_file("0::/a\n", "/proc/7/cgroup");
	put_file("oom_kill 1\n", "/sys/fs/cgroup/a/memory.events");
	put_file("oom 9\noom_kill 5\noom_group_kill 0\n", "/sys/fs/cgroup/b/memory.events");
	look(&o);
	put_file("0::/b\n", "/proc/7/cgroup");
	look(&o);
	CHECK(!oom_has_killed(&o), "another cgroup has another count");
	put_file("0::/\n", "/proc/7/cgroup");
	look(&o);
	oom_look_again(&o);
	CHECK(!oom_has_killed(&o) && !o.file);
	oom_forget(&o);
}

/* As systemd removes it. */
static void remove_cgroup(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s/memory.events", root, name);
	CHECK(!unlink(path));
}

static void test_removed(void)
{
	struct oom_looks o = { 0 };

	put_file("0::/slice/a\n", "/proc/7/cgroup");
	put_file("oom_kill 0\n", "/sys/fs/cgroup/slice/a/memory.events");
	put_file("oom_kill 4\n", "/sys/fs/cgroup/slice/memory.events");
	look(&o);
	put_file("oom_kill 5\n", "/sys/fs/cgroup/slice/memory.events");
	oom_look_again(&o);
	CHECK(!oom_has_killed(&o), "its own count is there, and says no");
	look(&o);
	look(&o);
	look(&o);
	remove_cgroup("/sys/fs/cgroup/slice/a");
	oom_look_again(&o);
	CHECK(!oom_has_killed(&o), "nor does the count above");
	put_file("oom_kill 6\n", "/sys/fs/cgroup/slice/memory.events");
	oom_look_again(&o);
	CHECK(oom_has_killed(&o));
	oom_forget(&o);
}

int main(void)
{
	root_begin();
	test_version("0::/system.slice/x.service\n", "/sys/fs/cgroup/system.slice/x.service/memory.events",
		     "low 0\nhigh 0\nmax 55\noom 2\noom_kill 2\n", "low 0\nhigh 0\nmax 90\noom 3\noom_kill 3\n");
	test_version("7:memory:/docker/x\n0::/\n", "/sys/fs/cgroup/memory/docker/x/memory.oom_control",
		     "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
	test_moved();
	test_removed();
	root_end();
	return verdict("oom");
}
