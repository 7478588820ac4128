// SPDX-License-Identifier: GPL-2.0
/* Processes chosen by name, program, unit, cgroup and container, in an invented /proc. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/model.h"
#include "model/workload.h"
#include "session/selector.h"
#include "check.h"

#define ID_A	"aaaa567890123456789012345678901234567890123456789012345678901234"
#define ID_B	"bbbb567890123456789012345678901234567890123456789012345678901234"
#define ID_C	"cccc567890123456789012345678901234567890123456789012345678901234"
#define ID_D	"dddd567890123456789012345678901234567890123456789012345678901234"
#define ID_E	"aaaa067890123456789012345678901234567890123456789012345678901234"
#define ID_F	"ffff567890123456789012345678901234567890123456789012345678901234"
#define ID_G	"eeee567890123456789012345678901234567890123456789012345678901234"
#define ID_H	"9999567890123456789012345678901234567890123456789012345678901234"
#define ID_C2	"cccc560000000000000000000000000000000000000000000000000000000000"
#define OF_USER(n)	"0::/user.slice/user-" #n ".slice/user@" #n ".service/"
#define POD	"0f4c1d2e-1111-2222-3333-444455556666"
#define POD_	"0f4c1d2e_1111_2222_3333_444455556666"

static char root[] = "/tmp/test_selector.XXXXXX";

static void put(const char *text, const char *fmt, ...)
{
	char path[1024], *slash;
	va_list args;
	FILE *f;
	int n = snprintf(path, sizeof(path), "%s", root);

	va_start(args, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, args);
	va_end(args);
	for (slash = strchr(path + n + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	fputs(text, f);
	fclose(f);
}

static void process(int pid, const char *comm, const char *exe, const char *cgroup)
{
	char path[256], line[64];

	snprintf(line, sizeof(line), "%s\n", comm);
	put(line, "/proc/%d/comm", pid);
	put(cgroup, "/proc/%d/cgroup", pid);
	snprintf(path, sizeof(path), "%s/proc/%d/exe", root, pid);
	if (*exe && symlink(exe, path))
		perror(path);
}

/* A user may use any ID, but gets no name by it. */
static void make_users(void)
{
	char path[256];

	process(9, "posing", "/bin/posing", OF_USER(1000) "docker-" ID_A ".scope\n");
	process(24, "posing", "/bin/posing", OF_USER(1000) "docker-" ID_A ".scope\n");
	/* in a part of the tree that is theirs, outside of /user.slice */
	process(25, "posing", "/bin/posing", "0::/system.slice/job.service/" ID_A "\n");
	put("", "/sys/fs/cgroup/system.slice/job.service/cgroup.procs");
	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/system.slice/job.service", root);
	CHECK(!chown(path, getuid() ?: 1000, -1));
	process(26, "posing", "/bin/posing", OF_USER(1000) "libpod-" ID_C2 ".scope\n");
	/* a container of theirs; one that two have; one that the host has, and has stopped */
	process(50, "own", "/bin/own", OF_USER(1000) "libpod-" ID_F ".scope\n");
	process(51, "own", "/bin/own", OF_USER(1001) "libpod-" ID_G ".scope\n");
	process(52, "own", "/bin/own", OF_USER(1002) "libpod-" ID_G ".scope\n");
	process(53, "posing", "/bin/posing", OF_USER(1001) "libpod-" ID_H ".scope\n");
	put("{\"Name\": \"/stopped\"}", "/var/lib/docker/containers/" ID_H "/config.v2.json");
}

