// SPDX-License-Identifier: GPL-2.0
/*
 * The evidence for a verdict, as sentences. A reader sees them one at a time, in
 * a report, in JSON or in the live view: each must make sense by itself, and
 * have the numbers in it.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/evidence.h"
#include "analysis/heap_growth.h"
#include "analysis/load_correlation.h"
#include "analysis/measure.h"
#include "analysis/thresholds.h"
#include "model/children.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/proc_load.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/units.h"

#define LIMIT_FAR_S	(366 * 86400.0)	/* not worth a sentence beyond that */

/* Each kind has its usual verbs: descriptors are opened, not created. */
struct words {
	const char *born, *died, *alive;
};

static const struct words *words_of(const struct measures *x)
{
	static const struct words kinds[KINDS] = {
		[LEAKTRACE_KIND_FD] = { "opened", "closed", "open" },
		[LEAKTRACE_KIND_PAGE] = { "touched", "freed", "in use" },
		[LEAKTRACE_KIND_TIMER] = { "created", "deleted", "live" },
		[LEAKTRACE_KIND_THREAD] = { "started", "exited", "running" },
		[LEAKTRACE_KIND_MAP] = { "created", "removed", "mapped" },
		[LEAKTRACE_KIND_HEAP] = { "allocated", "freed", "live" },
		[LEAKTRACE_KIND_PAIR] = { "acquired", "released", "held" },
	};
	static const struct words process = { "forked", "reaped", "present" };

	return x->type == LEAKTRACE_TYPE_PROCESS ? &process : &kinds[x->kind];
}

static void PRINTF(2, 3) say(struct judgement *j, const char *fmt, ...)
{
	va_list args;
	int i = 0;

	while (i < EVIDENCE_MAX && j->evidence[i])
		i++;
	if (i == EVIDENCE_MAX)
		return;
	va_start(args, fmt);
	if (vasprintf(&j->evidence[i], fmt, args) < 0)
		j->evidence[i] = NULL;
	va_end(args);
}

/* "312", or for pages "312 pages (1.2 MiB)" */
static const char *amount(const struct measures *x, uint64_t n, char buf[80])
{
	char a[32], b[32];

	format_count(n, a);
	if (x->kind == LEAKTRACE_KIND_PAGE)
		snprintf(buf, 80, "%s page%s (%s)", a, n == 1 ? "" : "s",
			 format_bytes(n * PAGE_BYTES, b));
	else
		snprintf(buf, 80, "%s", a);
	return buf;
}

static void say_counts(struct judgement *j, const struct measures *x)
{
	const struct words *w = words_of(x);
	uint64_t live = x->born > x->died ? x->born - x->died : 0;
	char a[80], b[80], c[80], d[32], e[32], old[32];

	format_seconds(x->window_s, d);
	/* memory is known by its amount: what was freed and touched again in between is not */
	if (x->outside && x->kind == LEAKTRACE_KIND_PAGE)
		say(j, "%s more than %s ago%s", amount(x, x->live, a), d, x->died ? "" : ", never less than before");
	else if (!x->whole)
		say(j, "of those %s in the last %s, %s are still %s", w->born, d,
		    amount(x, x->live, a), w->alive);
	else if (x->died == x->born)
		say(j, "%s %s, all %s, 95 %% within %s", amount(x, x->born, a), w->born, w->died,
		    format_seconds(fmin(x->life_p95_s, x->life_max_s), d));
	else if (!x->died)
		say(j, "%s %s in %s, none %s", amount(x, x->born, a), w->born, d, w->died);
	else
		/* as in the headline; the objects were counted a moment later */
		say(j, "%s of %s %s (95 %% within %s); %s still %s, %s of them for more than %s",
		    amount(x, x->died, a), amount(x, x->born, b), w->died,
		    format_seconds(fmin(x->life_p95_s, x->life_max_s), d),
		    amount(x, live, c), w->alive, x->old >= live ? "all" : x->old ? format_count(x->old, old) : "none",
		    format_seconds(x->horizon_s, e));
}

static void say_growth(struct judgement *j, const struct measures *x)
{
	double each = x->sums.samples ? x->sums.bytes / x->sums.samples : PAGE_BYTES, low, high;
	bool in_bytes = x->kind == LEAKTRACE_KIND_PAGE || x->sums.samples;
	bool slow = x->slope < 0.5 && !(in_bytes && x->slope * each >= 1024);
	double times = (slow ? 60 : 1) * (in_bytes ? each : 1);
	struct heap_rate rate = { x->slope * times, { x->slope_low * times, x->slope_high * times } };
	const char *unit = slow ? "minute" : "second";
	char a[32], b[32], c[32];

	if (x->sums.samples)
		heap_sums_rate(&x->sums, x->live, &rate);
	low = fmax(0, rate.interval.low);
	high = rate.interval.high;
	if (in_bytes)
		say(j, "grows by %s per %s (95 %% CI %s to %s), trend z = %.1f",
		    format_bytes(rate.bytes, a), unit, format_bytes(low, b), format_bytes(high, c), x->z);
	else
		say(j, "grows by %.1f per %s (95 %% CI %.1f to %.1f), trend z = %.1f", rate.bytes, unit,
		    low, high, x->z);
}

