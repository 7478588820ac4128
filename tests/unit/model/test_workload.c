// SPDX-License-Identifier: GPL-2.0
/*
 * Units, containers and pods by the cgroup paths that the runtimes make, with either driver
 * of cgroups and either version, and names by the files that they keep.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "model/workload.h"

#define ID	"3f1c0d9e8b7a65544332211000ffeeddccbbaa998877665544332211009f8e7d"
#define OTHER	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID	"7c0f2b1a-9d3e-4c55-8a61-0d2b9c4e7f10"
#define UID_	"7c0f2b1a_9d3e_4c55_8a61_0d2b9c4e7f10"
#define MIRROR	"9f86d081884c7d659a2feaa0c55ad015"	/* of a static pod: a hash */
#define SLICE	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"

struct layout {
	const char *what, *cgroup, *unit, *container, *pod;
};

static const struct layout layouts[] = {
	{ "docker, systemd, 2", "0::/system.slice/docker-" ID ".scope\n", "", ID, "" },
	{ "docker, cgroupfs, 2", "0::/docker/" ID "\n", "", ID, "" },
	{ "docker, systemd, 1", "12:pids:/system.slice/docker-" ID ".scope\n3:cpu,cpuacct:/system.slice/docker-" ID
	  ".scope\n1:name=systemd:/system.slice/docker-" ID ".scope\n", "", ID, "" },
	{ "docker, cgroupfs, 1", "12:pids:/docker/" ID "\n9:memory:/docker/" ID "\n1:name=systemd:/docker/" ID
	  "\n0::/system.slice/containerd.service\n", "", ID, "" },
	{ "docker, its own parent", "0::/system.slice/shop.slice/docker-" ID ".scope\n", "", ID, "" },
	{ "docker, rootless", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" ID ".scope\n",
	  "user@1000.service", ID, "" },
	{ "docker, seen from a container", "0::/../docker-" ID ".scope\n", "", ID, "" },
	{ "docker in docker", "0::/docker/" ID "/docker/" OTHER "\n", "", ID, "" },
	{ "a unit in a container", "0::/docker/" ID "/system.slice/cron.service\n", "cron.service", ID, "" },
	{ "nerdctl, systemd", "0::/system.slice/nerdctl-" ID ".scope\n", "", ID, "" },
	{ "containerd, cgroupfs", "0::/default/" ID "\n", "", ID, "" },
	{ "containerd of Kubernetes, systemd, 2", "0::" SLICE "/cri-containerd-" ID ".scope\n", "", ID, UID },
	{ "containerd of Kubernetes, cgroupfs, 2", "0::/kubepods/besteffort/pod" UID "/" ID "\n", "", ID, UID },
	{ "containerd of Kubernetes, cgroupfs, 1", "11:memory:/kubepods/burstable/pod" UID "/" ID
	  "\n1:name=systemd:/kubepods/burstable/pod" UID "/" ID "\n", "", ID, UID },
	{ "containerd of Kubernetes, systemd, 1", "11:memory:" SLICE "/cri-containerd-" ID ".scope\n0::/\n", "", ID, UID },
	{ "containerd of Kubernetes, mixed", "0::/system.slice/containerd.service/kubepods-burstable-pod" UID_
	  ".slice:cri-containerd:" ID "\n", "containerd.service", ID, UID },
	{ "guaranteed", "0::/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope\n", "", ID, UID },
	{ "a static pod", "0::/kubepods/burstable/pod" MIRROR "/" ID "\n", "", ID, MIRROR },
	{ "kind: who has the host sees its container", "0::/system.slice/docker-" ID ".scope/kubelet.slice/"
	  "kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" OTHER ".scope\n", "", ID, "" },
	{ "CRI-O, systemd", "0::" SLICE "/crio-" ID ".scope\n", "", ID, UID },
	{ "CRI-O with crun", "0::" SLICE "/crio-" ID ".scope/container\n", "", ID, UID },
	{ "CRI-O, cgroupfs", "0::/kubepods/burstable/pod" UID "/crio-" ID "\n", "", ID, UID },
	{ "CRI-O, cgroupfs, 1", "4:pids:/kubepods/burstable/pod" UID "/crio-" ID "\n", "", ID, UID },
	{ "CRI-O's monitor", "0::/system.slice/crio-conmon-" ID ".scope\n", "", "", "" },
	{ "podman, systemd, 2", "0::/machine.slice/libpod-" ID ".scope/container\n", "", ID, "" },
	{ "podman, systemd, 1", "10:memory:/machine.slice/libpod-" ID ".scope\n1:name=systemd:/machine.slice/libpod-" ID
	  ".scope\n", "", ID, "" },
	{ "podman, cgroupfs, 2", "0::/libpod_parent/libpod-" ID "\n", "", ID, "" },
	{ "podman, cgroupfs, 1", "6:pids:/libpod_parent/libpod-" ID "\n", "", ID, "" },
	{ "podman, rootless", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container\n",
	  "user@1000.service", ID, "" },
	{ "podman, a pod", "0::/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope/container\n", "", ID, "" },
	{ "podman, a pod, cgroupfs", "0::/libpod_parent/" OTHER "/libpod-" ID "\n", "", ID, "" },
	{ "podman, part of a unit", "0::/system.slice/web.service/libpod-payload-" ID "\n", "web.service", ID, "" },
	{ "podman's monitor", "0::/machine.slice/libpod-conmon-" ID ".scope\n", "", "", "" },
	{ "Amazon ECS", "0::/ecs/shop/fa3be77b4ac046bc9ad0fb18ae2a4a6b/" ID "\n", "", ID, "" },
	{ "a unit", "0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service", "", "" },
	{ "a unit, 1", "9:memory:/system.slice/ssh.service\n1:name=systemd:/system.slice/ssh.service\n0::/system.slice/ssh.service\n",
	  "ssh.service", "", "" },
};

