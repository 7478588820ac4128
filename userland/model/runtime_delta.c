// SPDX-License-Identifier: GPL-2.0
/*
 * Call paths of a runtime match if their functions have the same names, which survive a
 * rebuild; what holds something, if it has the same name.
 */
#include <stdlib.h>
#include <string.h>

#include "model/runtime.h"
#include "model/runtime_delta.h"
#include "model/runtime_saved.h"
#include "symbolize/frame.h"
#include "util/hash.h"

struct keyed {
	uint64_t key;
	const struct runtime_site *site;
	bool newer;
};

static uint64_t add_text(uint64_t hash, const char *text)
{
	text = text ?: "";
	return hash_bytes(hash, text, strlen(text) + 1);
}

static uint64_t key_of(const struct runtime_site *s)
{
	uint64_t key = add_text(add_text(HASH_START, s->kind), s->type);

	for (int i = 0; i < s->nframes; i++)
		key = add_text(key, s->frames[i].function);
	return s->by ? add_text(key, s->by->function) : key;
}

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return x->key != y->key ? (x->key < y->key ? -1 : 1) : (int)x->newer - y->newer;
}

/* p NULL: there are none */
static size_t sites_of(struct runtime *p, const struct runtime_site **s)
{
	return p ? runtime_sites(p, s) : 0;
}

static size_t number_of_sites(struct runtime *p)
{
	const struct runtime_site *s;

	return sites_of(p, &s);
}

static size_t take_keys(struct runtime *p, bool newer, struct keyed *k)
{
	const struct runtime_site *s = NULL;
	size_t n = sites_of(p, &s);

	for (size_t i = 0; i < n; i++)
		k[i] = (struct keyed){ key_of(&s[i]), &s[i], newer };
	return n;
}

/* The one with most objects represents those with the same key. */
static void add_up(struct runtime_difference *d, const struct keyed *k)
{
	const struct runtime_site **one = k->newer ? &d->site : &d->before;

	*(k->newer ? &d->live : &d->live_before) += k->site->live;
	*(k->newer ? &d->bytes : &d->bytes_before) += k->site->bytes;
	if (!*one || k->site->live > (*one)->live)
		*one = k->site;
}

/* What has not grown by then is not in a file of several looks; since the first it is known. */
static void know_first_look(struct runtime_difference *d)
{
	if (d->before || !d->site->holder || !d->site->holder->grown_bytes)
		return;
	d->live_before = d->site->baseline;
	d->bytes_before = d->site->baseline_bytes;
}

static double growth(const struct runtime_difference *d)
{
	struct runtime_site more = { .live = d->live, .bytes = d->bytes };
	struct runtime_site less = { .live = d->live_before, .bytes = d->bytes_before };

	return (double)runtime_site_weight(&more) - (double)runtime_site_weight(&less);
}

static int by_growth(const void *a, const void *b)
{
	const struct runtime_difference *x = a, *y = b;
	double gx = growth(x), gy = growth(y);

	return gx != gy ? (gx < gy ? 1 : -1) : 0;
}

/** runtime_delta_compare() - what grew or shrank; malloced, greatest growth first */
size_t runtime_delta_compare(struct runtime *older, struct runtime *newer, struct runtime_difference **list)
{
	size_t n = number_of_sites(older) + number_of_sites(newer), kept = 0;
	struct keyed *k = calloc(n + 1, sizeof(*k));
	struct runtime_difference *d = calloc(n + 1, sizeof(*d));

	*list = d;
	if (k && d) {
		take_keys(newer, true, k + take_keys(older, false, k));
		qsort(k, n, sizeof(*k), by_key);
	}
	for (size_t i = 0; k && d && i < n;) {
		uint64_t key = k[i].key;

		memset(&d[kept], 0, sizeof(d[kept]));
		for (; i < n && k[i].key == key; i++)
			add_up(&d[kept], &k[i]);
		know_first_look(&d[kept]);
		kept += d[kept].live != d[kept].live_before || d[kept].bytes != d[kept].bytes_before;
	}
	free(k);
	if (kept)
		qsort(d, kept, sizeof(*d), by_growth);
	return kept;
}

/** runtime_delta_rebase() - as if the first sample of @saved had been that of @base */
void runtime_delta_rebase(struct runtime *saved, struct runtime *base)
{
	struct runtime_site *s;
	size_t n = runtime_saved_sites(saved, &s), m = number_of_sites(base);
	struct keyed *k = calloc(m + 1, sizeof(*k));

	if (k) {
		take_keys(base, false, k);
		qsort(k, m, sizeof(*k), by_key);
	}
	for (size_t i = 0; k && i < n; i++) {
		struct keyed key = { .key = key_of(&s[i]) }, *then = bsearch(&key, k, m, sizeof(key), by_key);

		if (!then && s[i].holder)
			continue;
		s[i].baseline = then ? then->site->live : 0;
		s[i].baseline_bytes = then ? then->site->bytes : 0;
	}
	free(k);
}