/* "one page per 3.7 KiB read" */
static const char *pace(const struct measures *x, char buf[96])
{
	static const char *const things[KINDS] = {
		[LEAKTRACE_KIND_FD] = "descriptor", [LEAKTRACE_KIND_PAGE] = "page",
		[LEAKTRACE_KIND_TIMER] = "timer", [LEAKTRACE_KIND_THREAD] = "thread",
		[LEAKTRACE_KIND_MAP] = "mapping", [LEAKTRACE_KIND_HEAP] = "block",
		[LEAKTRACE_KIND_PAIR] = "handle",
	};
	const char *thing = x->type == LEAKTRACE_TYPE_PROCESS ? "process" : things[x->kind];
	const struct load_correlation *f = &x->correlation;
	double each = f->per_unit > 0 ? 1 / f->per_unit : 0;
	char bytes[32];

	if (f->by == LOAD_CPU)
		snprintf(buf, 96, "one %s per %s of CPU time", thing, format_seconds(each / 1e6, bytes));
	else if (each < 10)
		snprintf(buf, 96, "one %s per %.1f bytes %s", thing, each,
			 f->by == LOAD_READ ? "read" : "written");
	else
		snprintf(buf, 96, "one %s per %s %s", thing, format_bytes(each, bytes),
			 f->by == LOAD_READ ? "read" : "written");
	return buf;
}

static void say_load(struct judgement *j, const struct measures *x)
{
	const struct load_correlation *f = &x->correlation;
	char a[96];

	if (f->how == FOLLOWS_LOAD)
		say(j, "growth follows the load%s: %s (r = %.2f over %u intervals); typical of inserts into a "
		    "store, and of a leak in each request",
		    f->stops ? " and stops when the load stops" : "", pace(x, a), f->r, f->steps);
	else if (f->how == FOLLOWS_STEADY)
		say(j, "under a steady load: %s", pace(x, a));
	else if (f->how == FOLLOWS_NOT)
		say(j, "growth does not follow the load: it is the same whether the process is busy or idle");
}

static const char *names_the_code(const struct measures *x)
{
	if (x->sampled)
		return "who allocates is in the samples of kind heap";
	return x->heap ? "--kinds heap names the code that allocates (with the module loaded with gates=1)" :
		"--kinds heap names the code that allocates, if this is malloc's memory and no interpreter's own "
		"(with the module loaded with gates=1)";
}

/* Pages are charged to the code that touched them first, which need not be why the heap grew. */
static void say_memory(struct judgement *j, const struct measures *x)
{
	if (x->kind != LEAKTRACE_KIND_PAGE || x->outside)
		return;
	if (x->share > 0 && x->share < 0.995)
		say(j, "accounts for %.0f %% of all new memory", x->share * 100);
	if (x->heap)
		say(j, "in the heap any allocation may be the first to touch a page: %s", names_the_code(x));
	if (x->unplaced)
		say(j, "the process has exited, and what this memory was is not known: a heap that is "
		    "kept on purpose looks the same");
	if (x->pooled)
		say(j, "its mappings are shared with other call paths, as an allocator's are, where any "
		    "allocation may be the first to touch a page: %s", names_the_code(x));
}

static void say_leak(struct judgement *j, const struct measures *x)
{
	char a[32], b[32], t[32];

	if (x->generations > 1)
		say(j, "not a single burst: %u of %u intervals of %s left survivors", x->generations,
		    x->buckets, format_seconds(x->bucket_s, a));
	if (x->died && x->old)
		say(j, "of the %s that outlived %s, %s %s %s", format_count(x->late + x->old, a),
		    format_seconds(x->horizon_s, t), x->late ? format_count(x->late, b) : "none",
		    x->late == 1 ? "was" : "were", words_of(x)->died);
	say_growth(j, x);
	say_load(j, x);
	if (j->verdict == VERDICT_SUSPECT && x->turnover > x->live * 0.7)
		say(j, "but %s baseline objects were released meanwhile: no net growth yet",
		    format_count(x->turnover, a));
	say_memory(j, x);
	if (j->verdict == VERDICT_SUSPECT && x->old < leak_old_min(x->window_s))
		say(j, "not enough data yet: %s older than %s, %u needed", format_count(x->old, a),
		    format_seconds(x->horizon_s, t), leak_old_min(x->window_s));
}

