// SPDX-License-Identifier: GPL-2.0
/*
 * Suppression files, as valgrind's: blocks in braces, each with a name, the
 * kinds that it is for, and the frames of a stack, innermost first.
 *
 *   {
 *      the table of sessions, which is never shrunk
 *      leaktrace:fd,page
 *      ...
 *      fun:session_*
 *      obj:*libserver.so*
 *   }
 *
 * fun: is the name of a function, obj: the path of a module, src: the path of a
 * source file; all are patterns of fnmatch(3). "..." is any number of frames,
 * none included. Frames outside of the last line may be anything. Child processes
 * have one frame: fun: is their command, obj: what they are (zombie, untraced).
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "analysis/blame.h"
#include "model/children.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "session/input.h"
#include "session/suppressions.h"
#include "symbolize/frame.h"
#include "util/array.h"
#include "util/error.h"
#include "util/format.h"
#include "util/hash.h"
#include "util/sanitize.h"

enum {
	LINES_MAX = 64,			/* of an entry */
	ENTRIES_MAX = 100000, KNOWN_MAX = 1000000,
	WRITTEN_FRAMES = 16, WRITTEN_INNER = 2,
};

struct entry {
	char *name, *kinds;
	char *line[LINES_MAX];		/* "...", "fun:…", "obj:…" or "src:…" */
	int nlines;
	unsigned int hits;
};

/* A site of a former report that leaked there. */
struct known_site {
	char kind[16], hash[SITE_HASH_DIGITS + 1];
};

struct suppressions {
	struct entry *entry;
	size_t n, room;
	struct known_site *known;
	size_t nknown, known_room;
	unsigned int hits;		/* of the baseline */
};

struct suppressions *suppressions_new(void)
{
	return calloc(1, sizeof(struct suppressions));
}

void suppressions_free(struct suppressions *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->entry[i].name);
		free(s->entry[i].kinds);
		for (int k = 0; k < s->entry[i].nlines; k++)
			free(s->entry[i].line[k]);
	}
	free(s->entry);
	free(s->known);
	free(s);
}

/* Without white space at both ends; NULL: nothing else in it, or a comment. */
static char *stripped(char *line)
{
	char *end;

	line += strspn(line, " \t\r\n");
	for (end = line + strlen(line); end > line && strchr(" \t\r\n", end[-1]); end--)
		end[-1] = '\0';
	return *line && *line != '#' ? line : NULL;
}

static bool is_frame_line(const char *line)
{
	return !strcmp(line, "...") || !strncmp(line, "fun:", 4) || !strncmp(line, "obj:", 4) ||
		!strncmp(line, "src:", 4);
}

static struct entry *new_entry(struct suppressions *s)
{
	if (s->n == ENTRIES_MAX || !array_reserve(s->entry, s->room, s->n, 1))
		return NULL;
	s->entry[s->n] = (struct entry){ 0 };
	return &s->entry[s->n++];
}

/* One line of a file. NULL, or what is wrong with it. */
static const char *take_line(struct suppressions *s, struct entry **e, char *line)
{
	static const char kinds[] = "leaktrace:";

	if (!*e) {
		*e = strcmp(line, "{") ? NULL : new_entry(s);
		return strcmp(line, "{") ? "expected '{'" : *e ? NULL : "too many entries";
	}
	if (!strcmp(line, "}")) {
		if (!(*e)->kinds || !(*e)->nlines)
			return "the entry is incomplete: a name, 'leaktrace:KIND' and frames";
		*e = NULL;
		return NULL;
	}
	if (!(*e)->name) {
		(*e)->name = sanitize(strdup(line));
		return NULL;
	}
	if (!(*e)->kinds) {
		if (strncmp(line, kinds, strlen(kinds)))
			return "expected 'leaktrace:KIND' (fd, page, timer, thread, map, …, or *)";
		(*e)->kinds = strdup(line + strlen(kinds));
		return NULL;
	}
	if (!is_frame_line(line))
		return "expected '...', 'fun:', 'obj:' or 'src:'";
	if ((*e)->nlines == LINES_MAX)
		return "too many frames";
	(*e)->line[(*e)->nlines++] = strdup(line);
	return NULL;
}

int suppressions_read(struct suppressions *s, const char *path)
{
	FILE *f = fopen(path, "re");
	struct entry *e = NULL;
	const char *wrong = NULL;
	unsigned int number = 0;
	char line[4096];

	if (!f)
		return fail("cannot open %s: %s", path, strerror(errno));
	while (!wrong && fgets(line, sizeof(line), f)) {
		char *word = stripped(line);

		number++;
		if (word)
			wrong = take_line(s, &e, word);
	}
	if (!wrong && e)
		wrong = "'}' is missing";
	fclose(f);
	return wrong ? fail("%s:%u: %s", path, number, wrong) : 0;
}

