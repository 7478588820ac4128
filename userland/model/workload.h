/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process is to those who operate it: a systemd unit, a container, a pod
 * of Kubernetes. Known from its cgroup's path, and names from the files of
 * container runtimes; their sockets are not used.
 */
#ifndef LEAKTRACE_MODEL_WORKLOAD_H
#define LEAKTRACE_MODEL_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct workload {			/* strings: malloced; NULL: none, or unknown */
	char *cgroup;			/* path in its hierarchy: /system.slice/nginx.service */
	char *unit;			/* nginx.service */
	char *container_id;		/* 64 hex digits */
	char *container;		/* its name, if a runtime's file tells it */
	char *pod;			/* "NAMESPACE/NAME" if it is known, else its UID */
	uid_t user;			/* who may have made its cgroup and chosen the ID; 0: the host */
};

/*
 * root is put before the path of every file that is read: "" but in tests.
 * Names are looked up again only if the container is another one.
 */
void workload_read(struct workload *w, const char *root, pid_t pid);
void workload_parse(struct workload *w, const char *text);	/* of /proc/PID/cgroup; looks up no names */
void workload_find_user(struct workload *w, const char *root);	/* parse() knows those below /user.slice */
void workload_find_names(struct workload *w, const char *root);
void workload_free(struct workload *w);		/* leaves it empty */

/* The text of /proc/PID/cgroup: malloced, bounded; NULL: there is none. */
char *workload_cgroups(const char *root, pid_t pid);

/* One of its lines, "ID:CONTROLLERS:PATH"; version 2 has no controllers. Not terminated. */
struct cgroup_line {
	const char *controllers, *path;
	size_t controllers_len, path_len;
};

/* From *text on, which is moved behind it. false: there is none with a path. */
bool workload_next_line(const char **text, struct cgroup_line *line);
bool workload_line_is_of(const struct cgroup_line *line, const char *controller);	/* "": version 2 */

/*
 * From *text on: the next folder, below root, in which cgroupfs accounts for memory; v1: in
 * the manner of version 1. false: there is none but the root's.
 */
bool workload_next_memory_dir(const char **text, const char *root, char *dir, size_t len, bool *v1);

/* Whether any line of that text is path, or below it. */
bool workload_in_cgroup(const char *text, const char *path);
/* Whether a component of any line is the unit. */
bool workload_in_unit(const char *text, const char *unit);

/* Short, for the line that names a process; "" if there is nothing to say. */
const char *workload_label(const struct workload *w, char *buf, size_t len);

#endif
