// SPDX-License-Identifier: GPL-2.0
/*
 * Reads unit, container and pod from the path of a cgroup:
 *
 *   /system.slice/nginx.service                             a unit
 *   /docker/ID, /system.slice/docker-ID.scope               Docker
 *   /machine.slice/libpod-ID.scope/container                Podman
 *   /system.slice/web.service/libpod-payload-ID             Podman, as a part of a unit
 *   /kubepods/burstable/podUID/ID,                          Kubernetes, by either
 *   /kubepods.slice/…-podUID.slice/cri-containerd-ID.scope  driver of cgroups, and
 *   /kubepods.slice/…-podUID.slice:crio:ID                  without one
 *
 * A process inside of a container cannot choose what stands before its
 * container's ID, but may add components below it. So the first ID is taken: of
 * containers in containers the outermost, which is the host's own, and nothing
 * behind it names a pod. A user who may make cgroups, below /user.slice or in a
 * folder of cgroupfs that is theirs, can write any ID there; names then come from
 * files of that user alone, and from nobody's home for all others. The files of
 * runtimes have text that users chose: it is bounded and sanitized.
 */
#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "model/workload.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/sanitize.h"
#include "util/target_file.h"

enum {
	ID_DIGITS = 64, SHORT_ID_DIGITS = 12,
	UID_MIN = 32, UID_MAX = 36,
	CGROUP_BYTES_MAX = 64 << 10, FILE_BYTES_MAX = 4 << 20, NAME_BYTES_MAX = 253,
};

/*
 * Reads up to max bytes of a regular file, as a string. NULL: it cannot be read, is longer,
 * or is not the owner's (0: anybody's).
 */
static char *read_text(const char *path, size_t max, uid_t owner)
{
	struct stat st;
	int fd = open_regular(path, &st);
	FILE *f = fd < 0 || (owner && st.st_uid != owner) ? NULL : fdopen(fd, "r");
	char *text = f ? malloc(max + 1) : NULL;
	size_t len = text ? fread(text, 1, max + 1, f) : 0;

	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	if (!text)
		return NULL;
	if (len > max || memchr(text, '\0', len)) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return realloc(text, len + 1) ?: text;
}

char *workload_cgroups(const char *root, pid_t pid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%d/cgroup", root, pid);
	return read_text(path, CGROUP_BYTES_MAX, 0);
}

bool workload_next_line(const char **text, struct cgroup_line *line)
{
	for (const char *at = *text; *at; at = *text) {
		size_t n = strcspn(at, "\n");
		const char *id = memchr(at, ':', n);
		const char *colon = id ? memchr(id + 1, ':', n - (id + 1 - at)) : NULL;

		*text = at + n + (at[n] == '\n');
		if (!colon || colon[1] != '/')
			continue;
		*line = (struct cgroup_line){ .controllers = id + 1, .controllers_len = colon - (id + 1),
					      .path = colon + 1, .path_len = n - (colon + 1 - at) };
		return true;
	}
	return false;
}

bool workload_in_cgroup(const char *text, const char *path)
{
	size_t want = strlen(path);
	struct cgroup_line l;

	while (want && path[want - 1] == '/')
		want--;
	while (workload_next_line(&text, &l))
		if (l.path_len >= want && !memcmp(l.path, path, want) &&
		    (l.path_len == want || l.path[want] == '/'))
			return true;
	return false;
}

bool workload_in_unit(const char *text, const char *unit)
{
	size_t want = strlen(unit);
	struct cgroup_line l;

	while (workload_next_line(&text, &l)) {
		const char *end = l.path + l.path_len;

		for (const char *at = l.path; at < end; at += strcspn(at, "/\n")) {
			at++;
			if (strcspn(at, "/\n") == want && !memcmp(at, unit, want))
				return true;
		}
	}
	return false;
}

bool workload_line_is_of(const struct cgroup_line *line, const char *controller)
{
	return strlen(controller) == line->controllers_len &&
		!memcmp(line->controllers, controller, line->controllers_len);
}