/* What a process in a container, or a user, may make, to be taken for another one. */
static const struct layout pretenders[] = {
	{ "in docker", "0::/system.slice/docker-" ID ".scope/docker-" OTHER ".scope\n", "", ID, "" },
	{ "in docker, 1", "9:memory:/docker/" ID "/docker/" OTHER "\n1:name=systemd:/docker/" ID "\n", "", ID, "" },
	{ "in docker, as podman", "0::/docker/" ID "/libpod_parent/" OTHER "/libpod-" OTHER "\n", "", ID, "" },
	{ "in podman", "0::/machine.slice/libpod-" ID ".scope/container/libpod-" OTHER ".scope\n", "", ID, "" },
	{ "in podman, cgroupfs", "0::/libpod_parent/libpod-" ID "/libpod_parent/" OTHER "/libpod-" OTHER "\n", "", ID, "" },
	{ "in a pod of podman", "0::/libpod_parent/" OTHER "/libpod-" ID "/" OTHER "\n", "", ID, "" },
	{ "in a pod", "0::/kubepods/burstable/pod" UID "/" ID "/pod" MIRROR "/" OTHER "\n", "", ID, UID },
	{ "in a pod, systemd", "0::" SLICE "/cri-containerd-" ID ".scope/kubepods-pod" MIRROR ".slice/crio-" OTHER ".scope\n",
	  "", ID, UID },
	{ "a user", "0::/user.slice/user-1000.slice/user@1000.service/system.slice/docker-" ID ".scope\n",
	  "user@1000.service", ID, "" },
	{ "as a pod", "0::/system.slice/docker-" ID ".scope/kubepods/pod" UID "/" OTHER "\n", "", ID, "" },
};


static void knows(const struct layout *l, size_t n)
{
	for (; n; l++, n--) {
		struct workload w = { 0 };

		workload_parse(&w, l->cgroup);
		CHECK(!strcmp(w.unit ?: "", l->unit), "%s: unit %s", l->what, w.unit);
		CHECK(!strcmp(w.container_id ?: "", l->container), "%s: container %s", l->what, w.container_id);
		CHECK(!strcmp(w.pod ?: "", l->pod), "%s: pod %s", l->what, w.pod);
		CHECK(w.user == (strstr(l->cgroup, "user-1000") ? 1000 : 0), "%s: user %u", l->what, w.user);
		workload_free(&w);
	}
}

static char root[] = "/tmp/test_workload.XXXXXX";

