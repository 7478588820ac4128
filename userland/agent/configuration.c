// SPDX-License-Identifier: GPL-2.0
/*
 * Sections and keys in the manner of systemd's units. What is not understood is an error: a
 * rule with a spelling mistake would never fire, and nobody would notice.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/configuration.h"
#include "model/kind.h"
#include "session/selector.h"
#include "util/error.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/parse.h"

enum { LINE_BYTES = 4096, WATCHES_MAX = 1024 };

struct place {				/* what is being read */
	struct configuration *c;
	const char *file;
	unsigned int line;
	struct watch *watch;		/* NULL: [agent] */
	bool section;			/* one has begun */
};

struct key {
	const char *name;
	int (*set)(struct place *p, const char *key, const char *value);
};

static const char *const selectors[WATCH_SELECTORS][2] = {
	{ "Comm", "comm" }, { "Exe", "exe" }, { "Unit", "unit" }, { "Cgroup", "cgroup" }, { "Container", "container" },
};

static int wrong(const struct place *p, const char *key, const char *value, const char *wanted)
{
	return fail("%s:%u: %s=%s: expected %s", p->file, p->line, key, value, wanted);
}

static int set_text(char **to, const char *value)
{
	free(*to);
	*to = *value ? strdup(value) : NULL;
	return *value && !*to ? fail("out of memory") : 0;
}

static int set_directory(struct place *p, const char *key, const char *value)
{
	return *value == '/' ? set_text(&p->c->directory, value) : wrong(p, key, value, "a path that begins with /");
}

static bool is_url(const char *value)
{
	return !strncmp(value, "http://", 7) || !strncmp(value, "https://", 8);
}

static int set_webhook(struct place *p, const char *key, const char *value)
{
	if (*value && !is_url(value))
		return wrong(p, key, value, "a URL that begins with http:// or https://");
	return set_text(&p->c->webhook, value);
}

/* The URL of its page, as people know it. */
static int set_alertmanager(struct place *p, const char *key, const char *value)
{
	int len = strlen(value);

	if (*value && !is_url(value))
		return wrong(p, key, value, "a URL that begins with http:// or https://");
	while (len && value[len - 1] == '/')
		len--;
	free(p->c->alertmanager);
	p->c->alertmanager = *value ? strdup_printf("%.*s/api/v2/alerts", len, value) : NULL;
	return *value && !p->c->alertmanager ? fail("out of memory") : 0;
}

static int set_listen(struct place *p, const char *key, const char *value)
{
	(void)key;
	return set_text(&p->c->listen, value);
}

/* Digits and nothing else, from 1 to max; 0: it is not. */
static unsigned int parse_count(const char *value, unsigned int max)
{
	unsigned long n = strlen(value) < 10 && strspn(value, "0123456789") == strlen(value) ? strtoul(value, NULL, 10) : 0;

	return n <= max ? n : 0;
}

/* As people write numbers: strtod() also takes 0x10, 1e3 and inf. */
static bool begins_with_number(const char *value)
{
	return isdigit((unsigned char)*value) && !strchr("xXeE", value[strspn(value, "0123456789.")] ?: ' ');
}

/* "60%" or "off"; negative: it is neither. */
static double parse_share(const char *value)
{
	char *end;
	double v;

	if (!strcmp(value, "off"))
		return 0;
	if (!begins_with_number(value))
		return -1;
	v = strtod(value, &end);
	return !strcmp(end, "%") && v > 0 && v <= 100 ? v / 100 : -1;
}

static double parse_time(const char *value)
{
	return begins_with_number(value) ? parse_duration_s(value) : -1;
}

static int set_bytes(struct place *p, const char *key, const char *value)
{
	uint64_t *to = !strcmp(key, "KeepBytes") ? &p->c->keep_bytes : &p->c->memory_bytes;

	*to = begins_with_number(value) ? parse_size_bytes(value) : 0;
	return *to >= 1 << 20 ? 0 : wrong(p, key, value, "a size of at least 1M (512M, 4G)");
}

static int set_count(struct place *p, const char *key, const char *value)
{
	bool reports = !strcmp(key, "KeepReports");
	unsigned int *to = reports ? &p->c->keep_reports : &p->c->targets;

	*to = parse_count(value, reports ? 100000 : 256);
	return *to ? 0 : wrong(p, key, value, reports ? "a number from 1 to 100000" : "a number from 1 to 256");
}

static int set_interval(struct place *p, const char *key, const char *value)
{
	p->c->interval_s = parse_time(value);
	return p->c->interval_s >= 0.1 && p->c->interval_s <= 3600 ? 0 :
		wrong(p, key, value, "a time from 100ms to 1h");
}

static int set_processor(struct place *p, const char *key, const char *value)
{
	p->c->processor_share = parse_share(value);
	return p->c->processor_share > 0 ? 0 : wrong(p, key, value, "a share of one processor (1%)");
}