bool workload_next_memory_dir(const char **text, const char *root, char *dir, size_t len, bool *v1)
{
	struct cgroup_line line;

	while (workload_next_line(text, &line)) {
		*v1 = workload_line_is_of(&line, "memory");
		if ((*v1 || workload_line_is_of(&line, "")) && line.path_len > 1 &&
		    snprintf(dir, len, "%s/sys/fs/cgroup%s%.*s", root, *v1 ? "/memory" : "",
			     (int)line.path_len, line.path) < (int)len)
			return true;
	}
	return false;
}

static bool are_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]) && (s[i] < 'a' || s[i] > 'f'))
			return false;
	return true;
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(s + len - n, end, n);
}

/* The ID at the end of a component, or NULL. conmon watches a container from outside of it. */
static const char *container_in(const char *name, size_t len)
{
	if (ends_with(name, len, ".scope"))
		len -= strlen(".scope");
	if (len < ID_DIGITS || !are_hex(name + len - ID_DIGITS, ID_DIGITS) || memmem(name, len, "conmon", 6))
		return NULL;
	return len == ID_DIGITS || strchr("-:", name[len - ID_DIGITS - 1]) ? name + len - ID_DIGITS : NULL;
}

static bool is_unit(const char *name, size_t len)
{
	return ends_with(name, len, ".service") || ends_with(name, len, ".scope");
}

static void replace(char **s, const char *from, size_t len)
{
	free(*s);
	*s = sanitize(strndup(from, len));
}

/* "pod" and a UID; systemd's driver has '_' in it for each '-'. */
static void take_pod(struct workload *w, const char *name, size_t len)
{
	const char *end = name + len, *at = name;

	while ((at = memmem(at, end - at, "pod", 3))) {
		size_t n = 0;

		at += 3;
		while (at + n < end && n < UID_MAX && (are_hex(at + n, 1) || at[n] == '-' || at[n] == '_'))
			n++;
		if (n < UID_MIN || !are_hex(at, 1))
			continue;
		replace(&w->pod, at, n);
		for (char *c = w->pod; c && *c; c++)
			*c = *c == '_' ? '-' : *c;
	}
}

/* Podman names containers libpod-ID, and pods, with the driver cgroupfs, by the ID alone. */
static bool is_podmans_pod(const char *path, const char *name, const char *id)
{
	static const char parent[] = "/libpod_parent/";
	size_t n = strlen(parent);

	return id == name && (size_t)(name - path) >= n && !memcmp(name - n, parent, n);
}

static uid_t user_of(const char *path, size_t len)
{
	static const char slice[] = "/user.slice/user-";
	size_t n = strlen(slice);

	return len > n && !memcmp(path, slice, n) ? strtoul(path + n, NULL, 10) : 0;
}

/*
 * Cgroups are made by who owns the folder around them, or by the kernel's own administrator.
 * Version 1 has several trees; users are given parts of systemd's alone.
 */
void workload_find_user(struct workload *w, const char *root)
{
	static const char *const trees[] = { "", "/unified", "/systemd", "/memory" };
	const char *id = w->container_id ? strstr(w->cgroup, w->container_id) : NULL, *end = id;
	char path[PATH_MAX];
	struct stat st;

	while (end > w->cgroup && *end != '/')
		end--;
	for (size_t i = 0; id && !w->user && i < ARRAY_SIZE(trees); i++) {
		snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s%.*s", root, trees[i],
			 (int)(end - w->cgroup), w->cgroup);
		if (stat(path, &st))
			continue;
		w->user = st.st_uid;
		return;
	}
}

static void parse_path(struct workload *w, const char *path, size_t len)
{
	const char *end = path + len, *name, *id;
	bool kubernetes = memmem(path, len, "kubepods", 8);

	w->user = user_of(path, len);
	for (name = path + 1; name < end; name++) {
		size_t n = strcspn(name, "/\n");

		id = container_in(name, n);
		if (kubernetes && !w->container_id)
			take_pod(w, name, n);
		if (id) {
			if (!w->container_id && !is_podmans_pod(path, name, id))
				replace(&w->container_id, id, ID_DIGITS);
		} else if (is_unit(name, n) && !memmem(name, n, "conmon", 6)) {
			replace(&w->unit, name, n);
		}
		name += n;
	}
}

