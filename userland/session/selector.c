// SPDX-License-Identifier: GPL-2.0
/*
 * Finds processes by name, program, unit, cgroup or container, in /proc.
 *
 * The names of containers are in files of their runtimes. A host has thousands
 * of processes but few containers, so what was found of one is remembered.
 */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/model.h"
#include "model/workload.h"
#include "session/selector.h"
#include "util/array.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/parse.h"
#include "util/process.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

enum {
	COMM_MAX = 15,		/* the kernel cuts names */
	ID_PREFIX_MIN = 4,	/* digits */
	KNOWN_MAX = 1024,	/* containers that are remembered */
};

struct known {
	char id[65];
	uid_t user;
	bool fits;
};

struct selector {
	const char *root;
	char *comm, *exe, *real_exe, *unit, *cgroup, *container;	/* NULL: not given */
	char *text;
	struct known *known;
	size_t nknown, known_room;
	char by_prefix[65];	/* the container that a prefix of an ID has found */
	bool ambiguous;
};

struct selector *selector_new(const char *root)
{
	struct selector *s = calloc(1, sizeof(*s));

	if (s)
		s->root = root;
	return s;
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	free(s->comm);
	free(s->exe);
	free(s->real_exe);
	free(s->unit);
	free(s->cgroup);
	free(s->container);
	free(s->text);
	free(s->known);
	free(s);
}

/* As systemctl: nginx is nginx.service. */
static char *unit_name(const char *arg)
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice", ".socket", ".mount", ".swap" };
	size_t len = strlen(arg);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && !strcmp(arg + len - n, suffixes[i]))
			return strdup(arg);
	}
	return strdup_printf("%s.service", arg);
}

/* A path in its hierarchy, from one of the file system's too; without a slash at its end. */
static char *cgroup_path(const struct selector *s, const char *arg)
{
	size_t skip = strlen(CGROUP_ROOT), len;
	char *path, file[PATH_MAX];

	if (!strncmp(arg, CGROUP_ROOT, skip) && (!arg[skip] || arg[skip] == '/')) {
		arg += skip;
		/* version 1 has a folder for each controller, version 2 this file */
		snprintf(file, sizeof(file), "%s" CGROUP_ROOT "/cgroup.controllers", s->root);
		if (*arg && access(file, F_OK)) {
			arg++;
			arg += strcspn(arg, "/");
		}
	}
	path = strdup_printf("%s%s", *arg == '/' ? "" : "/", arg);
	for (len = path ? strlen(path) : 0; len && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	return path;
}

static int take(struct selector *s, const char *what, const char *arg)
{
	char *value = NULL, **to = !strcmp(what, "comm") ? &s->comm : !strcmp(what, "exe") ? &s->exe :
		!strcmp(what, "unit") ? &s->unit : !strcmp(what, "cgroup") ? &s->cgroup : &s->container;

	if (to == &s->unit)
		value = unit_name(arg);
	else if (to == &s->cgroup)
		value = cgroup_path(s, arg);
	else
		value = strdup(arg);
	if (!value)
		return fail("out of memory");
	free(*to);
	*to = value;
	if (to == &s->cgroup && !*value)
		return fail("--cgroup: '%s' has every process in it", arg);
	if (to == &s->exe) {
		free(s->real_exe);
		s->real_exe = strchr(arg, '/') ? realpath(arg, NULL) : NULL;
	}
	return 0;
}

int selector_add(struct selector *s, const char *what, const char *arg)
{
	char *text;

	if (!*arg)
		return fail("--%s: the name is empty", what);
	text = strdup_printf("%s%s--%s %s", s->text ?: "", s->text ? " " : "", what, arg);
	free(s->text);
	s->text = text;
	return take(s, what, arg);
}

const char *selector_text(const struct selector *s)
{
	return s->text ?: "";
}

static bool fits_comm(const struct selector *s, const char *comm)
{
	return !s->comm || !strncmp(comm, s->comm, COMM_MAX);
}

/* A path, or the name of a file wherever it lies. */
static bool fits_exe(const struct selector *s, char *exe)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(exe), n = strlen(deleted);

	if (!s->exe)
		return true;
	if (len > n && !strcmp(exe + len - n, deleted))
		exe[len - n] = '\0';
	if (!strchr(s->exe, '/'))
		return !strcmp(path_base(exe), s->exe);
	return !strcmp(exe, s->exe) || (s->real_exe && !strcmp(exe, s->real_exe));
}

