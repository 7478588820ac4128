// SPDX-License-Identifier: GPL-2.0
/* leaktrace status: targets, probes, table usage, losses. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "model/kind.h"
#include "model/status.h"
#include "model/target.h"
#include "model/workload.h"
#include "model/workload_json.h"
#include "netlink/client.h"
#include "netlink/gates.h"
#include "netlink/kernel_series.h"
#include "netlink/requests.h"
#include "util/error.h"
#include "util/format.h"
#include "util/json.h"
#include "util/macros.h"
#include "util/version.h"

struct overview {
	struct status s;
	struct target *targets;
	struct probe *probes;
	size_t ntargets, nprobes;
	struct gate_list gates;
};

static const char *how_name(unsigned int how)
{
	static const char *const names[] = {
		[LEAKTRACE_PROBE_TRACEPOINT] = "tracepoint",
		[LEAKTRACE_PROBE_FTRACE] = "ftrace",
		[LEAKTRACE_PROBE_MMU_NOTIFIER] = "mmu_notifier",
	};

	return how < ARRAY_SIZE(names) ? names[how] : "other";
}

static const char *probe_state(const struct probe *p)
{
	if (p->attached)
		return "attached";
	if (!p->present)
		return p->required ? "MISSING" : "absent";
	return p->error ? "failed" : "off";
}

static void kinds_of(uint32_t kinds, char buf[64])
{
	buf[0] = '\0';
	for (int k = 0; k < KINDS; k++)
		if (kinds & 1U << k)
			snprintf(buf + strlen(buf), 64 - strlen(buf), "%s%s", *buf ? "," : "", kind_name(k));
}

/* Of one that has exited the number may be another's. */
static void read_workload(const struct target *t, struct workload *w)
{
	if (!(t->flags & LEAKTRACE_TARGET_F_EXITED))
		workload_read(w, "", t->pid);
}

static void text_targets(const struct overview *v)
{
	if (!v->ntargets) {
		printf("no process is being traced: run 'leaktrace attach PID'\n");
		return;
	}
	printf("%-6s %-8s %-16s %-22s %-9s %s\n", "TARGET", "PID", "COMM", "KINDS", "FOR", "LIVE");
	for (size_t i = 0; i < v->ntargets; i++) {
		const struct target *t = &v->targets[i];
		char kinds[64], age[32], count[32], label[600];
		struct workload w = { 0 };

		kinds_of(t->kinds, kinds);
		printf("%-6u %-8u %-16s %-22s %-9s", t->id, t->pid, t->comm, kinds,
		       format_seconds((t->now_ns - t->attached_ns) / 1e9, age));
		for (int k = 0; k < KINDS; k++)
			if (t->kind[k].present && t->kinds & 1U << k)
				printf(" %s %s", kind_name(k), format_count(t->kind[k].live, count));
		read_workload(t, &w);
		workload_label(&w, label, sizeof(label));
		workload_free(&w);
		printf("%s%s%s%s%s%s\n", *label ? ", " : "", label, t->flags & LEAKTRACE_TARGET_F_EXITED ? ", exited" : "",
		       t->flags & LEAKTRACE_TARGET_F_BACKGROUND ? ", background" : "",
		       t->flags & LEAKTRACE_TARGET_F_FOLLOW_FORK ? ", follow-fork" : "",
		       t->inexact ? ", not exact" : "");
	}
}

static const char *door_name(const struct door_state *d)
{
	static const char *const names[] = {
		[LEAKTRACE_DOOR_CLOSED] = "closed", [LEAKTRACE_DOOR_OPEN] = "open",
		[LEAKTRACE_DOOR_TRAPPED] = "bypassed: a probe of somebody's is there",
		[LEAKTRACE_DOOR_REFUSED] = "refused",
	};

	return d->state < ARRAY_SIZE(names) ? names[d->state] : "?";
}

/* What is written in processes: in those that are traced, and what is left in others. */
static void text_gates(const struct overview *v)
{
	char a[32], b[32], c[32], d[32];

	for (size_t i = 0; i < v->gates.ngates; i++) {
		const struct gate_state *g = &v->gates.gate[i];

		printf("\ngate of %u at %#" PRIx64 " (%s): %s; one sample in %s, %s allocated, %s freed, %s lost\n",
		       g->pid, g->address, format_bytes(g->bytes, a),
		       g->open ? "open" : "closed, what is left does nothing",
		       format_bytes(g->mean_bytes, b), format_count(g->births, c),
		       format_count(g->deaths, d), format_count(g->lost, (char[32]){ 0 }));
		for (size_t j = 0; j < v->gates.ndoors; j++) {
			const struct door_state *e = &v->gates.door[j];

			if (e->gate == g->address && e->target == g->target)
				printf("  %-40s %-9s %#" PRIx64 " %s%s%s\n", e->name, type_name(e->type),
				       e->address, door_name(e), e->error ? ": " : "",
				       e->error ? strerror(-e->error) : "");
		}
	}
}

