// SPDX-License-Identifier: GPL-2.0
/* "memory" in the JSON report: what touched and what released it, and where it is. */
#include <stdio.h>

#include <json-c/json.h>

#include "analysis/memory_growth.h"
#include "model/address_range.h"
#include "model/allocator.h"
#include "model/model.h"
#include "report/json.h"
#include "util/json.h"
#include "util/units.h"

static struct json_object *bytes(uint64_t pages)
{
	return json_object_new_uint64(pages * PAGE_BYTES);
}

static struct json_object *share(double part, double whole)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.3f", whole > 0 ? part / whole : 0);
	return json_object_new_double_s(whole > 0 ? part / whole : 0, digits);
}

static struct json_object *parts(const struct memory_part *p, unsigned int n, const char *id,
				 uint64_t whole, struct model *m)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		if (id)
			json_put(o, id, json_object_new_uint64(p[i].id));
		else
			json_put(o, "frames", report_json_frames(m, p[i].id));
		json_put(o, "bytes", bytes(p[i].pages));
		json_put(o, "share", share(p[i].pages, whole));
		json_object_array_add(list, o);
	}
	return list;
}

/* NULL: no pages were traced. */
struct json_object *report_json_memory(struct model *m)
{
	struct json_object *o, *ranges;
	struct memory_growth x;

	if (!memory_growth_read(m, &x))
		return NULL;
	o = json_object_new_object();
	json_put(o, "touched", bytes(x.touched));
	json_put(o, "given_back", bytes(x.given_back));
	json_put(o, "given_back_baseline", bytes(x.baseline_given_back));
	json_put(o, "live_new", bytes(x.new_live));
	ranges = json_object_new_object();
	for (int r = 0; r < RANGES; r++)
		if (x.range[r])
			json_put(ranges, range_kind_name(r), bytes(x.range[r]));
	json_put(o, "ranges", ranges);
	json_put(o, "path", x.path ? report_json_frame(x.path) : NULL);
	json_put(o, "path_share", share(x.path_share, x.path ? 1 : 0));
	json_put(o, "grown_by", parts(x.grew, x.ngrew, "site", x.new_live, m));
	json_put(o, "given_back_by", parts(x.gave, x.ngave, NULL, x.given_back, m));
	return o;
}

/** report_json_kept_free() - a finding that has no call path */
struct json_object *report_json_kept_free(const struct model *m, size_t id)
{
	struct json_object *o = json_object_new_object();

	json_put_number(o, "id", id);
	report_json_put_judgement(o, &m->kept_free);
	json_put(o, "allocator", json_string(ALLOCATOR_MALLOC));
	json_put(o, "sites", json_object_new_array());
	json_put_number(o, "born", 0);
	json_put_number(o, "died", 0);
	json_put(o, "live", json_object_new_object());
	json_put_number(o, "bytes", ledger_malloc_free_bytes(&m->ledger.malloc_last));
	return o;
}