static int by_known(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct known_site));
}

static void remember(struct suppressions *s, const char *kind, const char *hash)
{
	struct known_site *k;

	if (s->nknown == KNOWN_MAX || !array_reserve(s->known, s->known_room, s->nknown, 1))
		return;
	k = &s->known[s->nknown++];
	memset(k, 0, sizeof(*k));
	snprintf(k->kind, sizeof(k->kind), "%s", kind);
	snprintf(k->hash, sizeof(k->hash), "%s", hash);
}

static bool is_told(const struct judgement *j)
{
	return j->verdict == VERDICT_LEAK || j->verdict == VERDICT_SUSPECT;
}

/* What stands for the stack of child processes, which have none. */
static struct symbol_frame frame_of_children(const struct children *c, enum child_group_id group)
{
	size_t n;

	return (struct symbol_frame){
		.function = children_command(c, group, &n), .module = child_group_name(group),
	};
}

/* In the place of the hash of a call path. */
static const char *children_key(const char *type, const char *command, char key[SITE_HASH_DIGITS + 1])
{
	uint64_t hash = hash_bytes(hash_bytes(HASH_START, type, strlen(type) + 1), command, strlen(command));

	snprintf(key, SITE_HASH_DIGITS + 1, "%016" PRIx64, hash);
	return key;
}

static const char *children_hash(const struct children *c, enum child_group_id group, char key[SITE_HASH_DIGITS + 1])
{
	size_t n;

	return children_key(child_group_name(group), children_command(c, group, &n) ?: "", key);
}

/* Of a trace file. */
static int remember_model(struct model *m, void *arg)
{
	const struct runtime_site *l = NULL;
	size_t n = m->runtime ? runtime_sites(m->runtime, &l) : 0;
	char hash[SITE_HASH_DIGITS + 1];

	for (size_t i = 0; i < m->nsites; i++)
		if (is_told(&m->sites[i].judgement))
			remember(arg, kind_name(m->sites[i].kind), site_hash(m, &m->sites[i], hash));
	for (size_t i = 0; i < n; i++)
		if (is_told(l[i].judgement))
			remember(arg, l[i].kind, runtime_site_hash(&l[i], hash));
	for (int g = 0; g < CHILD_GROUPS; g++)
		if (is_told(&m->children.group[g].judgement))
			remember(arg, "process", children_hash(&m->children, g, hash));
	return 0;
}

static const char *string_in(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) ?: "" : "";
}

/* Of a report in JSON. False: it is none. */
static bool remember_json(struct suppressions *s, struct json_object *o)
{
	char key[SITE_HASH_DIGITS + 1];
	struct json_object *sites;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "sites", &sites) ||
	    !json_object_is_type(sites, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(sites); i++) {
		struct json_object *site = json_object_array_get_idx(sites, i);
		const char *verdict;

		if (!json_object_is_type(site, json_type_object))
			continue;
		verdict = string_in(site, "verdict");
		if (strcmp(verdict, "leak") && strcmp(verdict, "suspect"))
			continue;
		if (!strcmp(string_in(site, "kind"), "process"))
			remember(s, "process", children_key(string_in(site, "type"), string_in(site, "command"), key));
		else
			remember(s, string_in(site, "kind"), string_in(site, "hash"));
	}
	return true;
}

/* One document after the other; false: not a single report. */
static bool read_json(struct suppressions *s, FILE *f)
{
	struct json_tokener *tok = json_tokener_new();
	bool some = false, bad = !tok;
	char buf[65536];
	size_t n;

	while (!bad && (n = fread(buf, 1, sizeof(buf), f)))
		for (size_t at = 0; at < n && !bad;) {
			struct json_object *o = json_tokener_parse_ex(tok, buf + at, n - at);

			at += json_tokener_get_parse_end(tok);
			bad = !o && json_tokener_get_error(tok) != json_tokener_continue;
			if (o)
				some |= remember_json(s, o);
			json_object_put(o);
			if (!o)
				break;
			at += strspn(buf + at, " \r\n");
		}
	if (tok)
		json_tokener_free(tok);
	return some && !bad;
}

int suppressions_read_baseline(struct suppressions *s, const char *path, const struct analysis_options *analysis)
{
	struct input input = { .analysis = analysis, .fn = remember_model, .arg = s };
	FILE *f = fopen(path, "re");
	int c, status = 0;

	if (!f)
		return fail("cannot open %s: %s", path, strerror(errno));
	c = fgetc(f);
	ungetc(c, f);
	if (c != '{')
		status = input_read_file(&input, path);
	else if (!read_json(s, f))
		status = fail("--baseline: %s has no report in JSON", path);
	fclose(f);
	qsort(s->known, s->nknown, sizeof(*s->known), by_known);
	return status;
}