static bool is_prefix_of_id(const char *prefix, const char *id)
{
	return strlen(prefix) >= ID_PREFIX_MIN && !strncmp(id, prefix, strlen(prefix));
}

/* By name, or by a prefix of its ID, which must be of one container only. */
static bool container_fits(struct selector *s, const struct workload *w)
{
	if (w->container && !strcmp(w->container, s->container))
		return true;
	if (!is_prefix_of_id(s->container, w->container_id))
		return false;
	s->ambiguous |= *s->by_prefix && strcmp(s->by_prefix, w->container_id);
	snprintf(s->by_prefix, sizeof(s->by_prefix), "%s", w->container_id);
	return true;
}

/* Who may make cgroups can use the ID of another's container, but not its name. */
static struct known *find_known(const struct selector *s, const struct workload *w)
{
	for (size_t i = 0; i < s->nknown; i++)
		if (s->known[i].user == w->user && !strcmp(s->known[i].id, w->container_id))
			return &s->known[i];
	return NULL;
}

static bool fits_container(struct selector *s, const char *cgroups)
{
	struct workload w = { 0 };
	struct known *known;
	bool fits = false;

	if (!s->container)
		return true;
	workload_parse(&w, cgroups);
	known = w.container_id ? find_known(s, &w) : NULL;
	if (known) {
		fits = known->fits;
	} else if (w.container_id) {
		workload_find_names(&w, s->root);
		fits = container_fits(s, &w);
		if (s->nknown < KNOWN_MAX && array_reserve(s->known, s->known_room, s->nknown, 1)) {
			known = &s->known[s->nknown++];
			snprintf(known->id, sizeof(known->id), "%s", w.container_id);
			known->user = w.user;
			known->fits = fits;
		}
	}
	workload_free(&w);
	return fits;
}

static bool fits_cgroups(struct selector *s, const char *cgroups)
{
	return (!s->unit || workload_in_unit(cgroups, s->unit)) &&
		(!s->cgroup || workload_in_cgroup(cgroups, s->cgroup)) && fits_container(s, cgroups);
}

/* What is cheap to know is asked first. Kernel threads and zombies have no program. */
static bool process_fits(struct selector *s, pid_t pid)
{
	char comm[64], path[PATH_MAX], exe[PATH_MAX], *cgroups;
	bool fits;
	ssize_t n;

	process_comm_under(s->root, pid, comm, sizeof(comm));
	if (!fits_comm(s, comm))
		return false;
	snprintf(path, sizeof(path), "%s/proc/%d/exe", s->root, pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0)
		return false;
	exe[n] = '\0';
	if (!fits_exe(s, exe))
		return false;
	if (!s->unit && !s->cgroup && !s->container)
		return true;
	cgroups = workload_cgroups(s->root, pid);
	fits = cgroups && fits_cgroups(s, cgroups);
	free(cgroups);
	return fits;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

size_t selector_find(struct selector *s, pid_t *pids, size_t max)
{
	char path[PATH_MAX];
	struct dirent *e;
	size_t n = 0;
	pid_t pid;
	DIR *d;

	snprintf(path, sizeof(path), "%s/proc", s->root);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)*e->d_name) || parse_pid(e->d_name, &pid) || pid == getpid() ||
		    !process_fits(s, pid))
			continue;
		if (n < max)
			pids[n] = pid;
		n++;
	}
	if (d)
		closedir(d);
	qsort(pids, n < max ? n : max, sizeof(*pids), by_pid);
	return n;
}

bool selector_is_ambiguous(const struct selector *s)
{
	return s->ambiguous;
}

/* A recording has the names of its time, which the runtimes of this host may not know. */
static bool workload_fits(struct selector *s, const struct workload *w)
{
	char *cgroups;
	bool fits;

	if (!s->unit && !s->cgroup && !s->container)
		return true;
	if (s->container && (!w->container_id || !container_fits(s, w)))
		return false;
	cgroups = w->cgroup ? strdup_printf("0::%s", w->cgroup) : NULL;
	fits = cgroups && (!s->unit || workload_in_unit(cgroups, s->unit)) &&
		(!s->cgroup || workload_in_cgroup(cgroups, s->cgroup));
	free(cgroups);
	return fits;
}

bool selector_fits(struct selector *s, const struct model *m)
{
	char exe[PATH_MAX];

	snprintf(exe, sizeof(exe), "%s", m->exe ?: "");
	return fits_comm(s, m->target.comm) && fits_exe(s, exe) && workload_fits(s, &m->workload);
}
