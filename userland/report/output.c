// SPDX-License-Identifier: GPL-2.0
/*
 * Output of reports. Text, JSON and folded stacks of several targets follow
 * each other; OpenMetrics and HTML have all targets in one document; pprof is
 * one file per kind and target, or in a stream, one profile of all kinds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "report/family.h"
#include "report/html.h"
#include "report/openmetrics.h"
#include "report/output.h"
#include "report/pprof.h"
#include "report/report.h"
#include "report/text.h"
#include "report/text_site.h"
#include "util/atomic_file.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/pager.h"
#include "util/style.h"
#include "util/terminal.h"
#include "util/text_page.h"

struct output {
	const struct output_options *o;
	struct report_style style;
	FILE *f;			/* NULL: several files */
	struct atomic_file file;	/* f belongs to it if file.f is set */
	struct metrics *metrics;	/* of all targets; NULL: another format */
	struct json_object *pages;	/* of all targets, for HTML; NULL: another format */
	unsigned int written, leaks;
	char *page;			/* what f has written, for a pager; NULL: f is where it goes */
	size_t page_len;
	size_t sites;			/* written of those that o->site names */
	bool incomplete;		/* there was not the memory for some of it */
};

/* Also by the names that it has as a file: what it is connected to is not to be replaced. */
bool output_is_stdout(const struct output_options *o)
{
	static const char *const names[] = { "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1" };

	for (size_t i = 0; o->path && i < ARRAY_SIZE(names); i++)
		if (!strcmp(o->path, names[i]))
			return true;
	return !o->path;
}

struct report_style output_style(const struct output_options *o, FILE *f)
{
	const char *no_color = getenv("NO_COLOR");
	struct report_style style = { .format = o->format, .all = o->all };
	struct terminal_size size = terminal_size(fileno(f));

	if (isatty(fileno(f))) {
		style.color = !o->no_color && !(no_color && *no_color) && terminal_is_capable(fileno(f));
		style.rows = size.rows ?: 40;
		style.columns = size.columns;
	}
	return style;
}

FILE *output_open_file(const struct output_options *o)
{
	FILE *f;

	if (output_is_stdout(o))
		return stdout;
	f = fopen(o->path, "we");
	if (!f)
		fail("cannot write %s: %s", o->path, strerror(errno));
	return f;
}

int output_close_file(FILE *f, const struct output_options *o)
{
	int err = fflush(f) || ferror(f) ? errno ?: EIO : 0;

	if (f != stdout && fclose(f) && !err)
		err = errno;
	return err ? fail("cannot write %s: %s", o->path ?: "the report", strerror(err)) : 0;
}

