/* SPDX-License-Identifier: GPL-2.0 */
/* Dictionaries, and the strings and numbers in them. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_DICT_H
#define LEAKTRACE_RUNTIME_PYTHON_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python_process;

struct python_keys {
	uint64_t references;
	uint64_t size;			/* of the hash table, a power of two */
	uint64_t usable, used;		/* entries */
	uint64_t bytes;			/* all of it */
	uint64_t entries;		/* address of the first */
	unsigned int entry_bytes;
	bool is_split;			/* the entries have no values */
};

bool python_keys_read(struct python_process *p, uint64_t at, struct python_keys *k);

/* Until it returns false. Both are addresses of objects; value may be 0. */
typedef bool python_see_entry(uint64_t key, uint64_t value, void *arg);

/* False: it cannot be read. */
bool python_dict_each(struct python_process *p, uint64_t dict, python_see_entry *see, void *arg);
/* The same of keys whose values are elsewhere. */
bool python_keys_each(struct python_process *p, const struct python_keys *k, uint64_t values,
		      python_see_entry *see, void *arg);
uint64_t python_dict_find(struct python_process *p, uint64_t dict, const char *key);	/* 0: it is not there */

/* As UTF-8, cut off where it does not fit; false: it is no string. */
bool python_string(struct python_process *p, uint64_t at, char *to, size_t size);
uint32_t python_small_int(struct python_process *p, uint64_t at);	/* of what has 30 bits */

#endif