static void text_probes(const struct overview *v)
{
	printf("\n%-34s %-12s %-9s %14s  %s\n", "PROBE", "HOW", "STATE", "HITS", "WHY");
	for (size_t i = 0; i < v->nprobes; i++) {
		const struct probe *p = &v->probes[i];
		char hits[32];
		const char *what = !p->present ? "not in this kernel" : p->error ? strerror(-p->error) : "";

		printf("%-34s %-12s %-9s %14s  %s%s%s\n", p->name, how_name(p->how), probe_state(p),
		       format_count(p->hits, hits), p->why, *what ? ": " : "", what);
	}
}

/* One line if all is well; those that are not as they should be in any case. */
static void text_probe_summary(const struct overview *v)
{
	size_t present = 0, attached = 0;

	for (size_t i = 0; i < v->nprobes; i++) {
		present += v->probes[i].present;
		attached += v->probes[i].attached;
	}
	printf("%-12s %14zu of %14zu  attached (--probes lists them)\n", "probes", attached, present);
	for (size_t i = 0; i < v->nprobes; i++) {
		const struct probe *p = &v->probes[i];

		if (p->error || (p->required && !p->present))
			printf("%-12s %14s  %s: %s\n", "", probe_state(p), p->name, p->error ? strerror(-p->error) :
			       "not in this kernel");
	}
}

static void fill(const char *name, uint64_t used, uint64_t max)
{
	char a[32], b[32];

	printf("%-12s %14s of %14s  %5.1f %%\n", name, format_count(used, a), format_count(max, b),
	       max ? 100.0 * used / max : 0);
}

static void text_fill(const struct status *s)
{
	const struct {
		const char *name;
		uint64_t n;
	} lost[] = {
		{ "events (ring full)", s->lost.ring }, { "events (receiver too slow)", s->lost.socket },
		{ "objects (object table full)", s->lost.objects },
		{ "objects (site table full)", s->lost.sites },
		{ "objects (stack table full)", s->lost.stacks },
		{ "probe hits (inside another probe)", s->lost.nested },
		{ "deferred work (pool empty)", s->lost.work },
	};
	char a[32], b[32], c[32];
	bool any = false;

	putchar('\n');
	fill("targets", s->targets, s->targets_max);
	fill("objects", s->objects, s->objects_max);
	fill("page entries", s->page_cells, s->page_cells_max);
	fill("sites", s->sites, s->sites_max);
	fill("stacks", s->stacks, s->stacks_max);
	fill("event ring", s->ring_used_bytes, s->ring_bytes);
	printf("%-12s %14s  %s for each of %s online processors\n", "memory",
	       format_bytes(s->memory_bytes, a), format_bytes(s->cpu_bytes, b),
	       s->cpus ? format_count(s->cpus, c) : "the");
	printf("%-12s %14s\n", "events", format_count(s->events, a));
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++)
		if (lost[i].n) {
			printf("%-12s %14s  %s\n", any ? "" : "lost", format_count(lost[i].n, a), lost[i].name);
			any = true;
		}
	if (!any)
		printf("%-12s %14s\n", "lost", "nothing");
}

static struct json_object *json_targets(const struct overview *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->ntargets; i++) {
		const struct target *t = &v->targets[i];
		struct json_object *o = json_object_new_object(), *live = json_object_new_object();
		struct workload w = { 0 };

