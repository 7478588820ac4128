// SPDX-License-Identifier: GPL-2.0
/*
 * What grew between two samples of Go programs. A call path is identified by
 * its kind, its type, and the names and lines of its stack, so that samples of
 * two runs can be compared; the same path at different addresses is one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/go/diff.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/sanitize.h"

enum { DOCUMENT_BYTES_MAX = 256 << 20 };

const char *const go_growth_kinds[] = { "goroutine", "gotimer", "goheap" };

/** go_document_at() - a member of an object with the given type, or NULL */
struct json_object *go_document_at(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *value;

	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, key, &value) && json_object_is_type(value, type) ?
		value : NULL;
}

/** go_document_text() - a string member of an object, or "" if there is none */
const char *go_document_text(struct json_object *o, const char *key)
{
	struct json_object *value = go_document_at(o, key, json_type_string);

	/* the document is ours, so it may be modified */
	return value ? sanitize((char *)json_object_get_string(value)) : "";
}

static int64_t number_of(struct json_object *o, const char *key)
{
	return json_object_get_int64(go_document_at(o, key, json_type_int));
}

/* Saturating addition: the numbers come from an untrusted file. */
static void add(int64_t *sum, int64_t n)
{
	const int64_t most = 1LL << 60;

	n = n < 0 ? 0 : n > most ? most : n;
	*sum = *sum + n > most ? most : *sum + n;
}

/** go_difference_fits() - whether a path may be a file written by 'leaktrace go' */
bool go_difference_fits(const char *path)
{
	struct stat st;
	bool fits;
	FILE *f;

	if (stat(path, &st))
		return false;
	if (S_ISDIR(st.st_mode))
		return true;
	f = S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
	fits = f && fgetc(f) == '{';
	if (f)
		fclose(f);
	return fits;
}

static struct json_object *read_document(const char *path, char *err, size_t errlen)
{
	struct json_object *o = NULL;
	char *inside = NULL;
	struct stat st;

	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		inside = strdup_printf("%s/go.json", path);
		path = inside ?: path;
	}
	if (stat(path, &st))
		snprintf(err, errlen, "cannot open %s: %s", path, strerror(errno));
	else if (st.st_size > DOCUMENT_BYTES_MAX)
		snprintf(err, errlen, "%s is too large for a file written by 'leaktrace go'", path);
	else
		o = json_object_from_file(path);
	if (o && (!go_document_at(o, "sites", json_type_array) ||
		  !go_document_at(o, "target", json_type_object) || number_of(o, "leaktrace") != 1)) {
		json_object_put(o);
		o = NULL;
	}
	if (!o && !*err)
		snprintf(err, errlen, "%s: not a file written by 'leaktrace go PID --format json'", path);
	free(inside);
	return o;
}

static void key_frame(FILE *f, struct json_object *frame)
{
	fprintf(f, "%s|%s|%lld\n", go_document_text(frame, "function"),
		go_document_text(frame, "file"), (long long)number_of(frame, "line"));
}

/* The key by which call paths are compared; malloced. */
static char *key_of(struct json_object *site)
{
	struct json_object *frames = go_document_at(site, "frames", json_type_array);
	char *key = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&key, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s|%s|%lld\n", go_document_text(site, "kind"), go_document_text(site, "type"),
		(long long)number_of(site, "object_bytes"));
	for (size_t i = 0; frames && i < json_object_array_length(frames); i++)
		key_frame(f, json_object_array_get_idx(frames, i));
	fputs("by ", f);
	key_frame(f, go_document_at(site, "created_by", json_type_object));
	fclose(f);
	return key;
}

static int kind_of(struct json_object *site)
{
	const char *kind = go_document_text(site, "kind");

	for (size_t i = 0; i < ARRAY_SIZE(go_growth_kinds); i++)
		if (!strcmp(kind, go_growth_kinds[i]))
			return i;
	return -1;
}

/* The row of a call path; places maps its key to its index plus one. */
static struct go_growth *row_of(struct go_difference *d, struct json_object *indexes,
				struct json_object *site)
{
	char *key = key_of(site);
	int kind = kind_of(site);
	struct json_object *place;
	struct go_growth *more;