static void make_host(void)
{
	process(1, "systemd", "/usr/lib/systemd/systemd", "0::/init.scope\n");
	process(2, "kthreadd", "", "0::/\n");
	process(10, "nginx", "/usr/sbin/nginx", "0::/system.slice/nginx.service\n");
	process(11, "nginx", "/usr/sbin/nginx (deleted)", "0::/system.slice/nginx.service\n");
	process(12, "averyveryverylo", "/opt/app/averyveryverylongname", "0::/user.slice/user-1000.slice/session-3.scope\n");
	process(13, "nginx-debug", "/usr/sbin/nginx-debug", "0::/system.slice/nginx.service.d/x\n");
	process(20, "web", "/bin/web", "0::/system.slice/docker-" ID_A ".scope\n");
	/* version 1, by the driver cgroupfs; systemd's own line tells nothing */
	process(21, "web", "/bin/web", "12:memory:/docker/" ID_B "\n1:name=systemd:/\n0::/\n");
	process(22, "conmon", "/usr/bin/conmon", "0::/machine.slice/libpod-conmon-" ID_C ".scope\n");
	process(23, "db", "/bin/db", "0::/machine.slice/libpod-" ID_C ".scope/container\n");
	process(30, "api", "/api", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
		".slice/cri-containerd-" ID_D ".scope\n");
	process(31, "api", "/api", "4:pids:/kubepods/burstable/pod" POD "/" ID_E "\n");
	process(32, "api", "/api", "0::/kubepods-burstable-pod" POD_ ".slice:cri-containerd:" ID_D "\n");
	put("", "/sys/fs/cgroup/cgroup.controllers");
	put("{\"Name\": \"/shop\", \"ID\": \"" ID_A "\"}", "/var/lib/docker/containers/" ID_A "/config.v2.json");
	put("{\"Name\": 7}", "/var/lib/docker/containers/" ID_B "/config.v2.json");
	put("[{\"id\": \"" ID_A "\"}, {\"id\": \"" ID_C "\", \"names\": [\"store\\u001b[31m\"]}]",
	    "/var/lib/containers/storage/overlay-containers/containers.json");
	put("{\"annotations\": {\"io.kubernetes.cri.container-name\": \"api\", \"io.kubernetes.cri.sandbox-name\":"
	    " \"api-7d9\", \"io.kubernetes.cri.sandbox-namespace\": \"prod\"}}",
	    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID_D "/config.json");
	put("not JSON", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID_E "/config.json");
	put("", "/var/log/pods/prod_api-7d9_" POD "/x");
}