static int set_events(struct place *p, const char *key, const char *value)
{
	p->c->events_per_s = parse_count(value, 100000000);
	return p->c->events_per_s ? 0 : wrong(p, key, value, "a number from 1 to 100000000");
}

static int set_selector(struct place *p, const char *key, const char *value)
{
	if (!*value || (!strcmp(key, "Cgroup") && strspn(value, "/") == strlen(value)))
		return wrong(p, key, value, *value ? "a cgroup that does not have every process in it" : "a name");
	for (int i = 0; i < WATCH_SELECTORS; i++)
		if (!strcmp(key, selectors[i][0]))
			return set_text(&p->watch->select[i], value);
	return 0;
}

static int set_share(struct place *p, const char *key, const char *value)
{
	static const char *const names[HOST_RESOURCES] = {
		[HOST_FDS] = "Descriptors", [HOST_THREADS] = "Threads", [HOST_TIMERS] = "Timers",
		[HOST_MAPS] = "Mappings", [HOST_MEMORY] = "Memory",
	};
	double share = parse_share(value);

	for (int i = 0; i < HOST_RESOURCES; i++)
		if (!strcmp(key, names[i]))
			p->watch->rules.share[i] = share;
	return share >= 0 ? 0 : wrong(p, key, value, "a share of the limit (60%), or off");
}

static int set_growth(struct place *p, const char *key, const char *value)
{
	double s = strcmp(value, "off") ? parse_time(value) : 0;

	p->watch->rules.growth_s = s;
	return !strcmp(value, "off") || (s >= 1 && s <= 30 * 86400.0) ? 0 : wrong(p, key, value, "a time from 1s to 30d, or off");
}

static int set_kinds(struct place *p, const char *key, const char *value)
{
	char unknown[32];

	return kinds_parse(value, &p->watch->kinds, unknown) ?
		wrong(p, key, value, "some of fd,page,timer,thread,map,heap, or all") : 0;
}

static int set_time(struct place *p, const char *key, const char *value)
{
	double *to = !strcmp(key, "AttachFor") ? &p->watch->attach_s : &p->watch->again_s;

	*to = parse_time(value);
	return *to >= 1 && *to <= 30 * 86400.0 ? 0 : wrong(p, key, value, "a time from 1s to 30d");
}

static const struct key of_agent[] = {
	{ "Directory", set_directory }, { "KeepBytes", set_bytes }, { "KeepReports", set_count },
	{ "Interval", set_interval }, { "MaxProcessor", set_processor }, { "MaxMemory", set_bytes },
	{ "MaxTargets", set_count }, { "MaxEvents", set_events }, { "Webhook", set_webhook },
	{ "Alertmanager", set_alertmanager }, { "Listen", set_listen }, { NULL },
};

static const struct key of_watch[] = {
	{ "Comm", set_selector }, { "Exe", set_selector }, { "Unit", set_selector }, { "Cgroup", set_selector },
	{ "Container", set_selector }, { "Descriptors", set_share }, { "Threads", set_share },
	{ "Timers", set_share }, { "Mappings", set_share }, { "Memory", set_share }, { "Growth", set_growth },
	{ "Kinds", set_kinds }, { "AttachFor", set_time }, { "Again", set_time }, { NULL },
};

static void free_watch(struct watch *w)
{
	for (int i = 0; i < WATCH_SELECTORS; i++)
		free(w->select[i]);
	selector_free(w->selector);
	free(w->name);
	free(w->where);
	free(w);
}

static struct watch *new_watch(const struct place *p, const char *name)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct watch){
		.name = strdup(name), .where = strdup_printf("%s:%u", p->file, p->line),
		.rules = { .growth_s = 3600 }, .kinds = LEAKTRACE_KINDS_DEFAULT, .attach_s = 600, .again_s = 86400,
	};
	for (int i = 0; i < HOST_RESOURCES; i++)
		w->rules.share[i] = i == HOST_MEMORY ? 0.8 : 0.6;
	if (w->name && w->where)
		return w;
	free_watch(w);
	return NULL;
}

/* A section of a name that was there adds to it, as drop-ins do. */
static int begin_watch(struct place *p, const char *name)
{
	struct watch **end = &p->c->watches;
	unsigned int n = 0;

	for (; *end; end = &(*end)->next, n++)
		if (!strcmp((*end)->name, name))
			break;
	if (!*end && n < WATCHES_MAX)
		*end = new_watch(p, name);
	p->watch = *end;
	if (*end)
		return 0;
	return n < WATCHES_MAX ? fail("out of memory") : fail("%s:%u: more than %d watches", p->file, p->line, WATCHES_MAX);
}