/* How much the path of a line is worth: v2's and systemd's own tell units, but a container counts more. */
static int rank(const struct cgroup_line *l)
{
	struct workload w = { 0 };
	int points = l->path_len > 1;

	parse_path(&w, l->path, l->path_len);
	if (points)
		points += workload_line_is_of(l, "") ? 4 : workload_line_is_of(l, "name=systemd") ? 2 : 0;
	points += w.container_id ? 8 : 0;
	workload_free(&w);
	return points;
}

void workload_parse(struct workload *w, const char *text)
{
	struct cgroup_line l, best = { 0 };
	int points = -1;

	while (workload_next_line(&text, &l)) {
		int r = rank(&l);

		if (r > points) {
			points = r;
			best = l;
		}
	}
	if (!best.path)
		return;
	replace(&w->cgroup, best.path, best.path_len);
	parse_path(w, best.path, best.path_len);
}

void workload_free(struct workload *w)
{
	free(w->cgroup);
	free(w->unit);
	free(w->container_id);
	free(w->container);
	free(w->pod);
	*w = (struct workload){ 0 };
}

static const char *string_in(struct json_object *o, const char *key)
{
	struct json_object *v;

	return o && json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) &&
		json_object_is_type(v, json_type_string) && *json_object_get_string(v) ?
		json_object_get_string(v) : NULL;
}

static void take_name(char **to, const char *name)
{
	if (name && *name)
		replace(to, name, strnlen(name, NAME_BYTES_MAX));
}

static void take_pod_name(struct workload *w, const char *space, const char *name)
{
	char *both = space && name ? strdup_printf("%.*s/%.*s", NAME_BYTES_MAX, space, NAME_BYTES_MAX, name) : NULL;

	if (!both)
		return;
	free(w->pod);
	w->pod = sanitize(both);
}

/* "web", "/web", or of Kubernetes: k8s_CONTAINER_POD_NAMESPACE_UID_N */
static void take_runtime_name(struct workload *w, const char *name)
{
	char *copy = strdup(name + (*name == '/')), *rest = copy, *part[4] = { NULL };

	for (int i = 0; copy && !strncmp(name + (*name == '/'), "k8s_", 4) && i < 4; i++)
		part[i] = strsep(&rest, "_");
	if (part[3]) {
		take_name(&w->container, part[1]);
		take_pod_name(w, part[3], part[2]);
	} else {
		take_name(&w->container, name + (*name == '/'));
	}
	free(copy);
}

static struct json_object *json_of_file(const char *path, uid_t owner)
{
	char *text = read_text(path, FILE_BYTES_MAX, owner);
	struct json_object *o = text ? json_tokener_parse(text) : NULL;

	free(text);
	return o;
}

/* Docker's own, and what containerd, CRI-O and Podman write beside an OCI bundle. */
static void take_config(struct workload *w, const char *path)
{
	static const char *const keys[][3] = {	/* container, pod, namespace */
		{ "io.kubernetes.cri.container-name", "io.kubernetes.cri.sandbox-name",
		  "io.kubernetes.cri.sandbox-namespace" },
		{ "io.kubernetes.container.name", "io.kubernetes.pod.name", "io.kubernetes.pod.namespace" },
		{ "nerdctl/name", "", "" },
	};
	struct json_object *o = json_of_file(path, w->user), *notes = NULL;
	const char *name = string_in(o, "Name");

	if (name)
		take_runtime_name(w, name);
	if (o && json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, "annotations", &notes);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		take_name(&w->container, string_in(notes, keys[i][0]));
		take_pod_name(w, string_in(notes, keys[i][2]), string_in(notes, keys[i][1]));
	}
	json_object_put(o);
}

/* Podman's and CRI-O's list: [{"id": "…", "names": ["…"]}] */
static void take_list(struct workload *w, const char *path)
{
	struct json_object *list = json_of_file(path, w->user), *names;
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n && !w->container; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *id = string_in(o, "id"), *name;

		if (!id || strcmp(id, w->container_id) || !json_object_object_get_ex(o, "names", &names) ||
		    !json_object_is_type(names, json_type_array) || !json_object_array_length(names))
			continue;
		name = json_object_get_string(json_object_array_get_idx(names, 0));
		if (name)
			take_runtime_name(w, name);
	}
	json_object_put(list);
}

