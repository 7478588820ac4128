// SPDX-License-Identifier: GPL-2.0
/* What keeps the objects of a Go program alive, as JSON. */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/process.h"
#include "util/json.h"

static const char *const kinds[] = {
	[GO_ROOT_VARIABLE] = "variable", [GO_ROOT_GOROUTINE] = "goroutine", [GO_ROOT_TIMER] = "timer",
	[GO_ROOT_POOL] = "pool", [GO_ROOT_QUEUE] = "queue",
	[GO_ROOT_FINALIZER] = "finalizer", [GO_ROOT_CLEANUP] = "cleanup", [GO_ROOT_RUNTIME] = "runtime",
};

static struct json_object *root_of(struct go_holders *h, uint32_t root)
{
	const struct go_root *one = &h->reach.chains.root[root];
	struct json_object *o = json_object_new_object();
	uint64_t retained_bytes;

	json_put(o, "root", json_string(go_root_name(&h->reach, &h->variables, root)));
	json_put(o, "kind", json_string(kinds[one->kind]));
	json_put_number(o, "bytes", one->bytes);
	json_put_number(o, "objects", one->objects);
	if (go_shared_retained(&h->reach.chains, root, &retained_bytes))
		json_put_number(o, "retained_bytes", retained_bytes);
	if (h->window_s > 0)
		json_put_number(o, "grown_bytes", one->grown_bytes);
	if (one->holders)
		json_put_number(o, "holders", one->holders);
	return o;
}

static struct json_object *parts_of(const struct go_chain *c)
{
	struct json_object *list = json_object_new_array();
	const char *part = c->text;

	for (unsigned int i = 0; i < c->parts; i++, part += strlen(part) + 1)
		json_object_array_add(list, json_string(part));
	return list;
}

static struct json_object *finding_of(struct go_holders *h, const struct go_finding *f)
{
	struct json_object *o = json_object_new_object();
	struct go_chain chain = { 0 };
	char text[512];

	go_finding_say(h, f, text, sizeof(text));
	json_put(o, "kind", json_string(go_finding_name(f->kind)));
	if (f->root != GO_ROOT_NONE)
		json_put(o, "root", json_string(go_root_name(&h->reach, &h->variables, f->root)));
	if (f->link && go_chain_say(&h->reach, f->link, &chain))
		json_put(o, "chain", parts_of(&chain));
	json_put_number(o, "bytes", f->bytes);
	json_put_number(o, "objects", f->objects);
	json_put(o, "text", json_string(text));
	free(chain.text);
	return o;
}

static struct json_object *chain_of(struct go_holders *h, const struct go_chain *c)
{
	const struct go_link *l = &h->reach.chains.link[c->link];
	struct json_object *o = json_object_new_object();

	json_put(o, "root", json_string(go_root_name(&h->reach, &h->variables, l->root)));
	json_put(o, "chain", parts_of(c));
	json_put_number(o, "bytes", l->bytes);
	json_put_number(o, "objects", l->objects);
	if (h->window_s > 0)
		json_put_number(o, "grown_bytes", l->grown_bytes);
	return o;
}

static struct json_object *losses_of(const struct go_holders *h)
{
	const struct go_reach *r = &h->reach;
	struct json_object *o = json_object_new_object();

	json_put_number(o, "running", h->counts.running);
	json_put_number(o, "retried", h->counts.retried + r->spans.retried);
	json_put_number(o, "given_up", h->counts.given_up);
	json_put_number(o, "incomplete_stacks", h->counts.unknown_frames);
	json_put_number(o, "changed_chains", h->changed);
	json_put_number(o, "unread_objects", r->unread_objects);
	json_put_number(o, "folded_objects", r->chains.folded);
	return o;
}

/** go_holders_json() - what holds what; the caller releases it */
struct json_object *go_holders_json(struct go_holders *h)
{
	struct json_object *o = json_object_new_object(), *list;
	const struct go_reach *r = &h->reach;

	json_put_number(o, "leaktrace", 1);
	list = json_object_new_object();
	json_put_number(list, "pid", r->process->pid);
	json_put_number(list, "start_ticks", r->process->start_ticks);
	json_put(list, "comm", json_string(r->process->comm));
	json_put(list, "go", json_string(r->process->table.version));
	if (h->window_s > 0)
		json_put_real(list, "window_s", h->window_s);
	json_put(o, "target", list);
	list = json_object_new_object();
	json_put_number(list, "reached_bytes", r->bytes);
	json_put_number(list, "reached_objects", r->objects);
	json_put_number(list, "allocated_bytes", r->spans.allocated_bytes);
	json_put_number(list, "allocated_objects", r->spans.allocated_objects);
	if (h->memory_known) {
		json_put_number(list, "in_use_bytes", h->memory.in_use);
		json_put_number(list, "idle_bytes", h->memory.idle);
		json_put_number(list, "returned_bytes", h->memory.returned);
	}
	json_put_number(list, "rss_bytes", h->rss_bytes);
	json_put(o, "heap", list);
	json_put(o, "losses", losses_of(h));
	list = json_object_new_array();
	for (size_t i = 0; i < h->findings; i++)
		json_object_array_add(list, finding_of(h, &h->finding[i]));
	json_put(o, "findings", list);
	list = json_object_new_array();
	for (size_t i = 0; i < h->roots; i++)
		json_object_array_add(list, root_of(h, h->root[i]));
	json_put(o, "roots", list);
	list = json_object_new_array();
	for (size_t i = 0; i < h->chains; i++)
		json_object_array_add(list, chain_of(h, &h->chain[i]));
	json_put(o, "holders", list);
	return o;
}
