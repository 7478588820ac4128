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

enum fit { FITS_NOT, FITS_BY_NAME, FITS_BY_ID };

struct known {
	char id[65];
	uid_t user;
	enum fit fit;
};

struct selector {
	const char *root;
	char *comm, *exe, *real_exe, *unit, *cgroup, *container;	/* NULL: not given */
	char *text;
	struct known *known;
	size_t nknown, known_room;
	char by_prefix[65];	/* the container that a prefix of an ID has found */
	uid_t by_user;		/* and whose it is */
	bool ambiguous;
	bool of_host, of_users;	/* what has been found */
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

/* By name, or by a prefix of its ID. */
static enum fit container_fit(const struct selector *s, const struct workload *w)
{
	if (w->container && !strcmp(w->container, s->container))
		return FITS_BY_NAME;
	return is_prefix_of_id(s->container, w->container_id) ? FITS_BY_ID : FITS_NOT;
}

/* Whether the host's runtimes know a user's container, which then only poses as it. */
static bool is_of_host(const struct selector *s, const char *id)
{
	struct workload w = { .container_id = strdup(id) };
	bool known;

	if (w.container_id)
		workload_find_names(&w, s->root);
	known = w.container;
	workload_free(&w);
	return known;
}

/*
 * A prefix must be of one container only. Who may make cgroups can use the ID of another's
 * container, and its name: what the host has made comes before what users have.
 */
static bool is_chosen(struct selector *s, const char *id, uid_t user, enum fit fit)
{
	if (fit == FITS_NOT || (user && s->of_host))
		return false;
	if (!user && !s->of_host) {
		s->of_host = true;
		s->ambiguous = false;
		*s->by_prefix = '\0';
	}
	s->of_users |= user;
	if (fit == FITS_BY_ID) {
		s->ambiguous |= *s->by_prefix && (strcmp(s->by_prefix, id) || s->by_user != user);
		snprintf(s->by_prefix, sizeof(s->by_prefix), "%s", id);
		s->by_user = user;
	}
	return true;
}

static struct known *find_known(const struct selector *s, const struct workload *w)
{
	for (size_t i = 0; i < s->nknown; i++)
		if (s->known[i].user == w->user && !strcmp(s->known[i].id, w->container_id))
			return &s->known[i];
	return NULL;
}

static enum fit look_up(struct selector *s, struct workload *w)
{
	struct known *known = find_known(s, w);
	enum fit fit;

	if (known)
		return known->fit;
	workload_find_names(w, s->root);
	fit = container_fit(s, w);
	if (fit != FITS_NOT && w->user && is_of_host(s, w->container_id))
		fit = FITS_NOT;
	if (s->nknown < KNOWN_MAX && array_reserve(s->known, s->known_room, s->nknown, 1)) {
		known = &s->known[s->nknown++];
		*known = (struct known){ .user = w->user, .fit = fit };
		snprintf(known->id, sizeof(known->id), "%s", w->container_id);
	}
	return fit;
}

static bool fits_container(struct selector *s, const char *cgroups)
{
	struct workload w = { 0 };
	bool fits = false;

	if (!s->container)
		return true;
	workload_parse(&w, cgroups);
	workload_find_user(&w, s->root);
	if (w.container_id)
		fits = is_chosen(s, w.container_id, w.user, look_up(s, &w));
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

static size_t scan(struct selector *s, pid_t *pids, size_t max)
{
	char path[PATH_MAX];
	struct dirent *e;
	size_t n = 0;
	pid_t pid;
	DIR *d;

	s->of_users = false;
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
	return n;
}

size_t selector_find(struct selector *s, pid_t *pids, size_t max)
{
	size_t n = scan(s, pids, max);

	/* those that only users have made were found before the host's */
	if (s->of_host && s->of_users)
		n = scan(s, pids, max);
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
	if (s->container && (!w->container_id || container_fit(s, w) == FITS_NOT))
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