/* Whether a list of kinds, separated by commas, has that one. */
static bool has_kind(const char *kinds, const char *kind)
{
	size_t len = strlen(kind);

	for (const char *at = kinds; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t n = strcspn(at, ",");

		if ((n == 1 && *at == '*') || (n == len && !memcmp(at, kind, n)))
			return true;
	}
	return false;
}

static bool frame_matches(const char *line, const struct symbol_frame *f)
{
	const char *value = *line == 'f' ? f->function : *line == 'o' ? f->module : f->file;

	return value && !fnmatch(line + 4, value, 0);
}

/*
 * Whether the lines match the beginning of the frames. As with globs, only the
 * last "..." has to be tried again, so that this takes lines times frames.
 */
static bool frames_match(const struct entry *e, const struct symbol_frame *f, int n)
{
	int i = 0, k = 0, again_i = -1, again_k = 0;

	while (i < e->nlines) {
		if (*e->line[i] == '.') {
			again_i = ++i;
			again_k = k;
		} else if (k < n && frame_matches(e->line[i], &f[k])) {
			i++;
			k++;
		} else if (again_i >= 0 && again_k < n) {
			i = again_i;
			k = ++again_k;
		} else {
			return false;
		}
	}
	return true;
}

static struct entry *entry_for(struct suppressions *s, const char *kind, const struct symbol_frame *f, int n)
{
	for (size_t i = 0; i < s->n; i++)
		if (has_kind(s->entry[i].kinds, kind) && frames_match(&s->entry[i], f, n))
			return &s->entry[i];
	return NULL;
}

static bool is_in_baseline(const struct suppressions *s, const char *kind, const char *hash)
{
	struct known_site key = { 0 };

	snprintf(key.kind, sizeof(key.kind), "%s", kind);
	snprintf(key.hash, sizeof(key.hash), "%s", hash);
	return s->nknown && bsearch(&key, s->known, s->nknown, sizeof(key), by_known);
}

/* The name of what suppresses it, which is counted, or NULL. */
static const char *suppressed_by(struct suppressions *s, const char *kind, const char *hash,
				 const struct symbol_frame *f, int n)
{
	struct entry *e = entry_for(s, kind, f, n);

	if (e) {
		e->hits++;
		return e->name;
	}
	if (!is_in_baseline(s, kind, hash))
		return NULL;
	s->hits++;
	return "in the baseline";
}

/* @name: of what suppresses it; NULL: nothing does, and false is returned. */
static bool demote(struct judgement *j, const char *name)
{
	if (!name)
		return false;
	free(j->evidence[EVIDENCE_MAX - 1]);
	memmove(j->evidence + 1, j->evidence, (EVIDENCE_MAX - 1) * sizeof(*j->evidence));
	j->evidence[0] = strdup_printf("suppressed: %s", name);
	j->verdict = VERDICT_OK;
	j->confidence = 0;
	return true;
}

/* A finding goes when nothing in it is told any more; the others get new numbers. */
static void drop_findings(struct model *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->nfindings; i++) {
		struct finding *g = &m->findings[i];
		bool told = false;

		for (size_t k = 0; k < g->nsites; k++) {
			const struct site *site = model_site(m, g->sites[k]);

			told |= site && is_told(&site->judgement);
		}
		for (size_t k = 0; k < g->nsites; k++) {
			struct site *site = model_site(m, g->sites[k]);

			if (site)
				site->judgement.finding = told ? kept + 1 : 0;
		}
		if (!told)
			finding_clear(g);
		else if (kept++ != i)
			m->findings[kept - 1] = *g;
	}
	m->nfindings = kept;
}

static void apply_to_children(struct suppressions *s, struct children *c)
{
	char hash[SITE_HASH_DIGITS + 1];

	for (int g = 0; g < CHILD_GROUPS; g++) {
		struct judgement *j = &c->group[g].judgement;
		struct symbol_frame f;

		if (!is_told(j))
			continue;
		f = frame_of_children(c, g);
		demote(j, suppressed_by(s, "process", children_key(f.module, f.function ?: "", hash), &f, 1));
	}
}

static void apply_to_runtime(struct suppressions *s, struct runtime *runtime)
{
	const struct runtime_site *l = NULL;
	size_t n = runtime ? runtime_sites(runtime, &l) : 0;
	char hash[SITE_HASH_DIGITS + 1];

	for (size_t i = 0; i < n; i++)
		if (is_told(l[i].judgement))
			demote(l[i].judgement, suppressed_by(s, l[i].kind, runtime_site_hash(&l[i], hash),
							     l[i].frames, l[i].nframes));
}

