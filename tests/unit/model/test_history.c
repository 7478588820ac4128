// SPDX-License-Identifier: GPL-2.0
/* Time series: bounded, in order, never missing the first or the last point. */
#include <stdlib.h>
#include <string.h>

#include "model/curve.h"
#include "model/history.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/site.h"
#include "model/target.h"
#include "util/macros.h"
#include "util/units.h"
#include "check.h"

static void check_order(const struct history_point *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		CHECK(p[i].t_ns > p[i - 1].t_ns && p[i].born >= p[i - 1].born);
}

static void bounded(void)
{
	struct history *h = history_new();
	const struct history_point *p;
	size_t n;

	for (uint64_t i = 1; i <= 100000; i++) {
		struct history_point x = { .t_ns = i * NSEC_PER_SEC, .born = i, .live = i };

		CHECK(!history_add_site(h, 7, &x));
		n = history_of_site(h, 7, &p);
		CHECK(n && n <= HISTORY_POINTS && p[0].born == 1 && p[n - 1].born == i);
	}
	n = history_of_site(h, 7, &p);
	CHECK(n >= HISTORY_POINTS / 3);
	check_order(p, n);
	/* evenly: no gap is more than twice what it would be if all were one */
	for (size_t i = 1; i < n; i++)
		CHECK(p[i].born - p[i - 1].born <= 2 * 100000 / (HISTORY_POINTS / 3));
	CHECK(p[0].t_ns == NSEC_PER_SEC && p[n - 1].t_ns == 100000 * NSEC_PER_SEC);
	CHECK(!history_of_site(h, 8, &p) && !p && !history_of_kind(h, 0, &p));
	history_free(h);
}

static void order(void)
{
	struct history *h = history_new();
	struct history_point x = { .t_ns = 10, .born = 1 };
	const struct history_point *p;

	for (uint32_t site = 2000; site > 0; site -= 2)
		CHECK(!history_add_site(h, site, &x));
	x.t_ns = 9;	/* earlier, and the same: ignored */
	x.born = 2;
	CHECK(!history_add_site(h, 4, &x));
	x.t_ns = 10;
	CHECK(!history_add_site(h, 4, &x));
	CHECK(history_of_site(h, 4, &p) == 1 && p[0].born == 1);
	CHECK(history_of_site(h, 2000, &p) == 1 && !history_of_site(h, 3, &p));
	CHECK(history_add_kind(h, KINDS, &x) < 0);
	history_free(h);
}

/* What the judge sees of a site that rested: a level, not a gap. */
static void curve(void)
{
	struct history *h = history_new();
	const struct curve *c;

	CHECK(!history_curve(1, h));
	for (uint64_t t = 1; t <= 200; t++) {
		struct history_point x = { .t_ns = t * NSEC_PER_SEC, .born = t, .live = t };

		CHECK(!history_add_kind(h, 0, &x));
		if (t > 100)
			continue;
		CHECK(!history_add_site(h, 1, &x));
	}
	c = history_curve(1, h);
	CHECK(c && c->n == ARRAY_SIZE(c->live));
	CHECK(c && c->t_s[0] == 1 && c->t_s[c->n - 1] == 200);
	for (unsigned int i = 0; c && i < c->n; i++)
		CHECK(c->live[i] == (c->t_s[i] < 100 ? (uint64_t)c->t_s[i] : 100), "%f at %f",
		      c->live[i], c->t_s[i]);
	history_free(h);
}

static void sample(void)
{
	struct site sites[] = { { .id = 3, .born = 5 }, { .id = 9, .kind = LEAKTRACE_KIND_PAGE, .born = 2 } };
	struct model m = { .sites = sites, .nsites = 2, .target.kinds = LEAKTRACE_KINDS_ALL };
	struct history *h = history_new();
	const struct history_point *p;

	m.target.kind[LEAKTRACE_KIND_PAGE] = (struct kind_totals){ .present = true, .live = 12 };
	for (int i = 1; i <= 3; i++) {
		m.target.now_ns = i;
		sites[0].died = i / 2;	/* changes once */
		CHECK(!history_sample(h, &m));
	}
	CHECK(history_of_site(h, 3, &p) == 2 && p[1].t_ns == 2 && p[1].live == 4 && !p[1].bytes);
	CHECK(history_of_site(h, 9, &p) == 1 && p[0].bytes == 2 * PAGE_BYTES);
	CHECK(history_of_kind(h, LEAKTRACE_KIND_PAGE, &p) == 3 && p[2].bytes == 12 * PAGE_BYTES);
	CHECK(!history_of_kind(h, LEAKTRACE_KIND_FD, &p));
	history_free(h);
}

int main(void)
{
	bounded();
	order();
	curve();
	sample();
	return verdict("history");
}