static bool put_json(FILE *f, const struct document *d)
{
	int style = d->one_line ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY;
	struct json_object *json = d->json(d->arg);

	if (!json)
		return false;
	fprintf(f, "%s\n", json_object_to_json_string_ext(json, style | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
	return true;
}

static bool put_text(FILE *f, const struct document *d, const struct report_style *style)
{
	struct text_page page;

	if (!text_page_open(&page))
		return false;
	d->text(page.f, d->arg, style);
	return text_page_write(&page, f, style->columns);
}

int output_document(const struct output_options *o, const struct document *d)
{
	FILE *f = output_open_file(o);
	struct report_style style;
	int status;
	bool good;

	if (!f)
		return EXIT_TROUBLE;
	style = output_style(o, f);
	good = o->format == FORMAT_JSON ? put_json(f, d) : put_text(f, d, &style);
	status = output_close_file(f, o);
	return status ?: good ? 0 : fail("out of memory");
}

/* Whether the output is a stream, to which only one document can be written. */
static bool is_stream(const struct output_options *o)
{
	struct stat st;

	return output_is_stdout(o) ||
	       (!stat(o->path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

/* The exit status may be 1, and nothing else is printed: say what was done, and why that is. */
void output_say_written(const struct output_options *o, unsigned int leaks)
{
	if (is_stream(o))
		return;
	fprintf(stderr, "leaktrace: wrote %s: ", o->path);
	if (leaks)
		fprintf(stderr, "%u leak%s\n", leaks, leaks == 1 ? "" : "s");
	else
		fprintf(stderr, "no leak\n");
}

static int cannot_write(const char *path, int err)
{
	return fail("cannot write %s: %s", path, strerror(-err));
}

static bool open_file(struct output *out)
{
	const char *path = out->o->path;
	int err;

	if (output_is_stdout(out->o)) {
		out->f = stdout;
		return true;
	}
	err = atomic_file_open(&out->file, path);
	if (err)
		cannot_write(path, err);
	out->f = err ? NULL : out->file.f;
	return !err;
}

/* What a pager shows need not fit on the screen. */
static void open_page(struct output *out)
{
	FILE *f;

	if (!out->o->pager || out->o->format != FORMAT_TEXT || !output_is_stdout(out->o) || !pager_is_wanted())
		return;
	f = open_memstream(&out->page, &out->page_len);
	if (!f)
		return;
	out->f = f;
	out->style.rows = 0;
}

static void close_page(struct output *out)
{
	if (!out->f || out->f == stdout || out->file.f)
		return;
	out->incomplete |= ferror(out->f);
	out->incomplete |= !!fclose(out->f);
	pager_write(out->page, out->page_len);
	free(out->page);
	out->f = stdout;
}

struct output *output_open(const struct output_options *o)
{
	struct output *out = calloc(1, sizeof(*out));
	bool good;

	if (!out) {
		fail("out of memory");
		return NULL;
	}
	out->o = o;
	out->style.format = o->format;
	good = (o->format == FORMAT_PPROF && !is_stream(o)) || open_file(out);
	if (good && out->f)
		out->style = output_style(o, out->f);
	if (good)
		open_page(out);
	if (good && (o->format == FORMAT_OPENMETRICS || o->format == FORMAT_PROMETHEUS)) {
		out->metrics = metrics_new();
		good = out->metrics;
		if (!good)
			fail("out of memory");
	}
	if (good && o->format == FORMAT_HTML)
		out->pages = json_object_new_array();
	if (good)
		return out;
	if (out->file.f)
		atomic_file_close(&out->file, false);
	free(out);
	return NULL;
}

/* Where several profiles go: "out/", a directory that exists, or a name without a suffix. */
static bool is_directory(const struct output_options *o)
{
	const char *base = path_base(o->path);
	struct stat st;

	if (!*base || (!stat(o->path, &st) && S_ISDIR(st.st_mode)))
		return true;
	return o->format == FORMAT_PPROF && !strchr(base + (*base == '.'), '.');
}

/* 0 or -errno */
static int make_directory(const struct output_options *o)
{
	struct stat st;

	if (o->format != FORMAT_PPROF)
		return -EISDIR;
	if (!mkdir(o->path, 0777))
		return 0;
	if (errno != EEXIST || stat(o->path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(o->path, W_OK | X_OK) ? -errno : 0;
}

static int no_several(void)
{
	return fail("pprof of several processes needs -o DIRECTORY");
}

int output_check(const struct output_options *o, bool several)
{
	bool pprof = o->format == FORMAT_PPROF, directory = o->path && is_directory(o);
	struct atomic_file r;
	int err;

	if (pprof && several && !directory)
		return no_several();
	if (is_stream(o))
		return 0;	/* opening and closing a pipe would be the end for its reader */
	if (directory)
		err = make_directory(o);
	else
		err = atomic_file_open(&r, o->path) ?: atomic_file_close(&r, false);
	return err ? cannot_write(o->path, err) : 0;
}

/*
 * DIR: DIR/leaktrace-PID-KIND.pb.gz. FILE: itself if only one kind is traced,
 * else with the kind before its suffix: x.pb.gz becomes x.fd.pb.gz.
 */
static char *pprof_path(const struct output_options *o, const struct model *m, const char *kind)
{
	const char *output = o->path, *name = strrchr(output, '/'), *dot;
	int len;

	if (is_directory(o))
		return strdup_printf("%s%sleaktrace-%u-%s.pb.gz", output, name && !name[1] ? "" : "/",
				     m->target.pid, kind);
	if (!(m->target.kinds & (m->target.kinds - 1)) && !m->runtime)
		return strdup(output);
	name = name ? name + 1 : output;
	dot = strchr(name + (*name == '.'), '.');
	len = dot ? dot - output : (int)strlen(output);
	return strdup_printf("%.*s.%s%s", len, output, kind, dot ?: "");
}

static int write_whole(const char *path, bool inside, const void *data, size_t len)
{
	struct atomic_file r;
	int err = inside ? atomic_file_open_inside(&r, path) : atomic_file_open(&r, path);
	bool good;

	if (err)
		return err;
	good = fwrite(data, 1, len, r.f) == len;
	return atomic_file_close(&r, good);
}

/* Writes one kind: of the kernel's, or of a runtime. */
static int write_profile(struct output *out, struct model *m, int kind, const struct runtime_total *known)
{
	char *path = pprof_path(out->o, m, known ? known->kind : kind_name(kind));
	void *data = NULL;
	size_t len = 0;
	int err = !path ? -ENOMEM : known ? report_runtime_pprof(m, known, &data, &len) :
		  report_pprof(m, kind, &data, &len);
	int status = 0;

	err = err ?: write_whole(path, is_directory(out->o), data, len);
	if (err)
		status = cannot_write(path ?: out->o->path, err);
	free(data);
	free(path);
	return status;
}

static int stream_pprof(struct output *out, struct model *m)
{
	void *data = NULL;
	size_t len = 0;
	int err;

	if (out->written)
		return no_several();
	err = report_pprof_all(m, &data, &len);
	if (err)
		return cannot_write(out->o->path ?: "the report", err);
	fwrite(data, 1, len, out->f);	/* output_close() checks for errors */
	free(data);
	return 0;
}

static int write_pprof(struct output *out, struct model *m)
{
	struct runtime_total known[RUNTIME_KINDS];
	int n = runtime_totals(m->runtime, known), status = 0;

	if (out->written && !is_directory(out->o))
		return no_several();
	if (is_directory(out->o) && !out->written) {
		int err = make_directory(out->o);

		if (err)
			return cannot_write(out->o->path, err);
	}
	for (int k = 0; k < KINDS && !status; k++)
		if (m->target.kinds & 1U << k)
			status = write_profile(out, m, k, NULL);
	for (int k = 0; k < n && !status; k++)
		status = write_profile(out, m, 0, &known[k]);
	return status;
}

size_t output_sites(const struct output *out)
{
	return out->sites;
}

static bool begin_text(struct output *out, struct text_page *page)
{
	bool good = text_page_open(page);

	out->incomplete |= !good;
	return good;
}

static void end_text(struct output *out, struct text_page *page, unsigned int columns)
{
	out->incomplete |= !text_page_write(page, out->f, columns);
}

static void write_text(struct output *out, struct model *m)
{
	struct text_page page;

	if (!begin_text(out, &page))
		return;
	report_write(page.f, m, &out->style);
	end_text(out, &page, out->style.columns);
}

static void write_site(struct output *out, struct model *m)
{
	struct text_page page;

	if (!begin_text(out, &page))
		return;
	out->sites += report_one_site(page.f, m, out->o->site, &out->style);
	end_text(out, &page, out->style.format == FORMAT_TEXT ? out->style.columns : 0);
}

int output_report(struct output *out, struct model *m)
{
	int status = 0;

	if (out->o->site) {
		write_site(out, m);
		out->written++;
		return 0;
	}
	switch (out->style.format) {
	case FORMAT_PPROF:
		status = out->f ? stream_pprof(out, m) : write_pprof(out, m);
		break;
	case FORMAT_OPENMETRICS:
	case FORMAT_PROMETHEUS:
		metrics_add(out->metrics, m);
		break;
	case FORMAT_HTML:
		json_object_array_add(out->pages, html_data(m));
		break;
	case FORMAT_TEXT:
		if (out->written)
			fputc('\n', out->f);
		write_text(out, m);
		break;
	default:
		report_write(out->f, m, &out->style);
	}
	out->written++;
	out->leaks += report_leak_count(m);
	return status;
}

void output_append(struct output *out, FILE *written)
{
	char bytes[65536];
	size_t n;

	rewind(written);
	while (out->f && (n = fread(bytes, 1, sizeof(bytes), written)) > 0)
		fwrite(bytes, 1, n, out->f);	/* output_close() checks for errors */
	out->written++;
}

void output_rest(struct output *out, const struct family *f)
{
	struct text_page page;

	if (out->style.format != FORMAT_TEXT || !begin_text(out, &page))
		return;
	family_write_rest(page.f, f);
	end_text(out, &page, out->style.columns);
}

int output_close(struct output *out)
{
	int err;

	close_page(out);
	err = out->incomplete ? -ENOMEM : 0;
	if (out->metrics && out->written)
		err = metrics_write(out->metrics, out->f, out->o->format == FORMAT_OPENMETRICS);
	if (out->pages && out->written)
		err = html_write(out->f, out->pages);
	metrics_free(out->metrics);
	json_object_put(out->pages);
	if (out->file.f) {
		int end = atomic_file_close(&out->file, !err && out->written);

		err = err ?: end;
	} else if (out->f) {
		err = err ?: fflush(out->f) || ferror(out->f) ? -(errno ?: EIO) : 0;
	}
	if (err)
		cannot_write(out->o->path ?: "the report", err);
	else if (out->written)
		output_say_written(out->o, out->leaks);
	free(out);
	return err ? EXIT_TROUBLE : 0;
}