bool suppressions_have(struct suppressions *s, const struct runtime_site *site)
{
	char hash[SITE_HASH_DIGITS + 1];

	return s && (entry_for(s, site->kind, site->frames, site->nframes) ||
		     is_in_baseline(s, site->kind, runtime_site_hash(site, hash)));
}

void suppressions_apply(struct suppressions *s, struct model *m)
{
	const struct symbol_frame *f;
	char hash[SITE_HASH_DIGITS + 1];
	bool some = false;

	if (!s)
		return;
	s->hits = 0;
	for (size_t i = 0; i < s->n; i++)
		s->entry[i].hits = 0;
	for (size_t i = 0; i < m->nsites; i++) {
		struct site *site = &m->sites[i];
		int frames;

		if (!is_told(&site->judgement))
			continue;
		frames = model_frames(m, site->stack, &f);
		some |= demote(&site->judgement, suppressed_by(s, kind_name(site->kind), site_hash(m, site, hash), f, frames));
	}
	apply_to_runtime(s, m->runtime);
	apply_to_children(s, &m->children);
	if (some)
		drop_findings(m);
}

void suppressions_report(const struct suppressions *s)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (s->entry[i].hits)
			fprintf(stderr, "leaktrace: suppressed: %u call path%s: %s\n", s->entry[i].hits,
				s->entry[i].hits == 1 ? "" : "s", s->entry[i].name);
	if (s && s->hits)
		fprintf(stderr, "leaktrace: suppressed: %u call path%s in the baseline\n", s->hits,
			s->hits == 1 ? "" : "s");
}

/* With what is special to a pattern escaped: operator*, operator[] */
static void put_pattern(FILE *f, const char *what, const char *value)
{
	fprintf(f, "   %s:", what);
	for (; *value; value++)
		fprintf(f, "%s%c", strchr("*?[\\", *value) ? "\\" : "", *value);
	fputc('\n', f);
}

/*
 * Without the inner frames if a library has many of them, as an allocator does: they
 * differ from release to release. With one or two they stay, as "..." would also
 * match what functions that are called from the blamed one leak.
 */
static void put_entry(FILE *out, const char *kind, const struct symbol_frame *f, int n,
		      const struct symbol_frame *blamed)
{
	int first = blamed && blamed >= f && blamed < f + n ? blamed - f : 0;

	if (first <= WRITTEN_INNER)
		first = 0;
	fprintf(out, "{\n   %s in %s\n   leaktrace:%s\n%s", kind, blamed && blamed->function ? blamed->function :
		"code without a name", kind, first ? "   ...\n" : "");
	for (int i = first; i < n && i < first + WRITTEN_FRAMES; i++) {
		if (f[i].function)
			put_pattern(out, "fun", f[i].function);
		else if (f[i].module && *f[i].module)
			put_pattern(out, "obj", f[i].module);
		else
			break;
	}
	fprintf(out, "}\n");
}

/* Once for all stacks that it matches: eight workers leak by one path each. */
static void write_entry(struct suppressions_writer *w, const char *kind, const struct symbol_frame *f, int n,
			const struct symbol_frame *blamed)
{
	char *text = NULL;
	size_t len = 0;
	bool fresh = true;
	FILE *entry;

	if (!n)
		return;
	entry = open_memstream(&text, &len);
	if (!entry) {
		w->written.failed = true;
		return;
	}
	put_entry(entry, kind, f, n, blamed);
	if (fclose(entry))
		w->written.failed = true;
	else
		intern(&w->written, text, len, &fresh);
	if (fresh && !w->written.failed)
		fwrite(text, 1, len, w->out);
	free(text);
}

int suppressions_write(struct suppressions_writer *w, struct model *m)
{
	const struct runtime_site *l = NULL;
	const struct symbol_frame *f;
	size_t n;

	for (size_t i = 0; i < m->nsites; i++) {
		struct site *site = &m->sites[i];
		int frames = is_told(&site->judgement) ? model_frames(m, site->stack, &f) : 0;

		if (frames)
			write_entry(w, kind_name(site->kind), f, frames, blamed_frame_of_site(m, site));
	}
	n = m->runtime ? runtime_sites(m->runtime, &l) : 0;
	for (size_t i = 0; i < n; i++)
		if (!l[i].own && is_told(l[i].judgement))
			write_entry(w, l[i].kind, l[i].frames, l[i].nframes, NULL);
	for (int g = 0; g < CHILD_GROUPS; g++) {
		struct symbol_frame child = frame_of_children(&m->children, g);

		if (is_told(&m->children.group[g].judgement))
			write_entry(w, "process", &child, 1, &child);
	}
	return w->written.failed ? fail("out of memory") : 0;
}
