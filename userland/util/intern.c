// SPDX-License-Identifier: GPL-2.0
/* Stores each distinct byte string once; a hash table finds it. */
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/intern.h"
#include "util/protobuf.h"

static size_t slot_of(const struct intern *t, uint64_t hash, const void *data, size_t len)
{
	size_t i = hash & (t->nslots - 1);

	while (t->slots[i]) {
		const struct intern_entry *e = &t->entries[t->slots[i] - 1];

		if (e->hash == hash && e->len == len &&
		    (!len || !memcmp(t->blobs.data + e->offset, data, len)))
			break;
		i = (i + 1) & (t->nslots - 1);
	}
	return i;
}

static bool intern_grow(struct intern *t)
{
	size_t nslots = t->nslots ? t->nslots * 2 : 64;
	uint32_t *slots = nslots <= UINT32_MAX / 2 ? calloc(nslots, sizeof(*slots)) : NULL;
	struct intern_entry *entries = reallocarray(t->entries, nslots / 2, sizeof(*entries));

	if (entries)
		t->entries = entries;
	if (!slots || !entries) {
		free(slots);
		return false;
	}
	free(t->slots);
	t->slots = slots;
	t->nslots = nslots;
	t->capacity = nslots / 2;
	for (size_t i = 0; i < t->n; i++) {
		const struct intern_entry *e = &t->entries[i];

		t->slots[slot_of(t, e->hash, t->blobs.data + e->offset, e->len)] = i + 1;
	}
	return true;
}

uint64_t intern(struct intern *t, const void *data, size_t len, bool *fresh)
{
	uint64_t hash = hash_bytes(HASH_START, data, len);
	size_t slot;

	if (fresh)
		*fresh = false;
	if (t->failed || (t->n == t->capacity && !intern_grow(t))) {
		t->failed = true;
		return 0;
	}
	slot = slot_of(t, hash, data, len);
	if (t->slots[slot])
		return t->slots[slot] - 1;
	t->entries[t->n] = (struct intern_entry){ .hash = hash, .offset = t->blobs.len, .len = len };
	bytes_put(&t->blobs, data, len);
	if (t->blobs.failed) {
		t->failed = true;
		return 0;
	}
	t->slots[slot] = ++t->n;
	if (fresh)
		*fresh = true;
	return t->n - 1;
}

void intern_free(struct intern *t)
{
	bytes_free(&t->blobs);
	free(t->entries);
	free(t->slots);
}