	if (!key || kind < 0 || json_object_object_get_ex(indexes, key, &place)) {
		more = key && kind >= 0 ? &d->growth[json_object_get_int64(place)] : NULL;
		free(key);
		return more;
	}
	more = reallocarray(d->growth, d->n + 1, sizeof(*more));
	if (more) {
		d->growth = more;
		more[d->n] = (struct go_growth){ .kind = kind, .heap = kind == 2 };
		json_object_object_add(indexes, key, json_object_new_int64(d->n++));
	}
	free(key);
	return more ? &more[d->n - 1] : NULL;
}

/* The runtime's own goroutines are left out, as in its own profiles. */
static void add_sites(struct go_difference *d, struct json_object *indexes, bool newer)
{
	struct json_object *list = json_object_object_get(newer ? d->newer : d->older, "sites");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *site = json_object_array_get_idx(list, i);
		bool system = json_object_get_boolean(go_document_at(site, "system", json_type_boolean));
		struct go_growth *g = system ? NULL : row_of(d, indexes, site);

		if (!g)
			continue;
		if (!g->site || newer)
			g->site = site;
		add(newer ? &g->live : &g->live_before, number_of(site, "live"));
		add(newer ? &g->bytes : &g->bytes_before, number_of(site, "bytes"));
	}
}

static int64_t weight(const struct go_growth *g)
{
	return g->heap ? g->bytes - g->bytes_before : g->live - g->live_before;
}

static bool changed(const struct go_growth *g)
{
	return g->live != g->live_before || g->bytes != g->bytes_before;
}

static bool is_leak(const struct go_growth *g)
{
	return weight(g) > 0 && !strcmp(go_document_text(g->site, "verdict"), "leak");
}

static int worse(const void *pa, const void *pb)
{
	const struct go_growth *a = pa, *b = pb;

	if (is_leak(a) != is_leak(b))
		return is_leak(b) - is_leak(a);
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	return (weight(a) < weight(b)) - (weight(a) > weight(b));
}

static bool compare(struct go_difference *d)
{
	struct json_object *indexes = json_object_new_object();
	size_t kept = 0;

	if (!indexes)
		return false;
	add_sites(d, indexes, false);
	add_sites(d, indexes, true);
	json_object_put(indexes);
	for (size_t i = 0; i < d->n; i++)
		if (changed(&d->growth[i]))
			d->growth[kept++] = d->growth[i];
	d->n = kept;
	if (kept)
		qsort(d->growth, kept, sizeof(*d->growth), worse);
	return true;
}

static bool same_process(struct json_object *a, struct json_object *b)
{
	return number_of(a, "pid") == number_of(b, "pid") &&
	       number_of(a, "start_ticks") == number_of(b, "start_ticks");
}

/**
 * go_difference_read() - compare two documents, or directories that contain one
 * @err: on failure, one line that says why
 *
 * Return: the difference, which the caller frees, or NULL.
 */
struct go_difference *go_difference_read(const char *older, const char *newer, char *err,
					 size_t errlen)
{
	struct go_difference *d = calloc(1, sizeof(*d));
	struct json_object *a, *b;

	*err = '\0';
	if (d && (d->older = read_document(older, err, errlen)) &&
	    (d->newer = read_document(newer, err, errlen))) {
		a = json_object_object_get(d->older, "target");
		b = json_object_object_get(d->newer, "target");
		d->same = same_process(a, b);
		if (d->same && strcmp(go_document_text(a, "read_at"), go_document_text(b, "read_at")) > 0)
			snprintf(err, errlen, "diff: %s is older than %s: swap the two files",
				 newer, older);
		else if (compare(d))
			return d;
	}
	if (!*err)
		snprintf(err, errlen, "out of memory");
	go_difference_free(d);
	return NULL;
}

/** go_difference_leaks() - how much of what grew was judged a leak */
unsigned int go_difference_leaks(const struct go_difference *d)
{
	unsigned int n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (is_leak(&d->growth[i]))
			n++;
	return n;
}

/** go_difference_free() - release it; NULL is fine */
void go_difference_free(struct go_difference *d)
{
	if (!d)
		return;
	json_object_put(d->older);
	json_object_put(d->newer);
	free(d->growth);
	free(d);
}
