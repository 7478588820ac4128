// SPDX-License-Identifier: GPL-2.0
/* Frames by pc, from a trace file that has its own symbols. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/frame.h"
#include "symbolize/saved_frames.h"
#include "util/string_table.h"

enum { FIRST_SLOTS = 1 << 8 };

static bool is_same(const struct saved_key *a, const struct saved_key *b)
{
	return a->pc == b->pc && a->inner == b->inner && a->is_return_address == b->is_return_address;
}

static struct saved_frames *slot_of(const struct saved_frame_table *table, const struct saved_key *key)
{
	uint64_t at = (key->pc * 2 + key->is_return_address + key->inner * 0xff51afd7ed558ccd) * 0x9e3779b97f4a7c15;

	for (at >>= 20;; at++) {
		struct saved_frames *slot = &table->slot[at & (table->slots - 1)];

		if (!slot->frames || is_same(&slot->key, key))
			return slot;
	}
}

static int grow(struct saved_frame_table *table)
{
	struct saved_frame_table bigger = {
		.slots = table->slots ? 2 * table->slots : FIRST_SLOTS, .used = table->used,
	};

	bigger.slot = calloc(bigger.slots, sizeof(*bigger.slot));
	if (!bigger.slot)
		return -ENOMEM;
	for (size_t i = 0; i < table->slots; i++) {
		const struct saved_frames *old = &table->slot[i];

		if (old->frames)
			*slot_of(&bigger, &old->key) = *old;
	}
	free(table->slot);
	*table = bigger;
	return 0;
}

/**
 * saved_frames_add() - remember the frames of a pc; replaces earlier frames of the same pc
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int saved_frames_add(struct saved_frame_table *table, struct string_table *names, const struct saved_key *key,
		     const struct symbol_frame *frames, int n)
{
	struct symbol_frame *copy;
	struct saved_frames *slot;

	if (n < 1)
		return -EINVAL;
	if (4 * (table->used + 1) > 3 * table->slots && grow(table))
		return -ENOMEM;
	copy = calloc(n, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		copy[i] = frames[i];
		copy[i].function = string_table_intern(names, frames[i].function);
		copy[i].file = string_table_intern(names, frames[i].file);
		copy[i].module = string_table_intern(names, frames[i].module);
		copy[i].build_id = string_table_intern(names, frames[i].build_id);
		copy[i].missing_debug = string_table_intern(names, frames[i].missing_debug);
		copy[i].script = string_table_intern(names, frames[i].script);
	}
	slot = slot_of(table, key);
	table->used += !slot->frames;
	free(slot->frames);
	*slot = (struct saved_frames) { *key, n, copy };
	return 0;
}

/**
 * saved_frames_find() - the frames of a pc
 *
 * Return: the frames, or NULL if there are none.
 */
const struct saved_frames *saved_frames_find(const struct saved_frame_table *table, const struct saved_key *key)
{
	const struct saved_frames *slot;

	if (!table->slots)
		return NULL;
	slot = slot_of(table, key);
	return slot->frames ? slot : NULL;
}

/** saved_frames_free() - release everything */
void saved_frames_free(struct saved_frame_table *table)
{
	for (size_t i = 0; i < table->slots; i++)
		free(table->slot[i].frames);
	free(table->slot);
	memset(table, 0, sizeof(*table));
}
