// SPDX-License-Identifier: GPL-2.0
/*
 * Writes pprof's profile.proto. Strings, functions and locations are stored
 * once and referred to by number. Functions and locations are interned in
 * encoded form: equal bytes are the same item.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "util/array.h"
#include "util/intern.h"
#include "util/pprof_encode.h"
#include "util/protobuf.h"

enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION,
       PROFILE_FUNCTION, PROFILE_STRING_TABLE, PROFILE_TIME_NS = 9, PROFILE_DURATION_NS,
       PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT, PROFILE_DEFAULT_SAMPLE_TYPE };
enum { VALUE_TYPE = 1, VALUE_UNIT };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM, LABEL_UNIT };
enum { MAPPING_ID = 1, MAPPING_START, MAPPING_LIMIT, MAPPING_OFFSET, MAPPING_FILE,
       MAPPING_BUILD_ID, MAPPING_HAS_FUNCTIONS, MAPPING_HAS_FILES, MAPPING_HAS_LINES,
       MAPPING_HAS_INLINES };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

struct mapping {
	uint64_t start, limit, offset_bytes;	/* limit 0: address range unknown */
	uint64_t path, build_id;	/* strings */
	uint64_t id;			/* 0: no location lies in it */
	uint64_t unnamed, unlined;	/* locations */
};

struct pprof {
	struct intern strings, functions, locations;
	struct mapping *mappings;
	size_t nmappings, mappings_room;
	uint64_t mappings_used;
	struct bytes head, samples;	/* encoded fields of the profile */
	size_t ntypes;
	bool failed;
};

static uint64_t string(struct pprof *p, const char *s)
{
	struct bytes clean = { 0 };
	uint64_t id;

	if (!s || !*s)
		return 0;
	bytes_put_string(&clean, s);
	p->failed |= clean.failed;
	id = intern(&p->strings, clean.data, clean.len, NULL);
	bytes_free(&clean);
	return id;
}

struct pprof *pprof_new(void)
{
	struct pprof *p = calloc(1, sizeof(*p));

	if (p)
		intern(&p->strings, "", 0, NULL);	/* string 0 is the empty one */
	return p;
}

void pprof_free(struct pprof *p)
{
	if (!p)
		return;
	intern_free(&p->strings);
	intern_free(&p->functions);
	intern_free(&p->locations);
	bytes_free(&p->head);
	bytes_free(&p->samples);
	free(p->mappings);
	free(p);
}

static void put_value_type(struct pprof *p, unsigned int field, const char *type, const char *unit)
{
	struct bytes b = { 0 };

	proto_number(&b, VALUE_TYPE, string(p, type));
	proto_number(&b, VALUE_UNIT, string(p, unit));
	proto_message(&p->head, field, &b);
	bytes_free(&b);
}

void pprof_sample_type(struct pprof *p, const char *type, const char *unit)
{
	if (p->ntypes == PPROF_VALUES_MAX)
		return;
	p->ntypes++;
	put_value_type(p, PROFILE_SAMPLE_TYPE, type, unit);
}

void pprof_default_type(struct pprof *p, const char *type)
{
	proto_number(&p->head, PROFILE_DEFAULT_SAMPLE_TYPE, string(p, type));
}

void pprof_period(struct pprof *p, const char *type, const char *unit, int64_t period)
{
	put_value_type(p, PROFILE_PERIOD_TYPE, type, unit);
	proto_number(&p->head, PROFILE_PERIOD, period);
}

void pprof_time(struct pprof *p, int64_t wall_ns, int64_t duration_ns)
{
	proto_number(&p->head, PROFILE_TIME_NS, wall_ns);
	proto_number(&p->head, PROFILE_DURATION_NS, duration_ns);
}

void pprof_comment(struct pprof *p, const char *comment)
{
	uint64_t id = string(p, comment);

	if (id)
		proto_packed(&p->head, PROFILE_COMMENT, &id, 1);
}