static void say_cache(struct judgement *j, const struct measures *x)
{
	const struct words *w = words_of(x);
	char a[32], t[32];

	if (x->late)
		say(j, "%s were %s after more than %s: released late, not leaked",
		    format_count(x->late, a), w->died, format_seconds(x->horizon_s, t));
	else if (x->recent < 3)
		say(j, "grew, then stopped: none %s in the last %s", w->born,
		    format_seconds(x->idle_s, t));
	else
		say(j, "growth is slowing: %llu in the first half of the time, %llu in the second",
		    (unsigned long long)x->first_half, (unsigned long long)x->second_half);
	say_load(j, x);
}

void evidence_write(struct judgement *j, const struct measures *x)
{
	char a[32];

	if (!x->unjoined && x->born)
		say_counts(j, x);
	if (j->unjoined)
		say(j, "%s exited but were never joined: their stacks stay mapped",
		    format_count(j->unjoined, a));
	if (j->zombies)
		say(j, "%s exited but were never reaped (zombies)", format_count(j->zombies, a));
	if (j->verdict == VERDICT_LEAK || j->verdict == VERDICT_SUSPECT)
		say_leak(j, x);
	else if (j->verdict == VERDICT_CACHE)
		say_cache(j, x);
}

/* "1 fd device, 49 pages": how many of each there are for each object of the first part */
static void list_parts(struct model *m, const struct finding *f, char *list, size_t room)
{
	uint64_t live[KINDS][__LEAKTRACE_TYPE_MAX] = { 0 };
	const struct site *first = model_site(m, f->sites[0]);
	double steps = site_live(first) + first->judgement.unjoined;
	size_t len = 0;

	*list = '\0';
	for (size_t i = 0; i < f->nsites; i++) {
		const struct site *s = model_site(m, f->sites[i]);

		live[s->kind][s->type < __LEAKTRACE_TYPE_MAX ? s->type : 0] += site_live(s);
	}
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX && len + 64 < room; t++)
			if (live[k][t])
				len += snprintf(list + len, room - len, "%s%.3g %s%s%s%s",
						len ? ", " : "", live[k][t] / (steps > 0 ? steps : 1),
						k == LEAKTRACE_KIND_FD ? type_name(t) : "",
						k == LEAKTRACE_KIND_FD ? " " : "", kind_noun(k, t),
						live[k][t] == steps ? "" : t == LEAKTRACE_TYPE_PROCESS ? "es" : "s");
}

/* The innermost frame that all parts have in common. */
static const char *common_caller(struct model *m, const struct finding *f, char buf[64])
{
	const struct symbol_frame *frames;
	int n = model_frames(m, model_site(m, f->sites[0])->stack, &frames);
	bool known = f->common && f->common <= (unsigned int)n;

	return frame_name(known ? &frames[n - f->common] : NULL, buf, 64);
}

/* "pages agree: the heap grew by 12 MiB meanwhile", "first touched by a 71 %, b 20 %" */
static char *heap_sentence(struct model *m, const struct finding *f)
{
	struct heap_toucher list[HEAP_TOUCHERS];
	unsigned int n = heap_growth_touchers(m, f, list);
	uint64_t pages = f->live[LEAKTRACE_KIND_PAGE];
	char text[512], name[64], bytes[32];
	size_t len = 0;

	if (f->live[LEAKTRACE_KIND_HEAP])
		return strdup_printf("pages agree: the heap grew by %s meanwhile",
				     format_bytes(pages * PAGE_BYTES, bytes));
	for (unsigned int i = 0; i < n; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s %s %.0f %%",
				i ? "," : "first touched by", frame_name(list[i].frame, name, sizeof(name)),
				100.0 * list[i].pages / pages);
	return n > 1 ? strdup(text) : NULL;
}

static void say_first(struct judgement *j, char *sentence)
{
	if (!sentence)
		return;
	free(j->evidence[EVIDENCE_MAX - 1]);
	memmove(&j->evidence[1], &j->evidence[0], (EVIDENCE_MAX - 1) * sizeof(*j->evidence));
	j->evidence[0] = sentence;
}

/* Why its parts are one finding, and how sure that is. */
void evidence_of_parts(struct model *m, struct finding *f)
{
	char list[256], caller[64], bytes[32];
	char *sentence = NULL;

	switch (f->cause) {
	case CAUSE_PATH:
		break;
	case CAUSE_THREAD:
		sentence = strdup_printf("%s are stacks of these threads, and what creating them allocated",
					 format_bytes(f->live[LEAKTRACE_KIND_PAGE] * PAGE_BYTES, bytes));
		break;
	case CAUSE_HEAP:
		sentence = heap_sentence(m, f);
		break;
	case CAUSE_TIME:
		list_parts(m, f, list, sizeof(list));
		sentence = strdup_printf("created together under %s, by one cause or by several: %s each time",
					 common_caller(m, f, caller), list);
		break;
	}
	say_first(&f->judgement, sentence);
}