static int begin_section(struct place *p, char *line)
{
	size_t len = strlen(line);
	char *name = line + strlen("[watch ");

	p->section = true;
	p->watch = NULL;
	if (!strcmp(line, "[agent]"))
		return 0;
	if (strncmp(line, "[watch ", strlen("[watch ")) || line[len - 1] != ']')
		return fail("%s:%u: unknown section %s: expected [agent] or [watch NAME]", p->file, p->line, line);
	line[len - 1] = '\0';
	if (!*name || strlen(name) > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@:-") != strlen(name))
		return fail("%s:%u: '%s' is no name of a watch: letters, digits and _.@:- are", p->file, p->line, name);
	return begin_watch(p, name);
}

static char *trimmed(char *s)
{
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	for (len = strlen(s); len && isspace((unsigned char)s[len - 1]); len--)
		s[len - 1] = '\0';
	return s;
}

static int read_line(struct place *p, char *line)
{
	const struct key *k = p->watch ? of_watch : of_agent;
	char *key = trimmed(line), *value = strchr(key, '=');

	if (!*key || *key == '#' || *key == ';')
		return 0;
	if (*key == '[')
		return begin_section(p, key);
	if (!value || !p->section)
		return fail("%s:%u: %s", p->file, p->line, value ? "a key before the first section" : "expected KEY=VALUE or [SECTION]");
	*value++ = '\0';
	key = trimmed(key);
	value = trimmed(value);
	for (; k->name; k++)
		if (!strcmp(k->name, key))
			return k->set(p, key, value);
	return fail("%s:%u: unknown key '%s' in [%s%s]", p->file, p->line, key, p->watch ? "watch " : "agent",
		    p->watch ? p->watch->name : "");
}

void configuration_begin(struct configuration *c)
{
	*c = (struct configuration){
		.directory = strdup("/var/lib/leaktrace"), .keep_bytes = 1ULL << 30, .keep_reports = 200,
		.interval_s = 10, .processor_share = 0.05, .memory_bytes = 512 << 20, .targets = 4,
		.events_per_s = 50000,
	};
}

int configuration_parse(struct configuration *c, FILE *f, const char *name)
{
	struct place p = { .c = c, .file = name };
	char line[LINE_BYTES];
	int status = 0;

	while (!status && fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		p.line++;
		if (!len || (line[len - 1] != '\n' && !feof(f)))
			return fail("%s:%u: a line of more than %d bytes, or a byte 0", name, p.line, LINE_BYTES - 2);
		status = read_line(&p, line);
	}
	return status ?: ferror(f) ? fail("%s: %s", name, strerror(errno)) : 0;
}

static int make_selector(struct watch *w)
{
	bool any = false;

	w->selector = selector_new("");
	if (!w->selector)
		return fail("out of memory");
	for (int i = 0; i < WATCH_SELECTORS; i++) {
		if (!w->select[i])
			continue;
		any = true;
		if (selector_add(w->selector, selectors[i][1], w->select[i]))
			return EXIT_TROUBLE;
	}
	return any ? 0 : fail("%s: [watch %s] selects nothing: expected Comm, Exe, Unit, Cgroup or Container",
			      w->where, w->name);
}

int configuration_end(struct configuration *c, const char *path)
{
	int status = c->directory ? 0 : fail("out of memory");

	if (!status && !c->watches)
		status = fail("%s: no section [watch NAME], here or in %s.d", path, path);
	for (struct watch *w = c->watches; w && !status; w = w->next)
		status = make_selector(w);
	return status;
}

static int read_file(struct configuration *c, const char *path)
{
	FILE *f = fopen(path, "re");
	int status = f ? configuration_parse(c, f, path) : fail("cannot read %s: %s", path, strerror(errno));

	if (f)
		fclose(f);
	return status;
}

int configuration_read(struct configuration *c, const char *path)
{
	char *pattern = strdup_printf("%s.d/*.conf", path);
	glob_t drop_ins = { 0 };
	int status;

	configuration_begin(c);
	status = pattern ? read_file(c, path) : fail("out of memory");
	if (pattern && glob(pattern, 0, NULL, &drop_ins) == GLOB_NOSPACE)
		status = fail("out of memory");
	for (size_t i = 0; i < drop_ins.gl_pathc && !status; i++)
		status = read_file(c, drop_ins.gl_pathv[i]);
	globfree(&drop_ins);
	free(pattern);
	return status ?: configuration_end(c, path);
}

void configuration_free(struct configuration *c)
{
	struct watch *w;

	while ((w = c->watches)) {
		c->watches = w->next;
		free_watch(w);
	}
	free(c->directory);
	free(c->webhook);
	free(c->alertmanager);
	free(c->listen);
	*c = (struct configuration){ 0 };
}

const struct watch *configuration_watch(const struct configuration *c, const char *name)
{
	const struct watch *w = c->watches;

	while (w && strcmp(w->name, name))
		w = w->next;
	return w;
}