static struct mapping *add_mapping(struct pprof *p, const struct mapping *m)
{
	if (!array_reserve(p->mappings, p->mappings_room, p->nmappings, 1)) {
		p->failed = true;
		return NULL;
	}
	p->mappings[p->nmappings] = *m;
	return &p->mappings[p->nmappings++];
}

void pprof_mapping(struct pprof *p, uint64_t start, uint64_t limit, uint64_t offset_bytes,
		   const char *path, const char *build_id)
{
	struct mapping m = { .start = start, .limit = limit, .offset_bytes = offset_bytes,
			     .path = string(p, path), .build_id = string(p, build_id) };

	if (limit > start)
		add_mapping(p, &m);
}

/* The mapping of a frame; one without an address range if only its module is known. */
static struct mapping *find_mapping(struct pprof *p, const struct pprof_frame *f)
{
	struct mapping m = { .path = string(p, f->module), .build_id = string(p, f->build_id) };
	struct mapping *found = NULL;

	for (size_t i = 0; i < p->nmappings && !found; i++) {
		struct mapping *have = &p->mappings[i];

		if (have->limit ? f->address >= have->start && f->address < have->limit :
		    have->path == m.path && have->build_id == m.build_id)
			found = have;
	}
	if (!found && (m.path || m.build_id))
		found = add_mapping(p, &m);
	if (!found)
		return NULL;
	if (!found->build_id)
		found->build_id = m.build_id;
	if (!found->id)
		found->id = ++p->mappings_used;
	return found;
}

static uint64_t function(struct pprof *p, const struct pprof_frame *f)
{
	struct bytes b = { 0 };
	uint64_t id;

	proto_number(&b, FUNCTION_NAME, string(p, f->function));
	proto_number(&b, FUNCTION_SYSTEM_NAME, string(p, f->function));
	proto_number(&b, FUNCTION_FILE, string(p, f->file));
	p->failed |= b.failed;
	id = intern(&p->functions, b.data, b.len, NULL);
	bytes_free(&b);
	return id + 1;
}

/* The id of the location of frames[n - 1] and what is inlined into it, frames[0..n - 1). */
static uint64_t location(struct pprof *p, const struct pprof_frame *frames, size_t n)
{
	const struct pprof_frame *outer = &frames[n - 1];
	struct mapping *m = find_mapping(p, outer);
	struct bytes b = { 0 }, line = { 0 };
	bool fresh;
	uint64_t id;

	proto_number(&b, LOCATION_MAPPING, m ? m->id : 0);
	proto_number(&b, LOCATION_ADDRESS, outer->address);
	for (size_t i = 0; i < n; i++) {
		if (!frames[i].function || !*frames[i].function)
			continue;
		line.len = 0;
		proto_number(&line, LINE_FUNCTION, function(p, &frames[i]));
		proto_number(&line, LINE_LINE, frames[i].line);
		proto_message(&b, LOCATION_LINE, &line);
	}
	p->failed |= b.failed;
	id = intern(&p->locations, b.data, b.len, &fresh);
	if (fresh && m) {
		m->unnamed += !outer->function;
		m->unlined += !outer->file || !outer->line;
	}
	bytes_free(&line);
	bytes_free(&b);
	return id + 1;
}

static void put_label(struct pprof *p, struct bytes *sample, const struct pprof_label *l)
{
	struct bytes b = { 0 };

	proto_number(&b, LABEL_KEY, string(p, l->key));
	if (l->text) {
		proto_number(&b, LABEL_STR, string(p, l->text));
	} else {
		proto_number(&b, LABEL_NUM, l->number);
		proto_number(&b, LABEL_UNIT, string(p, l->unit));
	}
	proto_message(sample, SAMPLE_LABEL, &b);
	bytes_free(&b);
}

