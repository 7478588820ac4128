// SPDX-License-Identifier: GPL-2.0
/* Age classes of live objects. */
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "report/age_classes.h"

static const struct {
	double below_s;
	const char *name;
} ages[AGES] = {
	{ 1, "under 1s" }, { 10, "1s to 10s" }, { 60, "10s to 1m" }, { 600, "1m to 10m" },
	{ 3600, "10m to 1h" }, { 86400, "1h to 1d" }, { 0, "over 1d" },
};

const char *age_name(unsigned int age)
{
	return ages[age].name;
}

static unsigned int age_of(uint64_t end_ns, uint64_t born_ns)
{
	double s = end_ns > born_ns ? (end_ns - born_ns) / 1e9 : 0;
	unsigned int i = 0;

	while (i + 1 < AGES && s >= ages[i].below_s)
		i++;
	return i;
}

/* The objects and the counters are not read at the same time: never count more than are live. */
uint64_t ages_of(struct model *m, const struct site *s, uint64_t live[AGES])
{
	uint64_t end = model_end_ns(m), left = site_live(s);
	size_t n;
	const struct object *o = model_objects(m, s->id, &n);

	for (unsigned int i = 0; i < AGES; i++)
		live[i] = 0;
	for (size_t i = 0; i < n && left; i++) {
		uint64_t count = o[i].flags & LEAKTRACE_OBJECT_F_EXITED ? 0 : o[i].count;

		count = count < left ? count : left;
		live[age_of(end, o[i].born_ns)] += count;
		left -= count;
	}
	return left;
}
