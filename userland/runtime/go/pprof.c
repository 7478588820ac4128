// SPDX-License-Identifier: GPL-2.0
/*
 * The two profiles that Go programmers know, as the runtime itself would write
 * them, so that 'go tool pprof' can compare them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/judgement.h"
#include "runtime/go/process.h"
#include "runtime/go/report.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/atomic_file.h"
#include "util/format.h"
#include "util/json.h"
#include "util/macros.h"
#include "util/pprof_encode.h"
#include "util/version.h"

enum { FRAMES_MAX = 1024 };

static size_t frames_of(struct go_view *v, struct go_site *s, struct pprof_frame *to)
{
	const struct symbol_frame *f;
	int n = go_site_frames(v, s, &f);

	for (int i = 0; i < n && i < FRAMES_MAX; i++)
		to[i] = (struct pprof_frame){
			.function = f[i].function, .file = f[i].file, .line = f[i].line,
			.inlined = f[i].inlined, .module = f[i].module, .build_id = f[i].build_id,
		};
	return n < FRAMES_MAX ? n : FRAMES_MAX;
}

static void put_heap(struct pprof *p, struct go_view *v, struct go_site *s)
{
	struct pprof_frame frames[FRAMES_MAX];
	struct pprof_label size = { .key = "bytes", .number = s->size_bytes, .unit = "bytes" };
	int64_t values[] = { s->allocs, s->alloc_bytes, s->live, s->bytes };

	pprof_sample(p, frames, frames_of(v, s, frames), values, &size, 1);
}

static void put_goroutine(struct pprof *p, struct go_view *v, struct go_site *s)
{
	struct pprof_frame frames[FRAMES_MAX];
	struct pprof_label labels[] = {
		{ .key = "state", .text = s->type },
		{ .key = "verdict", .text = verdict_name(s->judgement.verdict) },
	};
	int64_t value = s->live;

	if (s->live && !s->system)
		pprof_sample(p, frames, frames_of(v, s, frames), &value, labels, 2);
}

static int write_file(const char *dir, const char *name, struct pprof *p, char *err, size_t errlen)
{
	char *path = strdup_printf("%s/%s.pb.gz", dir, name);
	struct atomic_file r;
	size_t len = 0;
	void *data = NULL;
	int error = path ? pprof_finish(p, &data, &len) : -ENOMEM;

	if (!error)
		error = atomic_file_open(&r, path);
	if (!error) {
		bool good = fwrite(data, 1, len, r.f) == len;

		error = atomic_file_close(&r, good) ?: good ? 0 : -EIO;
	}
	if (error)
		snprintf(err, errlen, "cannot write %s: %s", path ?: name, strerror(-error));
	free(data);
	free(path);
	return error;
}

static struct pprof *begin(const struct go_view *v)
{
	struct pprof *p = pprof_new();
	char *comment;

	if (!p)
		return NULL;
	comment = strdup_printf("leaktrace " LEAKTRACE_VERSION ", process %d (%s), %s", v->process->pid,
				v->process->comm, v->process->table.version);
	pprof_time(p, v->wall_s * 1e9, 0);
	pprof_comment(p, comment);
	free(comment);
	return p;
}

static struct pprof *heap_of(struct go_view *v)
{
	static const char *const types[][2] = {
		{ "alloc_objects", "count" }, { "alloc_space", "bytes" },
		{ "inuse_objects", "count" }, { "inuse_space", "bytes" },
	};
	struct pprof *p = begin(v);

	for (size_t i = 0; p && i < ARRAY_SIZE(types); i++)
		pprof_sample_type(p, types[i][0], types[i][1]);
	if (!p)
		return NULL;
	pprof_default_type(p, "inuse_space");
	pprof_period(p, "space", "bytes", v->counts.heap_rate);
	for (size_t i = 0; i < v->nsites; i++)
		if (v->sites[i].kind == GO_HEAP && v->sites[i].allocs)
			put_heap(p, v, &v->sites[i]);
	return p;
}

static struct pprof *goroutines_of(struct go_view *v)
{
	struct pprof *p = begin(v);

	if (!p)
		return NULL;
	pprof_sample_type(p, "goroutine", "count");
	pprof_period(p, "goroutine", "count", 1);
	for (size_t i = 0; i < v->nsites; i++)
		if (v->sites[i].kind == GO_GOROUTINE)
			put_goroutine(p, v, &v->sites[i]);
	return p;
}

static int write_one(struct pprof *p, const char *dir, const char *name, char *err, size_t errlen)
{
	int error = p ? write_file(dir, name, p, err, errlen) : -ENOMEM;

	pprof_free(p);
	if (error == -ENOMEM)
		snprintf(err, errlen, "out of memory");
	return error;
}

/* The same for 'leaktrace diff'. */
static int write_document(struct go_view *v, const char *dir, char *err, size_t errlen)
{
	char *path = strdup_printf("%s/go.json", dir);
	struct atomic_file r;
	int error = path ? atomic_file_open(&r, path) : -ENOMEM;

	if (!error) {
		bool good = json_write_line(r.f, go_json(v));

		error = atomic_file_close(&r, good) ?: good ? 0 : -EIO;
	}
	if (error)
		snprintf(err, errlen, "cannot write %s: %s", path ?: "go.json", strerror(-error));
	free(path);
	return error;
}

/**
 * go_pprof_write() - write DIR/goroutine.pb.gz, and DIR/heap.pb.gz if there is a profile
 * @dir: created if it does not exist
 *
 * DIR/go.json has the same for 'leaktrace diff'.
 *
 * Return: 0, or -errno with one line in @err.
 */
int go_pprof_write(struct go_view *v, const char *dir, char *err, size_t errlen)
{
	int error;

	if (mkdir(dir, 0777) && errno != EEXIST) {
		error = -errno;
		snprintf(err, errlen, "cannot create directory %s: %s", dir, strerror(errno));
		return error;
	}
	error = write_one(goroutines_of(v), dir, "goroutine", err, errlen);
	if (!error && !v->counts.heap_off && !v->counts.heap_unknown)
		error = write_one(heap_of(v), dir, "heap", err, errlen);
	return error ?: write_document(v, dir, err, errlen);
}