void pprof_sample(struct pprof *p, const struct pprof_frame *frames, size_t nframes,
		  const int64_t *values, const struct pprof_label *labels, size_t nlabels)
{
	uint64_t *ids = calloc(nframes ?: 1, sizeof(*ids)), all[PPROF_VALUES_MAX];
	struct bytes b = { 0 };
	size_t n = 0, first = 0;

	if (!ids) {
		p->failed = true;
		return;
	}
	for (size_t i = 0; i < nframes; i++) {
		if (frames[i].inlined && i + 1 < nframes)
			continue;
		ids[n++] = location(p, frames + first, i + 1 - first);
		first = i + 1;
	}
	for (size_t i = 0; i < p->ntypes; i++)
		all[i] = values[i];
	proto_packed(&b, SAMPLE_LOCATION, ids, n);
	proto_packed(&b, SAMPLE_VALUE, all, p->ntypes);
	for (size_t i = 0; i < nlabels; i++)
		put_label(p, &b, &labels[i]);
	proto_message(&p->samples, PROFILE_SAMPLE, &b);
	bytes_free(&b);
	free(ids);
}

static void put_mapping(struct bytes *out, const struct mapping *m)
{
	struct bytes b = { 0 };

	proto_number(&b, MAPPING_ID, m->id);
	proto_number(&b, MAPPING_START, m->start);
	proto_number(&b, MAPPING_LIMIT, m->limit);
	proto_number(&b, MAPPING_OFFSET, m->offset_bytes);
	proto_number(&b, MAPPING_FILE, m->path);
	proto_number(&b, MAPPING_BUILD_ID, m->build_id);
	/* tells pprof not to look for symbols itself */
	proto_number(&b, MAPPING_HAS_FUNCTIONS, !m->unnamed);
	proto_number(&b, MAPPING_HAS_FILES, !m->unnamed && !m->unlined);
	proto_number(&b, MAPPING_HAS_LINES, !m->unnamed && !m->unlined);
	proto_number(&b, MAPPING_HAS_INLINES, !m->unnamed && !m->unlined);
	proto_message(out, PROFILE_MAPPING, &b);
	bytes_free(&b);
}

static void put_mappings(struct bytes *out, const struct pprof *p)
{
	for (size_t i = 0; i < p->nmappings; i++)
		if (p->mappings[i].id)
			put_mapping(out, &p->mappings[i]);
}

/* An interned blob is the whole message except for its id. */
static void put_interned(struct bytes *out, unsigned int field, const struct intern *t)
{
	struct bytes b = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct intern_entry *e = &t->entries[i];

		b.len = 0;
		proto_number(&b, 1, i + 1);
		bytes_put(&b, t->blobs.data + e->offset, e->len);
		proto_message(out, field, &b);
	}
	bytes_free(&b);
}

static int gzip(const struct bytes *in, void **data, size_t *len)
{
	z_stream z = { 0 };
	int err;

	if (in->len > UINT_MAX / 2)
		return -EFBIG;
	/* 16: write a gzip header */
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	*len = deflateBound(&z, in->len);
	*data = malloc(*len);
	z.next_in = in->data;
	z.avail_in = in->len;
	z.next_out = *data;
	z.avail_out = *len;
	err = *data && deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -ENOMEM;
	*len = z.total_out;
	deflateEnd(&z);
	if (err) {
		free(*data);
		*data = NULL;
	}
	return err;
}

int pprof_finish(struct pprof *p, void **data, size_t *len)
{
	struct bytes out = { 0 };
	int err;

	bytes_put(&out, p->head.data, p->head.len);
	bytes_put(&out, p->samples.data, p->samples.len);
	put_mappings(&out, p);
	put_interned(&out, PROFILE_LOCATION, &p->locations);
	put_interned(&out, PROFILE_FUNCTION, &p->functions);
	for (size_t i = 0; i < p->strings.n; i++)
		proto_bytes(&out, PROFILE_STRING_TABLE, p->strings.blobs.data + p->strings.entries[i].offset,
			    p->strings.entries[i].len);
	p->failed |= p->strings.failed || p->functions.failed || p->locations.failed ||
		p->head.failed || p->samples.failed || out.failed;
	err = p->failed ? -ENOMEM : gzip(&out, data, len);
	bytes_free(&out);
	return err;
}
