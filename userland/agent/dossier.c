// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agent/dossier.h"
#include "host/row.h"
#include "util/array.h"
#include "util/atomic_file.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"

enum { NAME_CHARACTERS = 64, SAME_SECOND_MAX = 1000 };

static const char *const suffixes[] = { ".txt", ".json", ".leaktrace", ".leaktrace.thinned" };

struct kept {				/* files with one stem */
	char *stem;
	uint64_t bytes;
	struct timespec newest;
};

int dossier_open(const char *directory)
{
	struct stat st;

	/* what a report shows of a process is not for everybody */
	if (mkdir(directory, 0700) && errno != EEXIST)
		return fail("cannot make %s: %s", directory, strerror(errno));
	if (stat(directory, &st) || !S_ISDIR(st.st_mode) || access(directory, W_OK | X_OK))
		return fail("cannot write to %s: %s", directory, strerror(errno ?: ENOTDIR));
	return 0;
}

static void take_name(const struct host_row *row, char name[NAME_CHARACTERS + 1])
{
	const struct workload *w = &row->workload;

	snprintf(name, NAME_CHARACTERS + 1, "%s", w->unit ?: w->container ?: row->comm);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.@:-", *c))
			*c = '_';
	if (!*name || *name == '.')
		strcpy(name, "process");
}

char *dossier_stem(const char *directory, const struct host_row *row)
{
	char name[NAME_CHARACTERS + 1], when[32];
	time_t now = time(NULL);
	struct tm tm = { 0 };
	char *stem = NULL, *file;

	take_name(row, name);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm) ?: &tm);
	for (int i = 1; i < SAME_SECOND_MAX; i++) {
		free(stem);
		stem = i == 1 ? strdup_printf("%s/%s-%d-%s", directory, name, row->pid, when) :
			strdup_printf("%s/%s-%d-%s-%d", directory, name, row->pid, when, i);
		file = stem ? strdup_printf("%s.txt", stem) : NULL;
		if (!file || access(file, F_OK)) {
			free(file);
			return stem;
		}
		free(file);
	}
	return stem;
}

static int write_file(const char *stem, const char *suffix, const char *text)
{
	char *path = strdup_printf("%s%s", stem, suffix);
	struct atomic_file file;
	int err = path && text ? atomic_file_open_private(&file, path) : -ENOMEM;

	if (!err) {
		fputs(text, file.f);
		err = atomic_file_close(&file, true);
	}
	free(path);
	return err ? fail("cannot write %s%s: %s", stem, suffix, strerror(-err)) : 0;
}

int dossier_write(const char *stem, const char *text, struct json_object *json)
{
	int status = write_file(stem, ".txt", text) ?:
		write_file(stem, ".json", json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));

	json_object_put(json);
	return status;
}

/* The name without its suffix; NULL: it is none of ours. Malloced. */
static char *stem_of(const char *directory, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && !strcmp(name + len - n, suffixes[i]))
			return strdup_printf("%s/%.*s", directory, (int)(len - n), name);
	}
	return NULL;
}

static struct kept *kept_of(struct kept **kept, size_t *n, size_t *room, char *stem)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*kept)[i].stem, stem)) {
			free(stem);
			return &(*kept)[i];
		}
	if (!array_reserve(*kept, *room, *n, 1)) {
		free(stem);
		return NULL;
	}
	(*kept)[*n] = (struct kept){ .stem = stem };
	return &(*kept)[(*n)++];
}

static int newer(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec > b.tv_sec ? 1 : -1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

static int by_age(const void *a, const void *b)
{
	return -newer(((const struct kept *)a)->newest, ((const struct kept *)b)->newest);
}

static struct kept *list(const char *directory, size_t *n)
{
	struct kept *kept = NULL, *k;
	DIR *d = opendir(directory);
	size_t room = 0;
	struct dirent *e;
	struct stat st;
	char *stem;

	*n = 0;
	while (d && (e = readdir(d))) {
		stem = stem_of(directory, e->d_name);
		if (!stem || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			free(stem);
			continue;
		}
		k = kept_of(&kept, n, &room, stem);
		if (!k)
			continue;
		k->bytes += (uint64_t)st.st_blocks * 512;
		if (newer(st.st_mtim, k->newest) > 0)
			k->newest = st.st_mtim;
	}
	if (d)
		closedir(d);
	return kept;
}

static void delete(const char *stem)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *path = strdup_printf("%s%s", stem, suffixes[i]);

		if (path)
			unlink(path);
		free(path);
	}
}

void dossier_trim(const char *directory, unsigned int reports, uint64_t bytes,
		  bool (*keep)(const char *stem, void *arg), void *arg)
{
	size_t n;
	struct kept *kept = list(directory, &n);
	uint64_t sum = 0;

	if (n)
		qsort(kept, n, sizeof(*kept), by_age);
	for (size_t i = 0; i < n; i++) {
		sum += kept[i].bytes;
		if ((i >= reports || sum > bytes) && !keep(kept[i].stem, arg)) {
			sum -= kept[i].bytes;
			delete(kept[i].stem);
		}
	}
	for (size_t i = 0; i < n; i++)
		free(kept[i].stem);
	free(kept);
}
