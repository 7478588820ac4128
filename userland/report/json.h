/* SPDX-License-Identifier: GPL-2.0 */
/* A judged model as JSON. The caller owns what is returned. */
#ifndef LEAKTRACE_REPORT_JSON_H
#define LEAKTRACE_REPORT_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "model/children.h"

struct json_object;
struct judgement;
struct runtime_site;
struct model;
struct site;
struct symbol_frame;

struct json_object *report_json(struct model *m);
struct json_object *report_json_site(struct model *m, const struct site *s);
struct json_object *report_json_frame(const struct symbol_frame *f);
/*
 * Adds "frames", and as "blame" the index of the frame that a headline names: @mine, if it
 * is one of them.
 */
void report_json_put_frames(struct json_object *o, const struct symbol_frame *frames, int n,
			    const struct symbol_frame *mine);
struct json_object *report_json_frames(struct model *m, uint32_t stack);
/* Adds verdict, confidence, evidence and rate, of what is no site of the kernel. */
void report_json_put_judgement(struct json_object *o, const struct judgement *j);
struct json_object *report_json_memory(struct model *m);	/* NULL: no pages traced */
struct json_object *report_json_kept_free(const struct model *m, size_t id);	/* the finding m->kept_free */

/* Child processes. */
struct json_object *report_json_processes(const struct model *m);	/* NULL: not known */
struct json_object *report_json_child_site(const struct model *m, enum child_group_id group);
struct json_object *report_json_child_finding(const struct model *m, enum child_group_id group, size_t id);

/* Data of language runtimes. */
struct json_object *report_json_runtime_site(const struct runtime_site *s);
struct json_object *report_json_runtime_finding(const struct runtime_site *s, size_t id);
struct json_object *report_json_thread_owners(struct model *m, const struct site *s); /* NULL: none */
void report_json_runtime_totals(const struct model *m, struct json_object *totals);

#endif
