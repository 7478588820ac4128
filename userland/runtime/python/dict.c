// SPDX-License-Identifier: GPL-2.0
/* Reads dictionaries: combined and split tables, of 3.9 to 3.13. */
#include <string.h>

#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "util/sanitize.h"
#include "util/unaligned.h"
#include "util/utf8.h"

enum {
	ENTRY_BYTES = 24, UNICODE_ENTRY_BYTES = 16,
	LOG_SIZE_MAX = 40,
	ENTRIES_AT_ONCE = 512,
	KIND_GENERAL = 0, KIND_SPLIT = 2,	/* from 3.11 on */
	/* PyASCIIObject */
	STRING_LENGTH = 16, STRING_STATE = 32,
};

static uint64_t usable_of(uint64_t size)
{
	return (size << 1) / 3;
}

/* Until 3.10 the number of places is written down. */
static bool read_sized(const struct python_layout *l, const unsigned char *w, uint64_t at, struct python_keys *k)
{
	uint64_t index_bytes;

	k->size = u64_at(w + 8);
	if (!k->size || k->size & (k->size - 1) || k->size >> LOG_SIZE_MAX)
		return false;
	index_bytes = k->size <= 0xff ? 1 : k->size <= 0xffff ? 2 : k->size <= 0xffffffff ? 4 : 8;
	k->entry_bytes = ENTRY_BYTES;
	k->usable = u64_at(w + 24);
	k->used = u64_at(w + 32);
	k->entries = at + l->keys_bytes + k->size * index_bytes;
	return true;
}

static bool read_logarithmic(const struct python_layout *l, const unsigned char *w, uint64_t at,
			     struct python_keys *k)
{
	if (w[8] > LOG_SIZE_MAX || w[9] > LOG_SIZE_MAX + 3 || w[10] > KIND_SPLIT)
		return false;
	k->size = 1ULL << w[8];
	k->entry_bytes = w[10] == KIND_GENERAL ? ENTRY_BYTES : UNICODE_ENTRY_BYTES;
	k->is_split = w[10] == KIND_SPLIT;
	k->usable = u64_at(w + 16);
	k->used = u64_at(w + 24);
	k->entries = at + l->keys_bytes + (1ULL << w[9]);
	return true;
}

/** python_keys_read() - read the head of a dictionary's table; false: it is none */
bool python_keys_read(struct python_process *p, uint64_t at, struct python_keys *k)
{
	const struct python_layout *l = &p->layout;
	unsigned char w[40];

	memset(k, 0, sizeof(*k));
	if (!at || at % 8 || !python_read(&p->memory, at, w, l->keys_bytes))
		return false;
	k->references = u64_at(w);
	if (!(l->minor < 11 ? read_sized(l, w, at, k) : read_logarithmic(l, w, at, k)))
		return false;
	k->bytes = k->entries - at + usable_of(k->size) * k->entry_bytes;
	return k->used <= k->size && k->usable <= k->size;
}

/** python_keys_each() - see the entries of a table whose values are at @values, or in it if that is 0 */
bool python_keys_each(struct python_process *p, const struct python_keys *k, uint64_t values,
		      python_see_entry *see, void *arg)
{
	unsigned char entries[ENTRIES_AT_ONCE * ENTRY_BYTES];
	uint64_t value[ENTRIES_AT_ONCE] = { 0 };

	for (uint64_t i = 0, n; i < k->used; i += n) {
		n = k->used - i < ENTRIES_AT_ONCE ? k->used - i : ENTRIES_AT_ONCE;
		if (!python_read(&p->memory, k->entries + i * k->entry_bytes, entries, n * k->entry_bytes) ||
		    (values && !python_read(&p->memory, values + i * 8, value, n * 8)))
			return false;
		for (uint64_t j = 0; j < n; j++) {
			const unsigned char *e = entries + (j + 1) * k->entry_bytes - 16;

			if (u64_at(e) && !see(u64_at(e), values ? value[j] : u64_at(e + 8), arg))
				return true;
		}
	}
	return true;
}

/** python_dict_each() - see the entries of a dictionary */
bool python_dict_each(struct python_process *p, uint64_t dict, python_see_entry *see, void *arg)
{
	uint64_t values = python_word(&p->memory, dict + PYTHON_DICT_VALUES);
	struct python_keys k;

	return python_keys_read(p, python_word(&p->memory, dict + PYTHON_DICT_KEYS), &k) &&
	       python_keys_each(p, &k, values ? values + p->layout.values : 0, see, arg);
}

struct wanted {
	struct python_process *p;
	const char *key;
	uint64_t value;
	uint64_t left;			/* entries */
};

static bool see_wanted(uint64_t key, uint64_t value, void *arg)
{
	struct wanted *w = arg;
	char name[64];

	if (!python_string(w->p, key, name, sizeof(name)) || strcmp(name, w->key))
		return w->left--;
	w->value = value;
	return false;
}

/** python_dict_find() - the value of a key that is a string; 0: it is not there */
uint64_t python_dict_find(struct python_process *p, uint64_t dict, const char *key)
{
	enum { LOOKED_AT_MAX = 100000 };
	struct wanted w = { p, key, 0, LOOKED_AT_MAX };

	return dict && python_dict_each(p, dict, see_wanted, &w) ? w.value : 0;
}

static uint32_t character(const unsigned char *s, unsigned int bytes)
{
	uint32_t c = bytes == 1 ? *s : bytes == 2 ? u16_at(s) : u32_at(s);

	return c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? '?' : c;
}

/** python_string() - a string as UTF-8 without control characters; false: it is none */
bool python_string(struct python_process *p, uint64_t at, char *to, size_t size)
{
	unsigned char head[STRING_STATE + 4], s[1024];
	uint64_t length, fits;
	uint32_t state;
	unsigned int bytes;
	size_t n = 0;

	if (!at || at % 8 || !python_read(&p->memory, at, head, sizeof(head)))
		return false;
	length = u64_at(head + STRING_LENGTH);
	state = u32_at(head + STRING_STATE);
	bytes = state >> 2 & 7;
	if (!(state & 1 << 5) || (bytes != 1 && bytes != 2 && bytes != 4) || length >> LOG_SIZE_MAX)
		return false;
	fits = length < sizeof(s) / bytes ? length : sizeof(s) / bytes;
	if (!python_read(&p->memory, at + (state & 1 << 6 ? p->layout.ascii_data : p->layout.compact_data), s,
			 fits * bytes))
		return false;
	for (uint64_t i = 0; i < fits && n + 5 <= size; i++)
		n += utf8_put(character(s + i * bytes, bytes), to + n);
	if (size)
		to[n] = '\0';
	sanitize(to);
	return true;
}

/** python_small_int() - the value of an int with at most 30 bits, without its sign */
uint32_t python_small_int(struct python_process *p, uint64_t at)
{
	uint32_t digit = 0;

	return python_read(&p->memory, at + 24, &digit, sizeof(digit)) ? digit : 0;
}