/* The PIDs that are found by up to two conditions, as "10 11". */
static const char *found(const char *what, const char *arg, const char *what2, const char *arg2)
{
	static char text[256];
	struct selector *s = selector_new(root);
	pid_t pids[64];
	size_t n, len = 0;

	if (selector_add(s, what, arg) || (what2 && selector_add(s, what2, arg2))) {
		selector_free(s);
		return "refused";
	}
	n = selector_find(s, pids, 64);
	*text = '\0';
	for (size_t i = 0; i < n; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%d", i ? " " : "", pids[i]);
	if (selector_is_ambiguous(s))
		snprintf(text, sizeof(text), "ambiguous");
	selector_free(s);
	return text;
}

#define FOUND(what, arg, want)	FOUND2(what, arg, NULL, NULL, want)
#define FOUND2(what, arg, what2, arg2, want)				\
	do {								\
		const char *have = found(what, arg, what2, arg2);	\
		CHECK(!strcmp(have, want), "%s %s: %s, not %s", what, arg, have, want);	\
	} while (0)

static void finds_processes(void)
{
	FOUND("comm", "nginx", "10 11");
	FOUND("comm", "averyveryverylongname", "12");
	FOUND("comm", "kthreadd", "");
	FOUND("exe", "/usr/sbin/nginx", "10 11");
	FOUND("exe", "nginx", "10 11");
	FOUND("exe", "sbin/nginx", "");
	FOUND("unit", "nginx", "10 11");
	FOUND("unit", "nginx.service", "10 11");
	FOUND("unit", "user.slice", "9 12 24 26 50 51 52 53");
	FOUND("unit", "ngin", "");
	FOUND("cgroup", "/system.slice", "10 11 13 20 25");
	FOUND("cgroup", "/sys/fs/cgroup/system.slice/nginx.service/", "10 11");
	FOUND("cgroup", "/system", "");
	FOUND("cgroup", "/docker", "21");
	FOUND2("cgroup", "system.slice", "comm", "web", "20");
	CHECK(!strcmp(found("cgroup", "/", NULL, NULL), "refused"));
	CHECK(!strcmp(found("comm", "", NULL, NULL), "refused"));
}

static void finds_containers(void)
{
	FOUND("container", "shop", "20");
	FOUND("container", "/shop", "");
	FOUND("container", ID_A, "20");
	FOUND("container", "bbbb", "21");
	FOUND("container", "bbb", "");
	FOUND("container", "cccc56", "23");
	FOUND("container", "api", "30 32");
	FOUND("container", "aaaa", "ambiguous");
	FOUND2("container", "api", "unit", "nginx", "");
}

/* Who may make cgroups can use any ID. */
static void is_not_taken_in(void)
{
	FOUND("container", ID_F, "50");
	FOUND("container", "ffff", "50");
	FOUND("container", ID_G, "ambiguous");
	FOUND2("container", ID_G, "cgroup", "/user.slice/user-1001.slice", "51");
	FOUND("container", ID_H, "");
	FOUND2("container", ID_A, "unit", "user@1000", "");
	FOUND2("container", ID_C2, "comm", "posing", "26");
}

static void names_workloads(void)
{
	static const struct {
		pid_t pid;
		const char *unit, *container, *pod, *label;
	} want[] = {
		{ 1, "init.scope", "", "", "" },
		{ 10, "nginx.service", "", "", "nginx.service" },
		{ 20, "", "shop", "", "shop" },
		{ 21, "", "", "", "bbbb56789012" },
		{ 22, "", "", "", "" },
		{ 23, "", "store?[31m", "", "store?[31m" },
		{ 30, "", "api", "prod/api-7d9", "prod/api-7d9/api" },
		{ 31, "", "", "prod/api-7d9", "prod/api-7d9/aaaa06789012" },
		{ 32, "", "api", "prod/api-7d9", "prod/api-7d9/api" },
	};
	char label[512];

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct workload w = { 0 };

		workload_read(&w, root, want[i].pid);
		CHECK(!strcmp(w.unit ?: "", want[i].unit), "%d: %s", want[i].pid, w.unit);
		CHECK(!strcmp(w.container ?: "", want[i].container), "%d: %s", want[i].pid, w.container);
		CHECK(!strcmp(w.pod ?: "", want[i].pod), "%d: %s", want[i].pid, w.pod);
		CHECK(!strcmp(workload_label(&w, label, sizeof(label)), want[i].label), "%d: %s", want[i].pid, label);
		workload_free(&w);
	}
}

/* With version 1 each controller has a folder of its own. */
static void strips_controllers(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/cgroup.controllers", root);
	CHECK(!unlink(path));
	FOUND("cgroup", "/sys/fs/cgroup/memory/docker/" ID_B, "21");
}

static void survives_nonsense(void)
{
	static const char *const bad[] = { "", "\n", ":", "::", "0::", "0::x", "0:://", "0::/\n\n:::/a", "0::/-\n",
		"0::/kubepods/pod", "0::/kubepods/podpodpod0", "0::/.scope", "0::/" ID_A ID_A };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct workload w = { 0 };

		workload_parse(&w, bad[i]);
		CHECK(!w.pod && !w.container_id && !w.unit, "%zu", i);
		workload_free(&w);
	}
}

/* Of a recording only the path and the names are known. */
static void selects_models(void)
{
	struct selector *s = selector_new(root);
	struct model m;

	model_init(&m);
	snprintf(m.target.comm, sizeof(m.target.comm), "api");
	workload_parse(&m.workload, "0::/kubepods/pod" POD "/" ID_D);
	m.workload.container = strdup("other");
	selector_add(s, "container", "other");
	selector_add(s, "cgroup", "/kubepods");
	CHECK(selector_fits(s, &m));
	selector_add(s, "comm", "web");
	CHECK(!selector_fits(s, &m));
	selector_free(s);
	model_free(&m);
}

int main(void)
{
	char remove[64];

	if (!mkdtemp(root))
		return 1;
	make_host();
	make_users();
	finds_processes();
	finds_containers();
	is_not_taken_in();
	names_workloads();
	strips_controllers();
	survives_nonsense();
	selects_models();
	snprintf(remove, sizeof(remove), "rm -rf %s", root);
	return verdict("selector") | system(remove);
}