static char *under_root(const char *path)
{
	char *all;

	if (asprintf(&all, "%s%s", root, path) < 0)
		exit(1);
	for (char *slash = strchr(all + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(all, 0755);
		*slash = '/';
	}
	return all;
}

static void find(const char *pod, uid_t user, char *label, size_t len)
{
	struct workload w = { .container_id = strdup(ID), .pod = *pod ? strdup(pod) : NULL, .user = user };

	workload_find_names(&w, root);
	workload_label(&w, label, len);
	workload_free(&w);
}

static void has_no_name(const char *path, uid_t user)
{
	char label[512];

	find("", user, label, sizeof(label));
	CHECK(!strcmp(label, "3f1c0d9e8b7a"), "%s: %s, of user %u", path, label, user);
}

/*
 * The only file of a host, and what it tells of the container: a home of its user's own, and
 * no other of the host's.
 */
static void names(const char *path, const char *text, const char *pod, const char *want)
{
	uid_t ann = getuid() ?: 1000, owner = strncmp(path, "/home/", 6) ? 0 : ann;
	char *all = under_root(path), with[512], parent[1024];
	FILE *f = fopen(all, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) || (owner && chown(all, owner, -1))) {
		perror(all);
		exit(1);
	}
	find(pod, owner, with, sizeof(with));
	CHECK(!strcmp(with, want), "%s: %s, not %s", path, with, want);
	has_no_name(path, owner ? 0 : ann);
	has_no_name(path, ann + 1);
	snprintf(parent, sizeof(parent), "rm -rf %s/*", root);
	CHECK(!system(parent), "%s", root);
	has_no_name(path, owner);
	free(all);
}

static void knows_files(void)
{
	static const char docker[] = "{\"State\": {\"Running\": true}, \"ID\": \"" ID "\", \"Name\": \"/shop_web_1\"}";
	static const char kubelet[] = "{\"ID\": \"" ID "\", \"Name\": \"/k8s_api_api-5f_prod_" UID "_0\"}";
	static const char cri[] = "{\"ociVersion\": \"1.0.2\", \"annotations\": {\"io.kubernetes.cri.container-type\": \"container\","
		"\"io.kubernetes.cri.container-name\": \"api\", \"io.kubernetes.cri.sandbox-name\": \"api-5f\","
		"\"io.kubernetes.cri.sandbox-namespace\": \"prod\"}}";
	static const char crio[] = "{\"annotations\": {\"io.kubernetes.container.name\": \"api\","
		"\"io.kubernetes.pod.name\": \"api-5f\", \"io.kubernetes.pod.namespace\": \"prod\"}}";
	static const char podman[] = "[{\"id\": \"" OTHER "\", \"names\": [\"no\"]}, {\"id\": \"" ID "\", \"names\": [\"web\"],"
		"\"image\": \"x\"}]";

	names("/var/lib/docker/containers/" ID "/config.v2.json", docker, "", "shop_web_1");
	names("/var/snap/docker/common/var-lib-docker/containers/" ID "/config.v2.json", docker, "", "shop_web_1");
	names("/home/ann/.local/share/docker/containers/" ID "/config.v2.json", docker, "", "shop_web_1");
	names("/var/lib/docker/containers/" ID "/config.v2.json", kubelet, UID, "prod/api-5f/api");
	names("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json", cri, UID, "prod/api-5f/api");
	names("/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json", cri, UID, "prod/api-5f/api");
	names("/run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json", cri, UID, "prod/api-5f/api");
	names("/run/containerd/io.containerd.runtime.v2.task/default/" ID "/config.json",
	      "{\"annotations\": {\"nerdctl/name\": \"web\"}}", "", "web");
	names("/run/containers/storage/overlay-containers/" ID "/userdata/config.json", crio, UID, "prod/api-5f/api");
	names("/var/lib/containers/storage/overlay-containers/containers.json", podman, "", "web");
	names("/var/lib/containers/storage/vfs-containers/containers.json", podman, "", "web");
	names("/home/ann/.local/share/containers/storage/overlay-containers/containers.json", podman, "", "web");
	names("/var/lib/containers/storage/overlay-containers/volatile-containers.json", podman, "", "web");
	names("/var/log/pods/prod_api-5f_" UID "/api/0.log", "", UID, "prod/api-5f/3f1c0d9e8b7a");
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	knows(layouts, sizeof(layouts) / sizeof(*layouts));
	knows(pretenders, sizeof(pretenders) / sizeof(*pretenders));
	knows_files();
	return verdict("workload") | rmdir(root);
}
