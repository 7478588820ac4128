// SPDX-License-Identifier: GPL-2.0
/*
 * A report as lines that a shell reads: what tests assert on, and what breaks
 * the contract whatever the test. Functions without a name are "?".
 *
 *   total KIND BASELINE BORN DIED LIVE BYTES
 *   loss NAME VALUE
 *   site ID KIND TYPE VERDICT BORN DIED LIVE INNERMOST FUNCTION…
 *   released ID SHARE FUNCTION…
 *   bad WHAT
 *
 * usage: digest FILE    Fails if that is not one JSON object.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct json_object json;

static json *get(json *o, const char *key)
{
	json *value = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

static bool has(json *o, const char *key)
{
	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, key, NULL);
}

static long long number(json *o, const char *key)
{
	return json_object_get_int64(get(o, key));
}

static void word(const char *text)
{
	if (!text || !*text)
		text = "?";
	for (; *text; text++)
		putchar(isspace((unsigned char)*text) ? '_' : *text);
}

static const char *string(json *o, const char *key)
{
	json *value = get(o, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static size_t length(json *o)
{
	return json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

static void functions(json *frames)
{
	for (size_t i = 0; i < length(frames); i++) {
		putchar(' ');
		word(string(json_object_array_get_idx(frames, i), "function"));
	}
	putchar('\n');
}

/* The first that is no inlined one has the function's own name. */
static const char *innermost(json *frames)
{
	for (size_t i = 0; i < length(frames); i++) {
		json *frame = json_object_array_get_idx(frames, i);

		if (!json_object_get_boolean(get(frame, "inlined")))
			return string(frame, "function");
	}
	return "?";
}

static void keys(json *o, const char *name, const char *const *wanted)
{
	for (; *wanted; wanted++)
		if (!has(o, *wanted))
			printf("bad %s.%s is missing\n", name, *wanted);
}

static void site(json *s)
{
	static const char *const verdicts[] = { "leak", "suspect", "cache", "ok", NULL };
	static const char *const wanted[] = {
		"id", "kind", "type", "verdict", "confidence", "evidence", "born", "died",
		"live", "bytes", "rate_per_min", "age_s", "lifetime_s", "frames",
		"released_at", "examples", NULL
	};
	long long id = number(s, "id"), born = number(s, "born");
	long long died = number(s, "died"), live = number(s, "live");
	double confidence = json_object_get_double(get(s, "confidence"));
	const char *verdict = string(s, "verdict");
	json *releases = get(s, "released_at");
	int i;

	printf("site %lld ", id);
	word(string(s, "kind"));
	putchar(' ');
	word(string(s, "type"));
	putchar(' ');
	word(verdict);
	printf(" %lld %lld %lld ", born, died, live);
	word(innermost(get(s, "frames")));
	functions(get(s, "frames"));
	for (size_t k = 0; k < length(releases); k++) {
		json *r = json_object_array_get_idx(releases, k);

		printf("released %lld %g", id, json_object_get_double(get(r, "share")));
		functions(get(r, "frames"));
	}
	keys(s, "site", wanted);
	if (live != born - died)
		printf("bad site %lld: live %lld is not born %lld - died %lld\n", id, live,
		       born, died);
	for (i = 0; verdicts[i] && strcmp(verdicts[i], verdict); i++)
		;
	if (!verdicts[i])
		printf("bad site %lld: verdict %s\n", id, verdict);
	if (!strcmp(verdict, "leak") && !length(get(s, "evidence")))
		printf("bad site %lld: a leak without evidence\n", id);
	if (!(confidence >= 0 && confidence <= 1))
		printf("bad site %lld: confidence %g\n", id, confidence);
}

int main(int argc, char **argv)
{
	static const char *const of_target[] = {
		"pid", "comm", "exe", "attached_at", "window_s", "exited", NULL
	};
	static const char *const of_losses[] = {
		"exact", "events", "objects", "stacks", "truncated_stacks",
		"complete_stacks", "reconciled", NULL
	};
	json *report = argc > 1 ? json_object_from_file(argv[1]) : NULL;

	if (!json_object_is_type(report, json_type_object)) {
		fprintf(stderr, "digest: no JSON object: %s\n", json_util_get_last_err());
		return 1;
	}
	if (number(report, "leaktrace") != 1)
		printf("bad version\n");
	keys(get(report, "target"), "target", of_target);
	keys(get(report, "losses"), "losses", of_losses);
	if (has(report, "totals")) {
		json_object_object_foreach(get(report, "totals"), kind, t) {
			printf("total %s %lld %lld %lld %lld %lld\n", kind, number(t, "baseline"),
			       number(t, "born"), number(t, "died"), number(t, "live"),
			       number(t, "bytes"));
			if (number(t, "live") != number(t, "baseline") + number(t, "born") -
							number(t, "died"))
				printf("bad totals.%s: live is not baseline + born - died\n", kind);
		}
	} else {
		printf("bad totals is missing\n");
	}
	if (has(report, "losses")) {
		json_object_object_foreach(get(report, "losses"), name, value) {
			printf("loss %s ", name);
			word(json_object_to_json_string(value));
			putchar('\n');
		}
	}
	if (!json_object_is_type(get(report, "sites"), json_type_array))
		printf("bad sites is missing\n");
	for (size_t i = 0; i < length(get(report, "sites")); i++)
		site(json_object_array_get_idx(get(report, "sites"), i));
	return 0;
}