/*
 * fn for each file of that name below the folders that match dir. In homes users write what
 * they like: only of their own containers, of which the host's files know nothing.
 */
static void for_files(struct workload *w, const char *root, const char *dir, const char *file, bool with_id,
		      void (*fn)(struct workload *w, const char *path))
{
	bool in_home = !strncmp(dir, "/home/", 6);
	char *pattern = in_home != !!w->user ? NULL :
			with_id ? strdup_printf("%s%s/%s/%s", root, dir, w->container_id, file) :
			strdup_printf("%s%s/%s", root, dir, file);
	glob_t g = { 0 };

	if (pattern && !glob(pattern, GLOB_NOSORT, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc && !w->container; i++)
			fn(w, g.gl_pathv[i]);
	globfree(&g);
	free(pattern);
}

/* /var/log/pods/NAMESPACE_NAME_UID */
static void take_pod_of_logs(struct workload *w, const char *path)
{
	char *copy = strdup(path_base(path)), *rest = copy, *space = strsep(&rest, "_"), *name = strsep(&rest, "_");

	take_pod_name(w, space, name);
	free(copy);
}

void workload_find_names(struct workload *w, const char *root)
{
	static const char *const configs[][2] = {
		{ "/var/lib/docker/containers", "config.v2.json" },
		{ "/var/snap/docker/common/var-lib-docker/containers", "config.v2.json" },
		{ "/home/*/.local/share/docker/containers", "config.v2.json" },
		{ "/run/containerd/io.containerd.runtime.v2.task/*", "config.json" },
		{ "/run/k3s/containerd/io.containerd.runtime.v2.task/*", "config.json" },
		{ "/run/k0s/containerd/io.containerd.runtime.v2.task/*", "config.json" },
		{ "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/*", "config.json" },
		{ "/run/containers/storage/*-containers", "userdata/config.json" },
		{ "/var/lib/containers/storage/*-containers", "userdata/config.json" },
	};
	/* one for each driver of storage */
	static const char *const lists[] = {
		"/var/lib/containers/storage/*-containers",
		"/home/*/.local/share/containers/storage/*-containers",
	};
	char *pod;

	for (size_t i = 0; w->container_id && i < ARRAY_SIZE(configs); i++)
		for_files(w, root, configs[i][0], configs[i][1], true, take_config);
	for (size_t i = 0; w->container_id && i < ARRAY_SIZE(lists); i++) {
		for_files(w, root, lists[i], "containers.json", false, take_list);
		for_files(w, root, lists[i], "volatile-containers.json", false, take_list);
	}
	if (!w->pod || strchr(w->pod, '/'))
		return;
	pod = strdup_printf("*_*_%s", w->pod);
	if (pod) {
		char *name = w->container;

		w->container = NULL;	/* for_files() stops at the first that it finds */
		for_files(w, root, "/var/log/pods", pod, false, take_pod_of_logs);
		w->container = name;
	}
	free(pod);
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a ?: "", b ?: "");
}

void workload_read(struct workload *w, const char *root, pid_t pid)
{
	char *text = workload_cgroups(root, pid);
	struct workload now = { 0 };

	if (!text)
		return;
	workload_parse(&now, text);
	free(text);
	if (w->cgroup && same(now.cgroup, w->cgroup)) {
		workload_free(&now);
		return;
	}
	workload_find_user(&now, root);
	workload_find_names(&now, root);
	workload_free(w);
	*w = now;
}

/* A pod and its container, a container, or a service; scopes are sessions of users. */
const char *workload_label(const struct workload *w, char *buf, size_t len)
{
	const char *id = w->container ?: w->container_id ?: "";
	int n = w->container ? -1 : SHORT_ID_DIGITS;

	*buf = '\0';
	if (w->pod)
		snprintf(buf, len, "%s%s%.*s", w->pod, *id ? "/" : "", n, id);
	else if (*id)
		snprintf(buf, len, "%.*s", n, id);
	else if (w->unit && ends_with(w->unit, strlen(w->unit), ".service"))
		snprintf(buf, len, "%s", w->unit);
	return buf;
}