/* Other callers of the same function release what they create: name the caller that does not. */
void evidence_of_sibling(struct model *m, struct finding *f, int maker, uint32_t release)
{
	const struct symbol_frame *frames, *at;
	int n = model_frames(m, model_site(m, f->sites[0])->stack, &frames);
	char by[64], caller[64], where[64], a[32], b[32];

	if (f->differing_frame < 1 || f->differing_frame >= n)
		return;
	frame_name(&frames[maker], by, sizeof(by));
	frame_name(&frames[f->differing_frame], caller, sizeof(caller));
	at = blamed_frame_of_stack(m, release);
	say(&f->judgement, "%s of %s created by other callers of %s are released%s%s; those created through %s are not",
	    format_count(f->others_died, a), format_count(f->others_born, b), by, at ? " at " : "",
	    at ? frame_name(at, where, sizeof(where)) : "", caller);
}

/*
 * "at this rate, RLIMIT_NOFILE (1,024) is reached in 14 min". The parts of a
 * finding approach the limit together, so each of them has the sentence of the whole.
 */
void evidence_of_limit(struct model *m, struct finding *f)
{
	const struct limit *l = &m->limits[f->limit];
	const char *lead = f->nsites > 1 ? "at the combined rate of all parts" : "at this rate";
	char max[32], in[32], *sentence;

	if (f->limit_s <= 0 || f->limit_s > LIMIT_FAR_S)
		return;
	if (limit_is_bytes(f->limit))
		format_bytes(l->max, max);
	else
		format_count(l->max, max);
	if (f->limit_s <= LIMIT_REACHED_S)
		sentence = strdup_printf("%s (%s) is reached", l->name, max);
	else
		sentence = strdup_printf("%s, %s (%s) is reached in %s", lead, l->name, max,
					 format_seconds(f->limit_s, in));
	say(&f->judgement, "%s", sentence ?: "");
	for (size_t i = 0; i < f->nsites; i++)
		say(&model_site(m, f->sites[i])->judgement, "%s", sentence ?: "");
	free(sentence);
}

/* Which commands they run, which are older than the tracing, and what is not known of them. */
void evidence_of_children(struct model *m, enum child_group_id group)
{
	struct child_group *g = &m->children.group[group];
	size_t n;
	const char *command = children_command(&m->children, group, &n);
	char a[32], b[32];

	if (command)
		say(&g->judgement, "%s of %s %s %s", format_count(n, a), format_count(g->live, b),
		    group == CHILDREN_UNREAPED ? "were" : "are", command);
	if (g->live_before)
		say(&g->judgement, "%s of them %s forked before attach", format_count(g->live_before, a),
		    g->live_before == 1 ? "was" : "were");
	if (group == CHILDREN_UNTRACED)
		say(&g->judgement, "what they create and release is not known: --follow-fork traces them");
}

/* "live blocks changed by -3.1 MiB since attach, what malloc has by +20 MiB"; NULL: nothing did */
static char *malloc_sentence(const struct model *m, const char *end)
{
	const struct ledger_malloc *then = &m->ledger.malloc_first, *now = &m->ledger.malloc_last;
	char live[40], all[40];

	if (!then->known || (now->live_bytes == then->live_bytes && now->bytes == then->bytes))
		return NULL;
	return strdup_printf("live blocks changed by %s since %s, what malloc has by %s%s",
			     format_bytes_change(now->live_bytes - then->live_bytes, live),
			     m->outside ? "the first look" : "attach",
			     format_bytes_change(now->bytes - then->bytes, all), end);
}

/* How much malloc keeps, and what became of it since attach. */
void evidence_of_kept_free(struct model *m)
{
	const struct ledger_malloc *now = &m->ledger.malloc_last;
	bool between = now->fragmented_bytes >= now->end_bytes;
	char a[32], b[32], c[32], *sentence;

	say(&m->kept_free, "%s of the %s that malloc has are free %s; malloc_trim would give back %s",
	    format_bytes(between ? now->fragmented_bytes : now->end_bytes, a), format_bytes(now->bytes, b),
	    between ? "blocks between live ones" : "at the ends of arenas", format_bytes(now->returnable_bytes, c));
	sentence = malloc_sentence(m, "");
	if (sentence)
		say(&m->kept_free, "%s", sentence);
	free(sentence);
}

/* Why growth of the heap is no suspect. */
void evidence_of_live_heap(struct model *m, struct finding *f)
{
	say_first(&f->judgement, malloc_sentence(m, ": the growth is free blocks"));
}