		json_put_number(o, "id", t->id);
		json_put_number(o, "pid", t->pid);
		json_put(o, "comm", json_string(t->comm));
		read_workload(t, &w);
		workload_put_json(o, &w);
		workload_free(&w);
		json_put(o, "window_s",
			 json_object_new_double((t->now_ns - t->attached_ns) / 1e9));
		json_put(o, "exited",
			 json_object_new_boolean(t->flags & LEAKTRACE_TARGET_F_EXITED));
		json_put(o, "background",
			 json_object_new_boolean(t->flags & LEAKTRACE_TARGET_F_BACKGROUND));
		json_put(o, "follow_fork",
			 json_object_new_boolean(t->flags & LEAKTRACE_TARGET_F_FOLLOW_FORK));
		json_put(o, "exact", json_object_new_boolean(!t->inexact));
		for (int k = 0; k < KINDS; k++)
			if (t->kind[k].present && t->kinds & 1U << k)
				json_put_number(live, kind_name(k), t->kind[k].live);
		json_put(o, "live", live);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_doors(const struct overview *v, const struct gate_state *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->gates.ndoors; i++) {
		const struct door_state *d = &v->gates.door[i];
		struct json_object *o;

		if (d->gate != g->address || d->target != g->target)
			continue;
		o = json_object_new_object();
		json_put(o, "function", json_string(d->name));
		json_put(o, "type", json_string(type_name(d->type)));
		json_put_number(o, "address", d->address);
		json_put(o, "open", json_object_new_boolean(d->state == LEAKTRACE_DOOR_OPEN));
		json_put(o, "error", json_object_new_int(d->error));
		json_put_number(o, "traps", d->traps);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_gates(const struct overview *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->gates.ngates; i++) {
		const struct gate_state *g = &v->gates.gate[i];
		struct json_object *o = json_object_new_object();

		json_put_number(o, "pid", g->pid);
		json_put(o, "open", json_object_new_boolean(g->open));
		json_put_number(o, "address", g->address);
		json_put_number(o, "bytes", g->bytes);
		json_put_number(o, "mean_bytes", g->mean_bytes);
		json_put_number(o, "born", g->births);
		json_put_number(o, "died", g->deaths);
		json_put_number(o, "lost", g->lost);
		json_put(o, "doors", json_doors(v, g));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_probes(const struct overview *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->nprobes; i++) {
		const struct probe *p = &v->probes[i];
		struct json_object *o = json_object_new_object();

		json_put(o, "name", json_string(p->name));
		json_put(o, "how", json_string(how_name(p->how)));
		json_put(o, "required", json_object_new_boolean(p->required));
		json_put(o, "present", json_object_new_boolean(p->present));
		json_put(o, "attached", json_object_new_boolean(p->attached));
		json_put(o, "error", json_object_new_int(p->error));
		json_put_number(o, "hits", p->hits);
		json_put(o, "why", json_string(p->why));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_status(const struct status *s)
{
	struct json_object *o = json_object_new_object(), *lost = json_object_new_object();

	json_put(o, "version", json_string(s->version));
	json_put(o, "tracing", json_object_new_boolean(s->tracing));
	if (*s->stopped)
		json_put(o, "stopped", json_string(s->stopped));
	json_put_number(o, "targets_max", s->targets_max);
	json_put_number(o, "objects", s->objects);
	json_put_number(o, "objects_max", s->objects_max);
	json_put_number(o, "page_cells", s->page_cells);
	json_put_number(o, "page_cells_max", s->page_cells_max);
	json_put_number(o, "sites", s->sites);
	json_put_number(o, "sites_max", s->sites_max);
	json_put_number(o, "stacks", s->stacks);
	json_put_number(o, "stacks_max", s->stacks_max);
	json_put_number(o, "ring_bytes", s->ring_bytes);
	json_put_number(o, "ring_used_bytes", s->ring_used_bytes);
	json_put_number(o, "memory_bytes", s->memory_bytes);
	json_put_number(o, "cpus", s->cpus);
	json_put_number(o, "cpu_bytes", s->cpu_bytes);
	json_put_number(o, "events", s->events);
	json_put_number(lost, "ring", s->lost.ring);
	json_put_number(lost, "socket", s->lost.socket);
	json_put_number(lost, "objects", s->lost.objects);
	json_put_number(lost, "sites", s->lost.sites);
	json_put_number(lost, "stacks", s->lost.stacks);
	json_put_number(lost, "nested", s->lost.nested);
	json_put_number(lost, "work", s->lost.work);
	json_put(o, "lost", lost);
	return o;
}

static void say_json(const struct overview *v)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "leaktrace", json_object_new_int(1));
	json_put(o, "status", json_status(&v->s));
	json_put(o, "targets", json_targets(v));
	json_put(o, "probes", json_probes(v));
	json_put(o, "gates", json_gates(v));
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

/* whole: also the table of probes */
static void say_text(const struct overview *v, bool whole)
{
	char untested[128];

	printf("leaktrace %s, module %s, probes %s%s%s\n", LEAKTRACE_VERSION,
	       *v->s.version ? v->s.version : "?", v->s.tracing ? "on" : "off",
	       *v->s.stopped ? "; STOPPED: " : "", v->s.stopped);
	if (kernel_series_sentence(untested, sizeof(untested)))
		printf("%s\n", untested);
	printf("\n");
	text_targets(v);
	text_gates(v);
	text_fill(&v->s);
	if (whole)
		text_probes(v);
	else
		text_probe_summary(v);
}

int cmd_status(struct options *o)
{
	struct overview v = { 0 };
	char err[512];
	struct client *c;
	int status = EXIT_CLEAN;

	if (o->argc)
		return fail("status: takes no arguments (see 'leaktrace status --help')");
	c = client_open(err, sizeof(err));
	if (!c)
		return fail("%s", err);
	if (client_status(c, &v.s) || client_targets(c, &v.targets, &v.ntargets) ||
	    client_probes(c, &v.probes, &v.nprobes) || client_gates(c, &v.gates))
		status = fail("%s", client_error(c));
	else if (o->json)
		say_json(&v);
	else
		say_text(&v, o->probes || !isatty(STDOUT_FILENO));
	free(v.targets);
	free(v.probes);
	gate_list_free(&v.gates);
	client_close(c);
	return status;
}
